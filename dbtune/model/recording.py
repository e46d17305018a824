"""What a recording is made of, and what it is good for."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbtune.model.workload import BrokenLine


@dataclass(frozen=True)
class RecordedFile:
    """A file of a recording. `size_bytes` is None for stdin."""

    name: str
    form: str
    size_bytes: int | None
    statements: int


@dataclass(frozen=True)
class RecordingProcess:
    """What a process said of itself when it began to record; None for what it did not say."""

    pid: int | None
    started_at: str | None
    python_version: str | None
    sqlite_version: str | None
    generator: str | None
    sample_rate: float


@dataclass(frozen=True)
class NamedCount:
    """How many statements were recorded of a route or a database."""

    name: str
    statements: int


@dataclass(frozen=True)
class RecordedKeys:
    """How many statements say what of themselves.

    `values` have bound values, `masked` only their types; `digests` a digest of them. The others
    are the keys of the same name in docs/reference/recording.md.
    """

    values: int = 0
    masked: int = 0
    digests: int = 0
    timestamps: int = 0
    durations: int = 0
    rows: int = 0
    requests: int = 0
    routes: int = 0
    call_sites: int = 0
    transactions: int = 0
    databases: int = 0
    waits: int = 0
    relationships: int = 0
    errors: int = 0


@dataclass(frozen=True)
class RecordingUse:
    """Something that a recording can serve: whether this one does, and what it lacks if not."""

    name: str
    is_possible: bool
    reason: str | None = None


@dataclass(frozen=True)
class RecordingSummary:
    """What `dbtune recording inspect` tells.

    `executions` counts what was not sampled too. `routes`, `databases` and `processes` are the
    first or largest of the number beside them. `requests` is at most `MOST_REQUESTS`.
    `clock_back_seconds` is the largest step back in a file, 0.0 where none is over a minute.
    """

    created_at: str
    dbtune_version: str
    files: tuple[RecordedFile, ...]
    statements: int
    executions: float
    shapes: int
    shapes_without_values: int
    started_at: str | None
    ended_at: str | None
    keys: RecordedKeys = field(default_factory=RecordedKeys)
    requests: int = 0
    routes: tuple[NamedCount, ...] = ()
    route_count: int = 0
    databases: tuple[NamedCount, ...] = ()
    database_count: int = 0
    processes: tuple[RecordingProcess, ...] = ()
    process_count: int = 0
    sample_rate: float = 1.0
    lost_statements: int = 0
    clock_back_seconds: float = 0.0
    broken: tuple[BrokenLine, ...] = ()
    broken_count: int = 0
    uses: tuple[RecordingUse, ...] = ()


@dataclass(frozen=True)
class WrittenRecording:
    """A recording made from others, read back and compared with them.

    `values_left` counts statements with values in it; `without_values` those whose values are not
    known, and `left_out` those that the form cannot hold.
    """

    path: str
    size_bytes: int
    statements: int
    shapes: int
    values_left: int = 0
    without_values: int = 0
    left_out: int = 0
    broken_count: int = 0
