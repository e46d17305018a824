"""Runs a command for an alert, and ends it with all that it has started where it takes too long."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import IO

from dbtune.errors import ConfigurationError

_MOST_SECONDS = 30.0
_SHOWN_BYTES = 200


class AlertCommand:
    """A command; one thread runs it, and another may end it."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._running: subprocess.Popen[bytes] | None = None

    def run(self, document: bytes, environment: tuple[tuple[str, str], ...]) -> str | None:
        """Run it with a document on stdin; returns what went wrong."""
        try:
            # Files and no pipes: what the command leaves running would keep a pipe open.
            with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
                told.write(document)
                told.seek(0)
                self._running = self._start(told, said, environment)
                return self._failure(self._running.wait(_MOST_SECONDS), said)
        except subprocess.TimeoutExpired:
            self.end()
            return f"--exec {self._words[0]} took longer than {_MOST_SECONDS:g} s and was ended"
        except OSError as error:
            return f"--exec {self._words[0]} could not be run: {error.strerror}"
        finally:
            self._running = None

    def end(self) -> None:
        """End what runs now, and all that it has started."""
        running = self._running
        if running is None:
            return
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(running.pid, signal.SIGKILL)
            else:
                running.kill()
        running.wait()

    def _start(
        self, told: IO[bytes], said: IO[bytes], environment: tuple[tuple[str, str], ...]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._words,
            stdin=told,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, **dict(environment)},
            start_new_session=True,  # Ctrl-C is for us, and the last alert is still told
        )

    def _failure(self, code: int, said: IO[bytes]) -> str | None:
        if code == 0:
            return None
        said.seek(max(0, said.seek(0, os.SEEK_END) - _SHOWN_BYTES))
        words = said.read().decode("utf-8", "replace").strip()
        return f"--exec {self._words[0]} ended with {code}{': ' if words else ''}{words}"


def parse_command(text: str) -> tuple[str, ...]:
    """Return the words of a command. Raises ConfigurationError for what cannot be run."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigurationError(f"--exec {text!r} cannot be read: {error}") from error
    if not words or shutil.which(words[0]) is None:
        raise ConfigurationError(
            f"--exec {text!r} names no program that can be run",
            hint="no shell runs it: for pipes and the like give sh -c '...'",
        )
    return words
