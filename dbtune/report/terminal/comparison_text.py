"""A comparison as text: the verdict first, then what got worse, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.comparison import OUTCOMES, Comparison, Difference, Metric, Outcome
from dbtune.report.quantities import format_change, format_count, format_duration, format_ratio
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.query_text import recognizable
from dbtune.report.terminal.text import printable, wrap_text
from dbtune.report.terminal.text_table import draw_table

# More of one kind nobody reads; the JSON document has them all.
_MOST_ROWS = 20
_SHORT_ID = 12
_NUMBERED: tuple[Metric, ...] = ("queries", "steps", "fetches", "time")
_TITLES: dict[Outcome, str] = {
    "regression": "Worse",
    "inconclusive": "Not known",
    "improvement": "Better",
}
_WORDS: dict[Metric, str] = {
    "queries": "queries a request",
    "scans": "tables read from end to end",
    "plans": "plans",
    "steps": "steps of SQLite's virtual machine",
    "fetches": "page fetches",
    "time": "time",
}


def comparison_text(comparison: Comparison, *, width: int, color: bool) -> str:
    """Return the comparison in so many columns, in colour or not."""
    colors = Colors(color)
    blocks = [list(_head(comparison, width, colors))]
    for outcome, title in _TITLES.items():
        found = comparison.of(outcome)
        if found:
            blocks.append([colors.bold(title), *_section(found, width, colors)])
    blocks.append(list(_foot(comparison, width)))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(comparison: Comparison, width: int, colors: Colors) -> Iterator[str]:
    limit = format_ratio(comparison.max_regress_ratio)
    worse = comparison.of("regression")
    if worse:
        yield colors.severity("high", f"Regression: {_counted(worse)} worse by more than {limit}")
    elif not comparison.of("unchanged") and not comparison.of("improvement"):
        yield colors.bold("Nothing is known to be worse, and nothing could be compared")
    else:
        yield colors.good(f"No regression: nothing is more than {limit} worse than base")
    yield f"base  {printable(comparison.base.name)}"
    yield f"head  {printable(comparison.head.name)}"
    yield from wrap_text(f"compared: {', '.join(_compared(comparison))}", width)


def _counted(found: Sequence[Difference]) -> str:
    """Return how many queries and routes these are of, such as `3 queries and 1 route`."""
    queries = len({difference.subject for difference in found if difference.text})
    routes = len({difference.subject for difference in found if not difference.text})
    words = ((queries, "query", "queries"), (routes, "route", "routes"))
    return " and ".join(f"{n:,} {one if n == 1 else more}" for n, one, more in words if n)


def _compared(comparison: Comparison) -> Iterator[str]:
    for metric in comparison.metrics:
        found = [d.outcome for d in comparison.differences if d.metric == metric]
        counts = ", ".join(
            f"{found.count(outcome):,} {_TITLES.get(outcome, 'the same').lower()}"
            for outcome in OUTCOMES
            if outcome in found
        )
        yield f"{_WORDS[metric]} ({counts or 'none on both sides'})"


def _section(found: Sequence[Difference], width: int, colors: Colors) -> Iterator[str]:
    numbered = [difference for difference in found if difference.metric in _NUMBERED]
    if numbered:
        headers = ["metric", "base", "head", "change", "of"]
        rows = [_cells(difference) for difference in numbered[:_MOST_ROWS]]
        texts = [_subject(difference, width) for difference in numbered[:_MOST_ROWS]]
        yield from draw_table(headers, rows, texts, width, colors, left=("metric",))
        yield from _more(numbered, colors)
        yield from _reasons(numbered[:_MOST_ROWS], width)
    worded = [difference for difference in found if difference.metric not in _NUMBERED]
    for difference in worded[:_MOST_ROWS]:
        text = f"{difference.metric}: {_subject(difference, width)}"
        yield from wrap_text(text, width, "", "  ")
        yield from wrap_text(difference.reason, width, "  ")
    yield from _more(worded, colors)


def _cells(difference: Difference) -> list[str]:
    ratio = difference.ratio
    return [
        difference.metric,
        _quantity(difference.metric, difference.base),
        _quantity(difference.metric, difference.head),
        "" if ratio is None or difference.outcome == "inconclusive" else format_change(ratio),
    ]


def _quantity(metric: Metric, value: float | None) -> str:
    if value is None:
        return "-"
    return format_duration(value) if metric == "time" else format_count(value)


def _subject(difference: Difference, width: int) -> str:
    if not difference.text:
        return printable(difference.subject)
    text = recognizable(difference.text, narrow=width < 100)
    return f"{printable(difference.subject[:_SHORT_ID])} {text}"


def _reasons(found: Sequence[Difference], width: int) -> Iterator[str]:
    """Yield each reason once, with what it is the reason of."""
    reasons = dict.fromkeys(d.reason for d in found if d.outcome == "inconclusive" and d.reason)
    for reason in reasons:
        subjects = dict.fromkeys(d.subject for d in found if d.reason == reason)
        yield from wrap_text(f"{', '.join(subjects)}: {reason}", width, "  ", "    ")


def _more(found: Sequence[Difference], colors: Colors) -> Iterator[str]:
    if len(found) > _MOST_ROWS:
        yield colors.dim(f"and {len(found) - _MOST_ROWS:,} more: see --json")


def _foot(comparison: Comparison, width: int) -> Iterator[str]:
    for shapes, side in ((comparison.only_in_base, "base"), (comparison.only_in_head, "head")):
        if shapes:
            queries = "1 query" if len(shapes) == 1 else f"{len(shapes):,} queries"
            yield f"Measured in {side} only: {queries}"
    for text in comparison.notes:
        yield from wrap_text(f"Note: {text}", width, "", "  ")
