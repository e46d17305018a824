"""One worker process as its parent sees it."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
from multiprocessing.connection import Connection
from typing import Any

from dbtune.errors import DbtuneError, SourceError, TargetError
from dbtune.postgres.workers.worker_process import Done, Failed, Order, Progress, serve

_CLOSE_SECONDS = 5.0


class WorkerTraceback(Exception):
    """Where in its own process a worker's error was raised."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class PoolMember:
    """A running worker process. `channel` is readable when it has answered, or has died."""

    def __init__(self, order: Order) -> None:
        context = multiprocessing.get_context("spawn")
        self.kind = order.kind
        self._has_target = order.conninfo is not None
        self.channel: Connection[Any, Any]
        self.channel, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, order), daemon=True, name=f"dbtune-{order.kind}"
        )
        self._process.start()
        theirs.close()  # else its end would not be seen

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    def send(self, request: object) -> None:
        """Ask for something; that it has died is told when the answer is read."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.channel.send(request)

    def receive(self, subject: str) -> Done | Progress:
        """Wait for what it tells next; `subject` is what it works on.

        Raises the error that its task ended with, and TargetError (SourceError without a target)
        where the process died.
        """
        try:
            told = pickle.loads(self.channel.recv_bytes())
        except (EOFError, ConnectionResetError) as error:
            raise self._died(subject) from error
        if isinstance(told, Failed):
            told.error.__cause__ = WorkerTraceback(told.trace)
            raise told.error
        assert isinstance(told, (Done, Progress))
        return told

    def answer(self, subject: str) -> Any:
        """Wait until it is done, and return the result. Raises as `receive` does."""
        while True:
            told = self.receive(subject)
            if isinstance(told, Done):
                return told.result

    def close(self) -> None:
        """Let it end by itself, and kill it where it does not soon."""
        self.channel.close()
        self._process.join(_CLOSE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it at once; returns when it has ended."""
        self.channel.close()
        self._process.kill()
        self._process.join()
        self._process.close()

    def _died(self, subject: str) -> DbtuneError:
        self._process.join(_CLOSE_SECONDS)
        code = self._process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        hint = "the system may have ended it for want of memory; try again with fewer --jobs"
        kind = TargetError if self._has_target else SourceError
        return kind(f"{subject}: the process that worked on it ended with {how}", hint=hint)
