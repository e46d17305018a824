"""Results read from a file, of which nothing more is read than shows that it is another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dbtune.errors import ConfigurationError
from dbtune.model.advice import Report
from dbtune.model.run import Run
from dbtune.report.documents.foreign_documents import LONGEST_START, Wanted, refuse_foreign_text
from dbtune.report.documents.from_json import from_json
from dbtune.report.documents.read_run import read_run, read_several
from dbtune.similar_files import missing_hint

_HOW_TO = "write it with --output FILE of analyze, bench, compare, queries or others"


def read_run_file(path: Path) -> Run:
    """Return what a command wrote to a file. Raises ConfigurationError for anything else."""
    with _opened(path) as file:
        return read_run(_text(file, str(path)), str(path))


def read_report_file(path: Path) -> Report:
    """Return a report read from a file. Raises ConfigurationError for other results too."""
    with _opened(path, "write it with dbtune analyze DB --output FILE") as file:
        return from_json(_text(file, str(path), "a report"), str(path))


def read_several_file(path: Path) -> tuple[Run, ...]:
    """Return the same, or the results of a file with a list of them, in their order."""
    with _opened(path) as file:
        return read_several_stream(file, str(path))


def read_several_stream(file: BinaryIO, name: str) -> tuple[Run, ...]:
    """Return what one command wrote, or the results of a list; `name` stands for it in messages.

    Raises ConfigurationError as `read_run`, and for bytes that are not UTF-8.
    """
    return read_several(_text(file, name), name)


@contextmanager
def _opened(path: Path, otherwise: str = _HOW_TO) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{path} does not exist",
            hint=missing_hint(path, otherwise),
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def _text(file: BinaryIO, name: str, wanted: Wanted = "a result of a command") -> str:
    start = file.read(LONGEST_START)
    refuse_foreign_text(start.decode("utf-8", "replace"), name, wanted)
    try:
        return (start + file.read()).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{name} cannot be read: byte {error.start:,} is 0x{error.object[error.start]:02x}, "
            "which is not UTF-8",
            hint="results are ASCII; was it converted, or is it another file?",
        ) from error
