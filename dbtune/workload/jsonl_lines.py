"""JSONL recordings, block by block."""

from __future__ import annotations

from dbtune.workload.batch import TOO_LONG, Batch, LineRun, Trouble
from dbtune.workload.lines import LineBlock
from dbtune.workload.quick_line import QuickLine, read_quickly
from dbtune.workload.recorded_values import LineError
from dbtune.workload.recording_line import (
    DroppedStatements,
    NewerFormat,
    RecordingHeader,
    parse_line,
)
from dbtune.workload.time_span import TimeSpan
from dbtune.workload.timestamps import (
    FIRST_NANOSECONDS,
    LAST_NANOSECONDS,
    normalise_timestamp,
)


class JsonlLines:
    """Reads statements line by line; a header's sample rate holds until the next header."""

    def __init__(self) -> None:
        self._sample_rate = 1.0

    def parse(self, block: LineBlock) -> Batch:
        """Return what the lines of a block say; empty lines say nothing."""
        batch = Batch(runs=[LineRun(self._sample_rate)])
        lines = batch.runs[-1].lines
        for number, line in enumerate(block.lines, start=block.first):
            if line is None:
                batch.troubles.append(Trouble(number, TOO_LONG))
            elif (quick := read_quickly(line)) is not None and _has_sound_time(quick, batch.times):
                lines.append(quick)
            elif line and not line.isspace():
                self._take(line, number, batch)
                lines = batch.runs[-1].lines
        return batch

    def finish(self) -> Batch:
        """Return what was still open: nothing, as each line stands for itself."""
        return Batch()

    def _take(self, line: str, number: int, batch: Batch) -> None:
        try:
            parsed = parse_line(line, self._sample_rate)
        except LineError as error:
            newer = isinstance(error, NewerFormat)
            batch.troubles.append(Trouble(number, str(error), is_fatal=newer))
            return
        if isinstance(parsed, RecordingHeader):
            self._sample_rate = parsed.sample_rate
            batch.headers.append(parsed)
            batch.runs.append(LineRun(self._sample_rate))
        elif isinstance(parsed, DroppedStatements):
            batch.dropped.append(parsed)
        else:
            batch.runs[-1].lines.append(parsed)


def _has_sound_time(line: QuickLine, times: TimeSpan) -> bool:
    """Tell whether a line's timestamp is none or one that can be read, and note it."""
    timestamp = line.timestamp
    if timestamp is None:
        return True
    if isinstance(timestamp, int) and FIRST_NANOSECONDS <= timestamp <= LAST_NANOSECONDS:
        times.note_nanoseconds(timestamp)
        return True
    normal = normalise_timestamp(timestamp)
    if normal is None:
        return False
    times.note(normal)
    return True
