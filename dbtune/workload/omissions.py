"""What of a recording did not come into the workload, in words."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.workload import Workload

_NAMES_SHOWN = 5


def omissions(workload: Workload) -> Iterator[str]:
    """Yield a sentence for each kind of statement that was left out, and why."""
    if not workload.shapes:
        yield f"the recording holds no statements ({', '.join(workload.sources)})"
    if workload.lost_statements:
        yield (
            "statements that the recorder left out, since its queue or its file was full: "
            f"{workload.lost_statements:,}"
        )
    if workload.other_statements:
        names = ", ".join(workload.other_databases[:_NAMES_SHOWN])
        more = " and others" if len(workload.other_databases) > _NAMES_SHOWN else ""
        count = f"{workload.other_statements:,}"
        yield f"statements of other databases left out: {count} ({names}{more})"
    for broken in workload.broken:
        yield f"{broken.source} line {broken.line}: {broken.reason}; the line was left out"
    if workload.broken_count > len(workload.broken):
        yield f"{workload.broken_count - len(workload.broken):,} more broken lines were left out"
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
