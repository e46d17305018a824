"""What a reader of a recording makes of one block of lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbtune.model.workload import RecordedQuery
from dbtune.workload.recording_line import RecordingHeader


@dataclass(frozen=True)
class Trouble:
    """A line that could not be read, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Batch:
    """The good and the bad of a block of lines.

    `statements` are texts of which nothing else is known: a million of them are read in half the
    time it takes to build a million RecordedQuery.
    """

    statements: list[str] = field(default_factory=list)
    queries: list[RecordedQuery] = field(default_factory=list)
    headers: list[RecordingHeader] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


TOO_LONG = "it is longer than 16 MiB"
NOT_UTF8 = "it is not valid UTF-8"
