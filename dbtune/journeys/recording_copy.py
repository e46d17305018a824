"""Making other recordings of recordings: without values, or in another form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol

from dbtune.errors import RefusedError, VerificationError
from dbtune.journeys.new_file import new_file
from dbtune.model.event import OnEvent, ignore_event
from dbtune.model.recording import WrittenRecording
from dbtune.model.workload import RecordedQuery
from dbtune.sqlite.identifiers import quote_literal
from dbtune.workload.batch import Batch
from dbtune.workload.recording_file import find_files, parts_of
from dbtune.workload.recording_line import DroppedStatements, RecordingHeader
from dbtune.workload.recording_writer import RecordingLines, masked_text
from dbtune.workload.shape_counts import ShapeCounts
from dbtune.workload.sources import BrokenLines, full_query, read_batches, read_recording
from dbtune.workload.sql_writer import SqlStatements

OutputForm = Literal["jsonl", "sql"]


class _Lines(Protocol):
    """Makes text of what a recording holds."""

    def header(self, header: RecordingHeader) -> str: ...

    def lost(self, dropped: DroppedStatements) -> str: ...

    def query(self, query: RecordedQuery, sample_rate: float) -> str: ...


def redact_recording(
    paths: Sequence[str],
    output: Path,
    *,
    keep_digests: bool = False,
    overwrite: bool = False,
    on_event: OnEvent = ignore_event,
) -> WrittenRecording:
    """Write recordings without any value, and prove it by reading back what was written.

    Raises ConfigurationError as read_batches does, RefusedError for an output that exists or has
    parts put aside, and VerificationError where a value is left or a statement differs; nothing is
    written then.
    """
    _require_no_parts(output)
    lines = RecordingLines(redact=True, keep_digests=keep_digests)
    return _copy(paths, output, lines, redacted=True, overwrite=overwrite, on_event=on_event)


def convert_recording(
    paths: Sequence[str],
    output: Path,
    *,
    to: OutputForm = "jsonl",
    overwrite: bool = False,
    on_event: OnEvent = ignore_event,
) -> WrittenRecording:
    """Write recordings of any form as one of dbtune's own, or as a file of SQL statements.

    SQL has no words for counts, times, requests and call sites. Raises as redact_recording does.
    """
    _require_no_parts(output)
    if to == "sql":
        return _convert_to_sql(paths, output, overwrite=overwrite, on_event=on_event)
    lines = RecordingLines()
    return _copy(paths, output, lines, redacted=False, overwrite=overwrite, on_event=on_event)


def _require_no_parts(output: Path) -> None:
    """Refuse to write what would be read together with parts of an older recording."""
    parts = parts_of(output)
    if parts:
        raise RefusedError(
            f"{parts[-1]} is an older part of {output}, and would be read with what is written",
            hint="give another file with --output",
        )


def _copy(
    paths: Sequence[str],
    output: Path,
    lines: RecordingLines,
    *,
    redacted: bool,
    overwrite: bool,
    on_event: OnEvent,
) -> WrittenRecording:
    expected, broken = ShapeCounts(), BrokenLines()
    with new_file(output, overwrite=overwrite) as (file, partial):
        for text, query in _texts(paths, lines, broken, on_event):
            file.write(text)
            if query is not None:
                expected.add(query.text, query.count)
        file.flush()
        written = _read_back(partial, expected, redacted=redacted)
    return replace(written, path=str(output), broken_count=broken.count)


def _convert_to_sql(
    paths: Sequence[str], output: Path, *, overwrite: bool, on_event: OnEvent
) -> WrittenRecording:
    lines, broken = SqlStatements(quote_literal), BrokenLines()
    with new_file(output, overwrite=overwrite) as (file, partial):
        for text, _ in _texts(paths, lines, broken, on_event):
            file.write(text)
        file.flush()
        written = _read_back(partial, lines.statements, redacted=False)
    return replace(
        written,
        path=str(output),
        without_values=lines.without_values,
        left_out=lines.left_out,
        broken_count=broken.count,
    )


def _texts(
    paths: Sequence[str], lines: _Lines, broken: BrokenLines, on_event: OnEvent
) -> Iterator[tuple[str, RecordedQuery | None]]:
    """Yield what to write, each with the statement that it is of."""
    for _, batch in read_batches(find_files(paths), on_broken=broken, on_event=on_event):
        for query in (*map(RecordedQuery, batch.statements), *batch.queries):
            yield lines.query(query, 1.0), query
        yield from _run_texts(batch, lines)
        for dropped in batch.dropped:
            yield lines.lost(dropped), None


def _run_texts(batch: Batch, lines: _Lines) -> Iterator[tuple[str, RecordedQuery | None]]:
    # A run begins with each header, but for the first one, which goes on where a block ended.
    for number, run in enumerate(batch.runs):
        if number:
            yield lines.header(batch.headers[number - 1]), None
        for line in run.lines:
            query = full_query(line, run.sample_rate)
            yield lines.query(query, run.sample_rate), query


def _read_back(path: Path, expected: ShapeCounts | int, *, redacted: bool) -> WrittenRecording:
    """Return what a file holds, which has to be what was meant to be written.

    Of a file of SQL that is the number of its statements.
    """
    found, broken = ShapeCounts(), BrokenLines()
    values_left = 0
    for query in read_recording([path], on_broken=broken):
        found.add(query.text, query.count)
        values_left += bool(query.parameters) or bool(redacted and masked_text(query.text)[1])
    problem = _difference(found, expected, broken)
    if problem is None and redacted and values_left:
        problem = f"{values_left:,} statements still hold values"
    if problem is not None:
        raise VerificationError(
            f"what was written differs from what was read: {problem}; the file was removed",
            hint="report this, with the statements where you can",
        )
    return WrittenRecording(
        path=str(path),
        size_bytes=path.stat().st_size,
        statements=found.statements,
        shapes=found.shapes,
        values_left=values_left,
    )


def _difference(found: ShapeCounts, expected: ShapeCounts | int, broken: BrokenLines) -> str | None:
    if broken.count:
        first = broken.kept[0]
        return f"line {first.line} cannot be read: {first.reason}"
    statements = expected if isinstance(expected, int) else expected.statements
    if found.statements != statements:
        return f"{found.statements:,} statements instead of {statements:,}"
    if isinstance(expected, int):
        return None
    if found.executions != expected.executions:
        return f"{found.executions:,} calls instead of {expected.executions:,}"
    return None if found.checksum == expected.checksum else "the query shapes are others"
