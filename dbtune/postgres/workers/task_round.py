"""Handing tasks to the workers of a pool until all are done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import connection as channels
from typing import Any

from dbtune.postgres.workers.pool_member import PoolMember
from dbtune.postgres.workers.worker import Kind, Task
from dbtune.postgres.workers.worker_process import Progress, Run


class TaskRound:
    """Tasks on their way through a pool; at most `jobs` run at a time."""

    def __init__(
        self, members: Sequence[PoolMember], jobs: int, tasks: Iterable[Task[Any]]
    ) -> None:
        self._idle = list(members)
        self._jobs = jobs
        self._running: dict[Any, tuple[PoolMember, Task[Any]]] = {}
        has_arrow = any(member.kind == "arrow" for member in members)
        self._waiting: dict[Kind, deque[Task[Any]]] = {"rows": deque(), "arrow": deque()}
        self._order: deque[Kind] = deque()
        for task in tasks:
            kind: Kind = "arrow" if task.arrow and has_arrow else "rows"
            self._waiting[kind].append(task)
            self._order.append(kind)

    def run(
        self, on_result: Callable[[Any, Any], None], on_progress: Callable[[Any, int], None] | None
    ) -> None:
        """Run all; raises the first error, other tasks may be running then."""
        self._hand_out()
        while self._running:
            for channel in channels.wait(list(self._running)):
                self._take(channel, on_result, on_progress)
            self._hand_out()

    def _take(
        self,
        channel: Any,
        on_result: Callable[[Any, Any], None],
        on_progress: Callable[[Any, int], None] | None,
    ) -> None:
        member, task = self._running[channel]
        told = member.receive(task.subject)
        if isinstance(told, Progress):
            if on_progress is not None:
                on_progress(task, told.rows)
            return
        del self._running[channel]
        self._idle.append(member)
        self._hand_out()  # before the result is looked at: the worker need not wait for that
        on_result(task, told.result)

    def _hand_out(self) -> None:
        while len(self._running) < self._jobs and (found := self._next()) is not None:
            member, task = found
            self._idle.remove(member)
            self._running[member.channel] = (member, task)
            member.send(Run(task))

    def _next(self) -> tuple[PoolMember, Task[Any]] | None:
        """Return the first waiting task for which a worker of its kind is idle."""
        for kind in self._order:
            member = next((idle for idle in self._idle if idle.kind == kind), None)
            if member is not None:
                self._order.remove(kind)
                return member, self._waiting[kind].popleft()
        return None
