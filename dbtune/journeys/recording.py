"""What recordings are made of, and what they are good for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

from dbtune._version import __version__
from dbtune.model.event import OnEvent, ignore_event
from dbtune.model.recording import RecordedFile, RecordingSummary
from dbtune.model.workload import Workload
from dbtune.workload.digest import WorkloadDigest
from dbtune.workload.recording_file import RecordingFile, find_files
from dbtune.workload.recording_form import RecordingForm
from dbtune.workload.recording_summary import RecordingTally
from dbtune.workload.recording_uses import uses_of
from dbtune.workload.sources import BrokenLines, all_queries, read_batches


def inspect_recording(
    paths: Sequence[str], *, strict: bool = False, on_event: OnEvent = ignore_event
) -> RecordingSummary:
    """Return what recordings are made of and good for, in flat memory.

    Raises ConfigurationError as read_batches does.
    """
    tally, digest, broken = RecordingTally(), WorkloadDigest(), BrokenLines()
    files: list[RecordedFile] = []
    lost = 0

    def begin(file: RecordingFile, form: RecordingForm, size_bytes: int | None) -> None:
        files.append(RecordedFile(file.name, form, size_bytes, 0))
        tally.begin_file()

    for _, batch in read_batches(
        find_files(paths), strict=strict, on_broken=broken, on_event=on_event, on_form=begin
    ):
        for header in batch.headers:
            tally.add_header(header)
            digest.add_header(header)
        lost += sum(dropped.count for dropped in batch.dropped)
        before = tally.statements
        for query in all_queries(batch):
            tally.add(query)
            digest.add(query)
        last = files[-1]
        files[-1] = replace(last, statements=last.statements + tally.statements - before)
    workload = replace(
        digest.finish(),
        broken=tuple(broken.kept),
        broken_count=broken.count,
        lost_statements=lost,
    )
    return _summary(tuple(files), tally, workload)


def _summary(
    files: tuple[RecordedFile, ...], tally: RecordingTally, workload: Workload
) -> RecordingSummary:
    without_values = sum(shape.needs_values for shape in workload.shapes)
    routes, route_count = tally.routes()
    databases, database_count = tally.databases()
    keys = tally.keys()
    return RecordingSummary(
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        dbtune_version=__version__,
        files=files,
        statements=tally.statements,
        executions=tally.executions,
        shapes=len(workload.shapes) + workload.dropped_shapes,
        shapes_without_values=without_values,
        started_at=workload.started_at,
        ended_at=workload.ended_at,
        keys=keys,
        requests=tally.requests,
        routes=routes,
        route_count=route_count,
        databases=databases,
        database_count=database_count,
        processes=tally.processes(),
        process_count=tally.process_count,
        sample_rate=tally.sample_rate,
        lost_statements=workload.lost_statements,
        clock_back_seconds=tally.clock_back_seconds,
        broken=workload.broken,
        broken_count=workload.broken_count,
        uses=tuple(uses_of(keys, tally.statements, without_values)),
    )
