"""What the reader of a report has to know was not, or not fully, measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.advisor.advise import Advice
from dbtune.advisor.statements import not_analysed
from dbtune.advisor.statements.subjects import Subjects

# A list of hundreds of ids helps nobody.
_MOST_NAMED = 10


def not_checked(advice: Advice) -> Iterator[str]:
    """Yield what the reader has to know was not, or not fully, measured."""
    yield from _not_run(advice)
    yield from _partly_measured(advice)
    yield from _stand_ins(advice.subjects)
    if advice.cut_short:
        yield (
            "the search was cut short by the time limit (--time-limit) or by the room for scratch "
            "files (--scratch-mb); more of either may find better indexes"
        )
    yield from _unproven(advice)
    yield from _kept_regressions(advice)
    for sql, reason in advice.repaired:
        yield f"left out after proof: {sql} ({reason})"


def _not_run(advice: Advice) -> Iterator[str]:
    subjects = advice.subjects
    if subjects.skipped:
        yield (
            f"{_shapes(len(subjects.skipped))} neither read nor write rows (PRAGMA, BEGIN and "
            "the like) and were not run"
        )
    drawn = sum(1 for subject in subjects.ready if subject.drawn)
    if drawn:
        yield (
            f"values: drawn from the database for {_shapes(drawn)} recorded without any; "
            "a recording with values gives safer advice"
        )
    stopped = sum(1 for cost in advice.before if cost.measurement.stopped)
    if stopped:
        yield f"{_shapes(stopped)} ran too long and got stopped; the cost before is a minimum"
    for subject, cost in zip(subjects.ready, advice.before, strict=True):
        if cost.measurement.failure:
            yield (
                f"query {subject.shape.id} failed on the copy ({cost.measurement.failure}); "
                "its cost is only of the work until then"
            )
    yield from not_analysed.lines(
        [
            *((failed.shape.id, failed.reason) for failed in subjects.unplannable),
            *(
                (f.shape.id, not_analysed.on_temporary_table(f.error))
                for f in subjects.on_temporary
            ),
        ]
    )


def _partly_measured(advice: Advice) -> Iterator[str]:
    subjects = advice.subjects
    if subjects.parts:
        yield (
            "only the query inside was measured, since the rest cannot run on the copy: "
            f"{_listed([shape.id for shape in subjects.parts])}"
        )
    if subjects.unmeasured:
        yield (
            f"no time (--time-limit) was left to measure {_shapes(len(subjects.unmeasured))}: "
            f"{_listed([shape.id for shape in subjects.unmeasured])}"
        )
    partly = advice.baseline.partly_measured
    if partly:
        yield (
            f"no time (--time-limit) was left to measure more than the first sample of "
            f"{_shapes(len(partly))}: {_listed(partly)}"
        )


def _stand_ins(subjects: Subjects) -> Iterator[str]:
    if subjects.functions:
        names = ", ".join(function.name for function in subjects.functions)
        yield f"the application's own functions were stand-ins on the copy: {names}"
    if subjects.collations:
        names = ", ".join(subjects.collations)
        yield f"the application's own collations were stand-ins on the copy: {names}"


def _unproven(advice: Advice) -> Iterator[str]:
    if any(index.estimated for index in advice.proof.indexes):
        yield (
            "what single indexes gain and cost is estimated, since the time limit (--time-limit) "
            "had passed; what they gain together is measured"
        )
    for name, reason in advice.proof.failed:
        yield f"{name} was chosen but could not be built on a fresh copy ({reason})"
    if advice.library and advice.library.unchecked:
        ids = advice.library.unchecked
        yield (
            f"SQLite {advice.library.version}, which Python is linked with, cannot run "
            f"{_shapes(len(ids))}: {_listed(ids)}; what is advised for them was not checked there"
        )


def _kept_regressions(advice: Advice) -> Iterator[str]:
    for slower in advice.proof.slower:
        blame = (
            "the indexes to blame gain far more elsewhere"
            if slower.used
            else "the new statistics (ANALYZE) lead the planner to another plan"
        )
        yield (
            f"query {slower.shape_id} gets slower, by {slower.added_ns / 1e6:,.1f} ms over the "
            f"whole recording; {blame}"
        )
    version = advice.library.version if advice.library else ""
    for difference in advice.library.slower if advice.library else ():
        yield (
            f"query {difference.shape_id} takes {difference.steps_after:,} steps instead of "
            f"{difference.steps_before:,} under SQLite {version}, "
            f"some {difference.added_ns / 1e6:,.1f} ms more over the whole recording"
        )


def _listed(ids: Sequence[str]) -> str:
    more = len(ids) - _MOST_NAMED
    return ", ".join(ids[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shapes(count: int) -> str:
    return "1 query shape" if count == 1 else f"{count} query shapes"
