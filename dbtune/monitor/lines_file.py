"""Appends lines to a file that others may rotate, fill up or take away meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

from dbtune.errors import ConfigurationError


class LinesFile:
    """A file opened anew for each line, so that a rotated one is not written to any longer."""

    def __init__(self, path: Path) -> None:
        """Create the file where there is none. Raises ConfigurationError where that fails."""
        self._path = path
        self._was_cut = False
        self._failing = False
        try:
            self._write(b"")
        except OSError as error:
            raise ConfigurationError(
                f"--output {path} cannot be written: {error.strerror}",
                hint="give a file in a folder that this user may write to",
            ) from error

    def append(self, line: str) -> str | None:
        """Append a line whole; returns what to tell where that begins to fail, or works again."""
        try:
            self._write(b"\n" * self._was_cut + line.encode() + b"\n")
        except OSError as error:
            told, self._failing = self._failing, True
            return None if told else f"{self._path} cannot be written: {error.strerror}"
        told, self._failing = self._failing, False
        return f"{self._path} is written again" if told else None

    def _write(self, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        file = os.open(self._path, flags, 0o644)
        try:
            while data:
                written = os.write(file, data)
                data = data[written:]
                self._was_cut = bool(data)  # of a full disk
        finally:
            os.close(file)
