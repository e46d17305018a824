"""Tells a command and a web address of alerts, in a thread: sampling waits for neither."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dbtune.monitor.alert_command import AlertCommand, parse_command
from dbtune.monitor.webhook import masked, post, require_web_address

_PAUSES_SECONDS = (1.0, 3.0)  # before the second and the third try
# What Ctrl-C waits for; with --once nothing else is left to do, and all of it is waited for.
_LAST_WAIT_SECONDS = 5.0
# More alerts than this wait only where nothing gets through; the oldest say least.
_WAITING = 1000


@dataclass(frozen=True)
class Notice:
    """An alert ready to be sent: a JSON document, and the same as environment variables."""

    document: bytes
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Receivers:
    """Who is told of alerts: a command with its arguments, and a web address."""

    command: tuple[str, ...] = ()
    webhook: str | None = None

    def __bool__(self) -> bool:
        """Return whether there is one."""
        return bool(self.command or self.webhook)


class Notifier:
    """Sends notices in the order they come; what fails is collected to be told."""

    def __init__(self, receivers: Receivers) -> None:
        self._command = AlertCommand(receivers.command) if receivers.command else None
        self._webhook = receivers.webhook
        self._waiting: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self._failures: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stopping, self._given_up = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="notifier", daemon=True)
        self._thread.start()

    def send(self, notice: Notice) -> None:
        """Send a notice soon; returns at once."""
        if self._waiting.qsize() >= _WAITING:
            self._failures.put("too many alerts wait to be sent; one was left out")
            return
        self._waiting.put(notice)

    def failures(self) -> tuple[str, ...]:
        """Return what could not be sent since the last time, and why."""
        told = []
        while not self._failures.empty():
            told.append(self._failures.get())
        return tuple(told)

    def finish(self, *, wait: bool) -> None:
        """Stop; with `wait` once everything was sent or given up, else after a few seconds."""
        self._waiting.put(None)
        if wait:
            self._thread.join()
            return
        self._stopping.set()
        self._thread.join(_LAST_WAIT_SECONDS)
        if self._thread.is_alive():
            self._given_up.set()
            if self._command is not None:
                self._command.end()
            self._failures.put("an alert was still being sent when the monitor ended")

    def _work(self) -> None:
        while (notice := self._waiting.get()) is not None and not self._given_up.is_set():
            for send in (self._run_command, self._post):
                failure = send(notice)
                if failure is not None:
                    self._failures.put(failure)

    def _run_command(self, notice: Notice) -> str | None:
        if self._command is None:
            return None
        return self._command.run(notice.document, notice.environment)

    def _post(self, notice: Notice) -> str | None:
        url = self._webhook
        if url is None:
            return None
        failure = post(url, notice.document)
        for pause in _PAUSES_SECONDS:
            if failure is None or self._stopping.wait(pause):
                break
            failure = post(url, notice.document)
        return None if failure is None else f"--webhook {masked(url)} was not told: {failure}"


@contextmanager
def open_notifier(receivers: Receivers, on_failure: Callable[[str], None]) -> Iterator[Notifier]:
    """Start a notifier for the time of the block, which waits at its end as far as it may."""
    notifier = Notifier(receivers)
    try:
        yield notifier
    except BaseException:
        notifier.finish(wait=False)
        raise
    else:
        notifier.finish(wait=True)
    finally:
        for failure in notifier.failures():
            on_failure(failure)


def parse_receivers(command: str | None, webhook: str | None) -> Receivers:
    """Return who is to be told. Raises ConfigurationError for what can be neither run nor asked."""
    words = () if command is None else parse_command(command)
    if webhook is not None:
        require_web_address(webhook)
    return Receivers(words, webhook)
