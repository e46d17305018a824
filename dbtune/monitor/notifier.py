"""Tells a command and a web address of alerts, in a thread: sampling waits for neither."""

from __future__ import annotations

import os
import queue
import shlex
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from dbtune.errors import ConfigurationError

_COMMAND_SECONDS = 30.0
_REQUEST_SECONDS = 10.0
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
        self._receivers = receivers
        self._waiting: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self._failures: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stopping = threading.Event()
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
            self._failures.put("an alert was still being sent when the monitor ended")

    def _work(self) -> None:
        while (notice := self._waiting.get()) is not None:
            for send in (self._run_command, self._post):
                failure = send(notice)
                if failure is not None:
                    self._failures.put(failure)

    def _run_command(self, notice: Notice) -> str | None:
        command = self._receivers.command
        if not command:
            return None
        try:
            ended = subprocess.run(
                command,
                input=notice.document,
                env={**os.environ, **dict(notice.environment)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"--exec {command[0]} took longer than {_COMMAND_SECONDS:g} s and was ended"
        except OSError as error:
            return f"--exec {command[0]} could not be run: {error.strerror}"
        if ended.returncode == 0:
            return None
        said = ended.stderr.decode("utf-8", "replace").strip()[-200:]
        return f"--exec {command[0]} ended with {ended.returncode}{': ' if said else ''}{said}"

    def _post(self, notice: Notice) -> str | None:
        url = self._receivers.webhook
        if url is None:
            return None
        failure = _try_post(url, notice.document)
        for pause in _PAUSES_SECONDS:
            if failure is None or self._stopping.wait(pause):
                break
            failure = _try_post(url, notice.document)
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
    words: tuple[str, ...] = ()
    if command is not None:
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise ConfigurationError(f"--exec {command!r} cannot be read: {error}") from error
        if not words or shutil.which(words[0]) is None:
            raise ConfigurationError(
                f"--exec {command!r} names no program that can be run",
                hint="no shell runs it: for pipes and the like give sh -c '...'",
            )
    if webhook is not None:
        _require_web_address(webhook)
    return Receivers(words, webhook)


def masked(url: str) -> str:
    """Return a web address without what may be secret: its user, path and query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}/..."


def _require_web_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or any(not char.isprintable() or char.isspace() for char in url):
        raise ConfigurationError(
            "--webhook is no web address", hint="give one that begins with http:// or https://"
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Stays with the address that was given: a redirect would turn the POST into a GET."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def _try_post(url: str, document: bytes) -> str | None:
    """Return None where the address took it, else why not."""
    request = urllib.request.Request(
        url, document, {"Content-Type": "application/json", "User-Agent": "dbtune"}
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=_REQUEST_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return f"it answered {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return str(getattr(reason, "strerror", None) or reason or type(error).__name__)
