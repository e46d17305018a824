"""All probes of one database, put together into samples."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

from dbtune.errors import SourceError
from dbtune.model.metrics import Sample
from dbtune.monitor.file_probe import FileProbe, FileState, open_probe
from dbtune.monitor.live_statements import LiveStatements, StatementState
from dbtune.monitor.processes import Processes, ProcessState
from dbtune.sqlite.file.location import require_database_file


class Sampler:
    """Measures a database; what there is to tell beside figures is collected as notes."""

    def __init__(self, database: Path, probe: FileProbe, statements: LiveStatements | None) -> None:
        self._database = database
        self._probe = probe
        self._statements = statements
        self._processes = Processes(database)
        self._identity: tuple[int, int] | None = None
        self._problem: str | None = None
        self._notes: list[str] = []
        self._told_hidden = False

    def begin(self) -> None:
        """Look for the first time: what is counted from one look to the next is counted from here.

        Raises SourceError where the file is no database.
        """
        state = self._probe.read()
        if state.problem:
            raise SourceError(f"{self._database} {state.problem}", hint=state.hint)
        self._identity = state.identity
        self._read_processes(state)

    def read(self) -> Sample:
        """Measure now."""
        state = self._probe.read()
        self._notice(state)
        processes = self._read_processes(state)
        statements = StatementState()
        if self._statements is not None:
            statements = self._statements.read(time.time())
            self._notes += self._statements.notes()
        return _sample(self._database, state, processes, statements)

    def notes(self) -> tuple[str, ...]:
        """Return what there is to tell since the last time."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def _read_processes(self, state: FileState) -> ProcessState:
        found = self._processes.read(time.monotonic(), state.pids, self._probe.own_pid)
        if found.hidden and not self._told_hidden:
            self._told_hidden = True
            self._notes.append(
                f"CPU and memory of {found.hidden} of {found.count} processes that hold "
                f"{self._database.name} may not be seen by this user"
            )
        return found

    def _notice(self, state: FileState) -> None:
        name, before = self._database.name, self._problem
        self._problem = state.problem
        if state.problem is not None:
            if state.problem != before:
                self._notes.append(f"{name} {state.problem}")
            return
        if state.identity != self._identity:
            self._notes.append(f"{name} was replaced by another file, which is watched from now on")
        elif before is not None:
            self._notes.append(f"{name} can be read again")
        self._identity = state.identity


@contextmanager
def open_sampler(database: Path, recording: Path | None) -> Iterator[Sampler]:
    """Start what measures a database, for the time of the block.

    Raises SourceError where it is missing or no database.
    """
    require_database_file(database)
    with ExitStack() as stack:
        probe = stack.enter_context(open_probe(database))
        statements = None
        if recording is not None:
            statements = stack.enter_context(closing(LiveStatements(recording, database)))
        sampler = Sampler(database, probe, statements)
        sampler.begin()
        yield sampler


def has_psutil() -> bool:
    """Return whether processes can be looked into."""
    try:
        import psutil  # noqa: F401
    except ImportError:
        return False
    return True


def _sample(
    database: Path, state: FileState, processes: ProcessState, statements: StatementState
) -> Sample:
    free_bytes, free_ratio = _disk(database)
    return Sample(
        ts=datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        # A name that is not UTF-8 would fit into no document.
        database=os.fsencode(database.name).decode("utf-8", "replace"),
        problem=state.problem,
        oldest_reader_pid=state.reader_pid,
        up=float(state.problem is None),
        wal_mode=None if state.wal_mode is None else float(state.wal_mode),
        file_size_bytes=state.size_bytes,
        wal_size_bytes=state.wal_bytes,
        freelist_size_bytes=state.freelist_bytes,
        checkpoint_lag_bytes=state.lag_bytes,
        oldest_reader_seconds=state.reader_seconds,
        busy_ratio=state.busy_ratio,
        statements_per_second=statements.per_second,
        statement_p95_seconds=statements.p95_seconds,
        statement_p99_seconds=statements.p99_seconds,
        failed_per_second=statements.failed_per_second,
        locked_per_second=statements.locked_per_second,
        cache_hit_ratio=processes.cache_hit_ratio,
        file_cached_ratio=state.cached_ratio,
        disk_free_bytes=free_bytes,
        disk_free_ratio=free_ratio,
        processes=processes.count,
        cpu_ratio=processes.cpu_ratio,
        memory_bytes=processes.memory_bytes,
    )


def _disk(database: Path) -> tuple[int | None, float | None]:
    try:
        usage = shutil.disk_usage(os.path.dirname(os.path.realpath(database)))
    except OSError:
        return None, None
    return usage.free, usage.free / usage.total if usage.total else None
