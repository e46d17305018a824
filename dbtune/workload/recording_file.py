"""Finding the files of a recording, and telling what is in them before reading on."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from dbtune.errors import ConfigurationError
from dbtune.workload.recording_form import FORMS, RecordingForm, tell_form

STDIN = "-"

_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class RecordingFile:
    """A file to read, or stdin where `path` is None; `name` is what messages call it."""

    name: str
    path: Path | None


def find_files(paths: Sequence[str | Path]) -> tuple[RecordingFile, ...]:
    """Return the files that the paths name, each once; a folder stands for those in it, sorted.

    Raises ConfigurationError for a path that does not exist and a folder without recordings.
    """
    found: dict[object, RecordingFile] = {}
    for given in paths:
        if str(given) == STDIN:
            found.setdefault(STDIN, RecordingFile("stdin", None))
            continue
        for path in _expand(Path(given)):
            found.setdefault(path.resolve(), RecordingFile(str(path), path))
    return tuple(found.values())


@contextmanager
def open_recording(file: RecordingFile) -> Iterator[tuple[BinaryIO, RecordingForm, int | None]]:
    """Open a file and yield its stream, what it holds, and its size where that is known.

    Raises ConfigurationError where it cannot be read or is no text.
    """
    try:
        with _open(file) as stream:
            head = stream.peek(_HEAD_BYTES)[:_HEAD_BYTES]
            form = tell_form(head, file.name, file.path)
            size = file.path.stat().st_size if file.path and file.path.is_file() else None
            yield cast(BinaryIO, stream), form, size
    except OSError as error:
        raise ConfigurationError(
            f"{file.name} cannot be read: {error.strerror or error}",
            hint="check its permissions, and that it is a file",
        ) from error


def _expand(path: Path) -> list[Path]:
    try:
        if path.is_dir():
            files = sorted(p for p in path.iterdir() if p.suffix.lower() in FORMS and p.is_file())
            if not files:
                raise ConfigurationError(
                    f"the folder {path} holds no recording (*.jsonl, *.ndjson, *.sql)",
                    hint="give the files by name, or - to read one from stdin",
                )
            return files
        path.stat()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(
            f"there is no recording {path}: {reason}",
            hint="give a JSONL recording, a .sql file, a folder of them, or - for stdin",
        ) from error
    return [path]


@contextmanager
def _open(file: RecordingFile) -> Iterator[io.BufferedReader]:
    if file.path is not None:
        with file.path.open("rb", buffering=_HEAD_BYTES) as stream:
            yield cast(io.BufferedReader, stream)
        return
    stdin = cast(io.RawIOBase, sys.stdin.buffer)
    yield stdin if isinstance(stdin, io.BufferedReader) else io.BufferedReader(stdin, _HEAD_BYTES)
