"""JSONL recordings, block by block."""

from __future__ import annotations

from dbtune.workload.batch import TOO_LONG, Batch, Trouble
from dbtune.workload.lines import LineBlock
from dbtune.workload.recorded_values import LineError
from dbtune.workload.recording_line import RecordingHeader, parse_line


class JsonlLines:
    """Reads statements line by line; a header's sample rate holds until the next header."""

    def __init__(self) -> None:
        self._sample_rate = 1.0

    def parse(self, block: LineBlock) -> Batch:
        """Return what the lines of a block say; empty lines say nothing."""
        batch = Batch()
        for number, line in enumerate(block.lines, start=block.first):
            if line is None:
                batch.troubles.append(Trouble(number, TOO_LONG))
            elif line and not line.isspace():
                self._take(line, number, batch)
        return batch

    def finish(self) -> Batch:
        """Return what was still open: nothing, as each line stands for itself."""
        return Batch()

    def _take(self, line: str, number: int, batch: Batch) -> None:
        try:
            parsed = parse_line(line, self._sample_rate)
        except LineError as error:
            batch.troubles.append(Trouble(number, str(error)))
            return
        if isinstance(parsed, RecordingHeader):
            self._sample_rate = parsed.sample_rate
            batch.headers.append(parsed)
        else:
            batch.queries.append(parsed)
