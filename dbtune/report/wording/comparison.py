"""A comparison in words: what it comes to, and what was compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dbtune.model.comparison import OUTCOMES, Comparison, Difference, Metric, Outcome
from dbtune.report.quantities import format_count, format_duration, format_ratio
from dbtune.report.wording.conclusion import Conclusion

OUTCOME_TITLES: Mapping[Outcome, str] = {
    "regression": "Worse",
    "inconclusive": "Not known",
    "improvement": "Better",
}
METRIC_WORDS: Mapping[Metric, str] = {
    "queries": "queries a request",
    "scans": "tables read from end to end",
    "plans": "plans",
    "steps": "steps of SQLite's virtual machine",
    "fetches": "page fetches",
    "time": "time",
}


def comparison_conclusion(comparison: Comparison) -> Conclusion:
    """Return whether anything got worse."""
    limit = format_ratio(comparison.max_regress_ratio)
    worse = comparison.of("regression")
    if worse:
        said = f"Regression: {counted_subjects(worse)} worse by more than {limit}"
        return Conclusion(said, "", "bad")
    if not comparison.of("unchanged") and not comparison.of("improvement"):
        said = "Nothing is known to be worse, and nothing could be compared"
        return Conclusion(said, "", "neutral")
    return Conclusion(f"No regression: nothing is more than {limit} worse than base", "", "good")


def counted_subjects(found: Sequence[Difference]) -> str:
    """Return how many queries and routes these are of, such as `3 queries and 1 route`."""
    queries = len({difference.subject for difference in found if difference.text})
    routes = len({difference.subject for difference in found if not difference.text})
    words = ((queries, "query", "queries"), (routes, "route", "routes"))
    return " and ".join(f"{n:,} {one if n == 1 else more}" for n, one, more in words if n)


def compared(comparison: Comparison) -> Iterator[str]:
    """Yield each metric with how many differences of which outcome there are."""
    for metric in comparison.metrics:
        found = [d.outcome for d in comparison.differences if d.metric == metric]
        counts = ", ".join(
            f"{found.count(outcome):,} {OUTCOME_TITLES.get(outcome, 'the same').lower()}"
            for outcome in OUTCOMES
            if outcome in found
        )
        yield f"{METRIC_WORDS[metric]} ({counts or 'none on both sides'})"


def quantity(metric: Metric, value: float | None) -> str:
    """Return a metric's value in its unit."""
    if value is None:
        return "-"
    return format_duration(value) if metric == "time" else format_count(value)
