"""What a reader of a recording makes of one block of lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from dbtune.model.workload import RecordedQuery
from dbtune.workload.lines import LineBlock
from dbtune.workload.quick_line import QuickLine
from dbtune.workload.recording_line import DroppedStatements, RecordingHeader
from dbtune.workload.time_span import TimeSpan


@dataclass(frozen=True)
class Trouble:
    """A line that could not be read, and why; where it `is_fatal`, no other can be relied on."""

    line: int
    reason: str
    is_fatal: bool = False


@dataclass(frozen=True)
class LineRun:
    """Lines in order that were recorded at one rate; those read with care are queries already."""

    sample_rate: float
    lines: list[QuickLine | RecordedQuery] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    """The good and the bad of a block of lines.

    `statements` are texts of which nothing else is known: a million of them are read in half the
    time it takes to build a million RecordedQuery. `times` are those of quick lines only.
    """

    statements: list[str] = field(default_factory=list)
    queries: list[RecordedQuery] = field(default_factory=list)
    runs: list[LineRun] = field(default_factory=list)
    times: TimeSpan = field(default_factory=TimeSpan)
    headers: list[RecordingHeader] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    dropped: list[DroppedStatements] = field(default_factory=list)


class RecordingReader(Protocol):
    """Reads one form of recording, block by block."""

    def parse(self, block: LineBlock) -> Batch:
        """Return what is complete by the end of a block."""

    def finish(self) -> Batch:
        """Return what was still open at the end of the file."""


TOO_LONG = "it is longer than 16 MiB"
NOT_UTF8 = "it is not valid UTF-8"
