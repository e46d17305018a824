"""What of a recording did not come into the workload, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.workload import BrokenLine, Workload

_NAMES_SHOWN = 5


def omissions(workload: Workload) -> Iterator[str]:
    """Yield a sentence for each kind of statement that was left out, and why."""
    if not workload.shapes:
        yield f"the recording holds no statements ({', '.join(workload.sources)})"
    yield from not_taken(workload)
    if workload.reads_without_unit and not workload.repeated:
        yield (
            f"n-plus-one: {workload.reads_without_unit:,.0f} reads have neither request_id nor "
            "transaction_id, so no series is looked for in them"
        )
    if workload.dropped_shapes:
        yield (
            f"{workload.dropped_shapes:,} rare query shapes ({workload.dropped_count:,.0f} calls) "
            f"were left out: only the {len(workload.shapes):,} most frequent are measured"
        )


def not_taken(workload: Workload) -> Iterator[str]:
    """Yield what was recorded and is not in the workload: lost, broken, or of other databases."""
    yield from unused(workload.lost_statements, workload.other_databases, workload.other_statements)
    yield from unreadable(workload.broken, workload.broken_count)


def unused(lost: int, other_databases: Sequence[str], other_statements: int) -> Iterator[str]:
    """Yield what the recorder lost, and what it recorded of other databases."""
    if lost:
        yield (
            f"statements that the recorder left out, since its queue or its file was full: {lost:,}"
        )
    if other_statements:
        names = ", ".join(other_databases[:_NAMES_SHOWN])
        more = " and others" if len(other_databases) > _NAMES_SHOWN else ""
        yield f"statements of other databases left out: {other_statements:,} ({names}{more})"


def unreadable(broken: Sequence[BrokenLine], count: int) -> Iterator[str]:
    """Yield the first broken lines of recordings, and how many more of all `count` there were."""
    for line in broken:
        yield f"{line.source} line {line.line}: {line.reason}; the line was left out"
    if count > len(broken):
        yield f"{count - len(broken):,} more broken lines were left out"
