"""Worker processes that all read one snapshot of the source, and run tasks between it and a target.

Two kinds of process, since two SQLite libraries must not open a file in one: those with Python's
sqlite3, and those with ADBC where the extra `fast` is installed.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from dbtune.errors import DbtuneError, LockedError
from dbtune.interrupts import interrupts_held_back
from dbtune.postgres.workers.arrow_source import arrow_available
from dbtune.postgres.workers.pool_member import PoolMember
from dbtune.postgres.workers.snapshot import (
    CommitWatch,
    FileIdentity,
    SnapshotReader,
    file_identity,
    require_same_file,
)
from dbtune.postgres.workers.task_round import TaskRound
from dbtune.postgres.workers.worker import Kind, Task, Worker
from dbtune.postgres.workers.worker_process import Begin, Order, Release

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

# How often all readers begin anew because somebody committed in between. That takes them a
# millisecond, so that one of ten succeeds against hundreds of commits a second.
_ATTEMPTS = 10
# Two connections of one process are done in 50 us.
_ATTEMPTS_ALONE = 200
# A writer that waits for readers to leave gets its turn; each attempt waits for some seconds.
_ATTEMPTS_LOCKED = 4
_LOCKED_PAUSE_SECONDS = 0.2


class WorkerPool:
    """Runs tasks on `jobs` processes at a time; with 0 in this process, without ADBC.

    A context manager: leaving it ends the processes, at once where an error leaves it. Where an
    application commits too often for many readers, tasks run in this process, too.
    """

    def __init__(
        self,
        source: Path,
        jobs: int,
        fast: bool,
        conninfo: str | None,
        *,
        wait_ms: int = 5000,
    ) -> None:
        self.source = source
        # The wait is shared out among the attempts.
        self._wait_ms = max(wait_ms // _ATTEMPTS_LOCKED, 1)
        self.jobs = jobs
        self._fast = fast and jobs > 0 and arrow_available()
        self._conninfo = conninfo
        self._members: list[PoolMember] = []
        self._alone: Worker | None = None
        self._readers: list[SnapshotReader] = []
        self._closing = ExitStack()

    def __enter__(self) -> WorkerPool:
        try:
            self._open()
        except BaseException:
            self._end(at_once=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(at_once=error is not None)

    @property
    def sqlite(self) -> sqlite3.Connection:
        """The source in the snapshot, in this process; TEXT arrives as str."""
        return self._own.connection

    @property
    def workers(self) -> tuple[tuple[Kind, int], ...]:
        """Kind and process id of each worker; empty where tasks run in this process."""
        return tuple((member.kind, member.pid) for member in self._members)

    @property
    def has_arrow(self) -> bool:
        """True where tasks that ask for it find ADBC."""
        return any(member.kind == "arrow" for member in self._members)

    def renew(self) -> None:
        """Let all readers leave their snapshot for the newest one, the same for all.

        Raises LockedError where a writer keeps readers out.
        """
        if self._alone is None:
            if self._begin(_ATTEMPTS):
                return
            _log.info("%s is written too often for several processes to read it", self.source)
            self._read_alone()
        if not self._begin(_ATTEMPTS_ALONE):
            raise LockedError(
                f"{self.source} is written without a pause long enough to begin reading",
                hint="stop the application for a moment, or migrate a backup: dbtune backup",
            )

    def run(
        self,
        tasks: Iterable[Task[Result]],
        on_result: Callable[[Task[Result], Result], None],
        on_progress: Callable[[Task[Result], int], None] | None = None,
    ) -> None:
        """Run tasks, begun in their order, and hand each result over as it comes.

        `on_progress` is told of rows that a running task has done. The first error ends all
        workers and is raised; the pool is of no use then.
        """
        try:
            if self._alone is None:
                TaskRound(self._members, self.jobs, tasks).run(on_result, on_progress)
            else:
                self._run_alone(tasks, on_result, on_progress)
        except BaseException:
            self._end(at_once=True)
            raise

    def _open(self) -> None:
        self._own = self._open_reader()
        self._readers.append(self._own)
        self._watch = self._closing.enter_context(
            closing(CommitWatch(self.source, wait_ms=self._wait_ms))
        )
        identity = file_identity(self.source)
        if self.jobs == 0:
            self._read_alone()
        else:
            self._start_members(identity)
        require_same_file(self.source, identity)
        self.renew()

    def _open_reader(self) -> SnapshotReader:
        return self._closing.enter_context(
            closing(SnapshotReader(self.source, wait_ms=self._wait_ms))
        )

    def _start_members(self, identity: FileIdentity) -> None:
        kinds: list[Kind] = ["rows"] * self.jobs
        if self._fast:
            kinds += ["arrow"] * self.jobs
        with interrupts_held_back():
            for kind in kinds:
                self._members.append(PoolMember(Order(kind, self.source, self._conninfo)))
        for member in tuple(self._members):
            opened = self._answer(member, "opening the source")
            if opened is not None and opened != identity:
                require_same_file(self.source, opened)

    def _answer(self, member: PoolMember, subject: str) -> Any:
        """Return a member's answer; one of ADBC that fails is left out, since others do its work.

        Raises LockedError, and any other error of a member with sqlite3.
        """
        try:
            return member.answer(subject)
        except LockedError:
            raise
        except DbtuneError as error:
            if member.kind != "arrow":
                raise
            _log.warning("reading without ADBC: %s", error.message)
            self._members.remove(member)
            member.kill()
            return None

    def _begin(self, attempts: int) -> bool:
        """Begin all snapshots at one state of the source; False where that failed every time."""
        times_locked = 0
        for _ in range(attempts):
            before = self._watch.version()
            locked = self._begin_each()
            if locked is None and self._watch.version() == before:
                return True
            self._release_each()
            if locked is not None:
                times_locked += 1
                if times_locked == _ATTEMPTS_LOCKED:
                    raise locked
                time.sleep(_LOCKED_PAUSE_SECONDS)
        return False

    def _begin_each(self) -> LockedError | None:
        """Let every reader leave its snapshot for a new one; returns that a lock forbade it."""
        locked: LockedError | None = None
        for member in self._members:
            member.send(Begin())
        for reader in self._readers:
            try:
                reader.begin()
            except LockedError as error:
                locked = error
        for member in tuple(self._members):
            try:
                self._answer(member, "reading the source")
            except LockedError as error:
                locked = error
        return locked

    def _release_each(self) -> None:
        for member in self._members:
            member.send(Release())
        for reader in self._readers:
            reader.release()
        for member in tuple(self._members):
            self._answer(member, "reading the source")

    def _read_alone(self) -> None:
        """Let tasks run in this process, on a connection beside the caller's."""
        self._end_members(at_once=False)
        reader = self._open_reader()
        self._readers.append(reader)
        self._alone = Worker(
            "rows", self.source, self._conninfo, reader=reader, report=lambda rows: None
        )

    def _run_alone(
        self,
        tasks: Iterable[Task[Any]],
        on_result: Callable[[Any, Any], None],
        on_progress: Callable[[Any, int], None] | None,
    ) -> None:
        assert self._alone is not None
        for task in tasks:
            if on_progress is not None:
                self._alone.report = partial(on_progress, task)
            on_result(task, self._alone.run(task))

    def _end(self, *, at_once: bool) -> None:
        """End everything; this may be called again."""
        self._end_members(at_once=at_once)
        if self._alone is not None:
            self._alone.close()
            self._alone = None
        self._closing.close()

    def _end_members(self, *, at_once: bool) -> None:
        members, self._members = self._members, []
        for member in members:
            if at_once:
                member.kill()
            else:
                member.close()
