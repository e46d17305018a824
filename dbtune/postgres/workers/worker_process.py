"""The process of a worker: it answers its parent until the parent is gone."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dbtune.postgres.workers.arrow_source import ArrowReader
from dbtune.postgres.workers.snapshot import SnapshotReader, file_identity
from dbtune.postgres.workers.worker import Kind, Task, Worker

# Waiting for a lock while another reader of this pool holds its snapshot may wait for a writer
# that waits for that reader: soon all give up and try again.
_BEGIN_WAIT_MS = 1000


@dataclass(frozen=True)
class Order:
    """What a process is started for."""

    kind: Kind
    path: Path
    conninfo: str | None


@dataclass(frozen=True)
class Begin:
    """Take the snapshot."""


@dataclass(frozen=True)
class Release:
    """Give the snapshot up."""


@dataclass(frozen=True)
class Run:
    """Run a task."""

    task: Task[Any]


@dataclass(frozen=True)
class Progress:
    """Rows done since the last one."""

    rows: int


@dataclass(frozen=True)
class Done:
    """What a request came to."""

    result: Any


@dataclass(frozen=True)
class Failed:
    """The error a request ended with, and where in this process it was raised."""

    error: BaseException
    trace: str


def serve(channel: Connection[Any, Any], order: Order) -> None:
    """Answer requests until the parent closes its end or ends: the process's main function."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers on Ctrl-C
    inbox = _Inbox(channel)
    try:
        reader = _open(order)
    except BaseException as error:  # noqa: BLE001  # every failure is the parent's to judge
        _answer(channel, _failed(error))
        return
    worker = Worker(
        order.kind,
        order.path,
        order.conninfo,
        reader=reader,
        report=lambda rows: channel.send(Progress(rows)),
    )
    _answer(channel, Done(file_identity(order.path)))
    while (request := inbox.take()) is not None:
        answer = _handle(request, reader, worker)
        inbox.idle()
        _answer(channel, answer)
    worker.close()
    reader.close()
    os._exit(0)  # what is left to clean up takes Python 100 ms, and a parent waits for it


class _Inbox:
    """Requests, received by a thread of its own so that a parent's end is seen at any moment."""

    def __init__(self, channel: Connection[Any, Any]) -> None:
        self._channel = channel
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._busy = False
        threading.Thread(target=self._receive, daemon=True).start()

    def take(self) -> bytes | None:
        """Wait for the next request, None where the parent is gone."""
        return self._requests.get()

    def idle(self) -> None:
        """Say that the request taken last is done."""
        self._busy = False

    def _receive(self) -> None:
        while True:
            try:
                request = self._channel.recv_bytes()
            except (EOFError, OSError):
                break
            self._busy = True
            self._requests.put(request)
        if self._busy:
            # Nobody waits for the result: the server rolls back what is not committed.
            os._exit(1)
        self._requests.put(None)


def _open(order: Order) -> SnapshotReader | ArrowReader:
    if order.kind == "arrow":
        return ArrowReader(order.path, wait_ms=_BEGIN_WAIT_MS)
    return SnapshotReader(order.path, wait_ms=_BEGIN_WAIT_MS)


def _handle(request: bytes, reader: SnapshotReader | ArrowReader, worker: Worker) -> Done | Failed:
    try:
        wanted = pickle.loads(request)
        if isinstance(wanted, Begin):
            return Done(reader.begin())
        if isinstance(wanted, Release):
            return Done(reader.release())
        return Done(worker.run(wanted.task))
    except BaseException as error:  # noqa: BLE001  # as above
        return _failed(error)


def _failed(error: BaseException) -> Failed:
    return Failed(error, "".join(traceback.format_exception(error)))


def _answer(channel: Connection[Any, Any], answer: Done | Failed) -> None:
    try:
        message = pickle.dumps(answer)
        if isinstance(answer, Failed):
            pickle.loads(message)  # an error that cannot be made again would end the parent
    except Exception as error:  # noqa: BLE001  # what cannot travel is told of as text
        told = answer.trace if isinstance(answer, Failed) else repr(answer)
        message = pickle.dumps(Failed(RuntimeError(f"cannot be sent: {error!r}"), told))
    try:
        channel.send_bytes(message)
    except OSError:
        os._exit(1)  # the parent is gone
