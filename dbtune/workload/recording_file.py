"""Finding the files of a recording, and telling what is in them before reading on."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import BinaryIO, cast

from dbtune.errors import ConfigurationError
from dbtune.similar_files import missing_hint
from dbtune.workload.recording_form import FORMS, RecordingForm, tell_form

STDIN = "-"
# Files of which FILE.1 is an older part, as dbtune record names it; of a log it need not be.
_PUT_ASIDE = frozenset({".jsonl", ".ndjson"})

_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class RecordingFile:
    """A file to read, or stdin where `path` is None; `name` is what messages call it."""

    name: str
    path: Path | None


def find_files(paths: Sequence[str | Path]) -> tuple[RecordingFile, ...]:
    """Return the files that the paths name, each once; a folder stands for those in it, sorted.

    A recording stands for the parts of it that dbtune record put aside, too, the oldest first.
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


def parts_of(path: Path) -> list[Path]:
    """Return what dbtune record put aside of a recording when it was full, the oldest first."""
    if path.suffix.lower() not in _PUT_ASIDE:
        return []
    numbered = (path.with_name(f"{path.name}.{number}") for number in count(1))
    return list(takewhile(Path.is_file, numbered))[::-1]


def _place(path: Path) -> tuple[str, int]:
    """Return the recording that a file is of and its place in it, by which files are ordered."""
    name, _, number = path.name.rpartition(".")
    if number.isascii() and number.isdigit() and Path(name).suffix.lower() in _PUT_ASIDE:
        return name, -int(number)
    return path.name, 0


def _is_recording(path: Path) -> bool:
    return Path(_place(path)[0]).suffix.lower() in FORMS and path.is_file()


def _expand(path: Path) -> list[Path]:
    try:
        if path.is_dir():
            files = sorted(filter(_is_recording, path.iterdir()), key=_place)
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
            hint=missing_hint(
                path, "give a JSONL recording, a .sql file, a folder of them, or - for stdin"
            ),
        ) from error
    return [*parts_of(path), path]


@contextmanager
def _open(file: RecordingFile) -> Iterator[io.BufferedReader]:
    if file.path is not None:
        with file.path.open("rb", buffering=_HEAD_BYTES) as stream:
            yield cast(io.BufferedReader, stream)
        return
    stdin = cast(io.RawIOBase, sys.stdin.buffer)
    yield stdin if isinstance(stdin, io.BufferedReader) else io.BufferedReader(stdin, _HEAD_BYTES)
