"""One process of a load: threads with a connection each serve the clients in turn."""

from __future__ import annotations

import os
import random
import signal
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import monotonic, monotonic_ns, sleep
from typing import Any

from dbtune.benchmark.fresh_keys import FreshValues
from dbtune.benchmark.schedule import Due, Schedule, Window
from dbtune.benchmark.send_unit import UnitSender
from dbtune.benchmark.session import OpenSession, Session
from dbtune.benchmark.tally import Outcome, Tally, merged
from dbtune.errors import DbtuneError
from dbtune.model.load import LoadPlan, LoadRate, LoadSettings

# How exactly a timeout is kept; ten times finer would cost a percent of a core.
_LOOK_S = 0.02
# What still waits for a lock after the end is not waited for: SQLite cannot be interrupted there.
_GRACE_S = 0.5


@dataclass(frozen=True)
class LoadOrder:
    """What a process is started for; `rate` is its share of all clients or arrivals."""

    number: int
    plan: LoadPlan
    open_session: OpenSession
    rate: LoadRate
    settings: LoadSettings

    @property
    def threads(self) -> int:
        """How many connections it opens: more than clients would be idle."""
        return min(self.settings.threads, self.rate.clients or self.settings.threads)


@dataclass(frozen=True)
class Ready:
    """All connections are open."""


@dataclass(frozen=True)
class Failed:
    """The error a process ended with: one that dbtune raised, or the trace of a bug."""

    error: DbtuneError | None
    trace: str


def serve(channel: Connection[Any, Any], order: LoadOrder) -> None:
    """Open connections, wait for the word, send the load, and answer with the tally.

    The process's main function. Its parent's end ends it at any moment.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its processes on Ctrl-C
    _allow_files()
    try:
        sessions = [order.open_session() for _ in range(order.threads)]
        channel.send(Ready())
        channel.recv()
        threading.Thread(target=_end_with_parent, args=(channel,), daemon=True).start()
        channel.send(_Load(order, sessions).run())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(1)  # the parent has ended
    except DbtuneError as error:
        channel.send(Failed(error, ""))
    except Exception:  # noqa: BLE001 - every failure is the parent's to judge
        channel.send(Failed(None, traceback.format_exc()))
    # Threads may still wait for a lock, and the copy is thrown away.
    os._exit(0)


def _allow_files() -> None:
    """Let this process open as many files as it may: each connection takes two or three."""
    try:
        import resource  # POSIX
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # some systems name a limit that they do not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _end_with_parent(channel: Connection[Any, Any]) -> None:
    try:
        channel.recv()
    except (EOFError, OSError):
        os._exit(1)


class _Slot:
    """One thread's connection, what it is busy with, and until when that may take."""

    def __init__(self, session: Session, number: int, order: LoadOrder) -> None:
        self.tally = Tally()
        self.due: Due | None = None
        self.closed = False
        self.error: BaseException | None = None
        self.lock = threading.Lock()
        self._session = session
        self._deadline_ns: int | None = None
        connections = order.settings.processes * order.settings.threads
        fresh = FreshValues(order.number * order.settings.threads + number, connections)
        self.sender = UnitSender(session, order.plan.statements, fresh)

    def begin(self, due: Due, deadline_ns: int) -> None:
        """Say what the connection is busy with."""
        with self.lock:
            self.due, self._deadline_ns = due, deadline_ns

    def end(self) -> bool:
        """Say that it is done; False where the load was closed meanwhile and nothing counts."""
        with self.lock:
            self.due = self._deadline_ns = None
            return not self.closed

    def look(self, now_ns: int) -> None:
        """Stop what takes too long."""
        with self.lock:
            if self._deadline_ns is not None and now_ns > self._deadline_ns:
                self._session.interrupt()

    def close(self) -> None:
        """Let nothing count any more."""
        with self.lock:
            self.closed = True


class _Load:
    """The threads of this process, for the time of one load."""

    def __init__(self, order: LoadOrder, sessions: list[Session]) -> None:
        settings = order.settings
        start_ns = monotonic_ns() + round(settings.warm_up_s * 1e9)
        self._window = Window(start_ns, start_ns + round(settings.duration_s * 1e9))
        self._timeout_ns = round(settings.timeout_s * 1e9)
        self._units = order.plan.units
        self._slots = [_Slot(session, place, order) for place, session in enumerate(sessions)]
        self._schedule = Schedule(
            order.rate,
            self._units,
            self._window,
            think_ns=round(settings.think_ms * 1e6),
            chance=random.Random(f"{settings.seed} {order.number}"),
        )

    def run(self) -> Tally:
        """Send the load and return what was counted."""
        threads = [
            threading.Thread(target=self._work, args=(slot,), daemon=True) for slot in self._slots
        ]
        for thread in threads:
            thread.start()
        latest = self._window.end_ns / 1e9 + _GRACE_S
        while any(thread.is_alive() for thread in threads) and monotonic() < latest:
            for slot in self._slots:
                slot.look(monotonic_ns())
            if any(slot.error is not None for slot in self._slots):
                break
            sleep(_LOOK_S)
        for slot in self._slots:
            slot.close()
            if slot.error is not None:
                raise slot.error
        return self._counted()

    def _counted(self) -> Tally:
        total = merged(slot.tally for slot in self._slots)
        stuck = [slot.due.at_ns for slot in self._slots if slot.due is not None]
        for due_ns in (*stuck, *self._schedule.waiting()):
            self._count_unfinished(total, due_ns)
        return total

    def _work(self, slot: _Slot) -> None:
        try:
            while (due := self._schedule.take()) is not None:
                self._serve(slot, due)
        except BaseException as error:  # noqa: BLE001 - raised again by the main thread
            slot.error = error

    def _serve(self, slot: _Slot, due: Due) -> None:
        given_up_ns = due.at_ns + self._timeout_ns
        if monotonic_ns() >= given_up_ns:
            outcome = Outcome((), "timeout", "no connection was free in time")
        else:
            slot.begin(due, min(given_up_ns, self._window.end_ns))
            outcome = slot.sender.send(self._units[due.unit])
            if not slot.end():
                return
        now = monotonic_ns()
        ended_ns = min(now, given_up_ns)
        if outcome.failure is None and now > given_up_ns:
            outcome = Outcome(outcome.sent, "timeout", "the answer came too late")
        if ended_ns >= self._window.end_ns:
            self._count_unfinished(slot.tally, due.at_ns)
        elif ended_ns >= self._window.start_ns:
            slot.tally.add(outcome, ended_ns - due.at_ns)
        self._schedule.answered(ended_ns)

    def _count_unfinished(self, tally: Tally, due_ns: int) -> None:
        waited_ns = self._window.end_ns - due_ns
        if waited_ns >= self._timeout_ns:
            tally.add(Outcome((), "timeout", "no answer in time"), self._timeout_ns)
        else:
            tally.add_unfinished(max(waited_ns, 0))
