"""A Report on its way out: to stdout in a form that suits it, or to a file as JSON."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.cli.standard_streams import drop_stdout
from dbtune.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from dbtune.model.advice import Report

_FALLBACK_SIZE = (80, 24)
_PROSE_WIDTH = 100
_UNBROKEN = 1_000_000
_SQLITE_MAGIC = b"SQLite format 3\0"
_BESIDE_DATABASE = ("", "-wal", "-shm", "-journal")


def print_result(text: str) -> None:
    """Write a command's result to stdout; what a CI system would obey comes as an escape.

    A JSON document still says the same then. What must keep every byte goes to `print_exactly`.
    Raises what that raises.
    """
    from dbtune.report.workflow_log import without_commands

    print_exactly(without_commands(text))


def print_exactly(text: str) -> None:
    """Write SQL, a program or what a CI system is to obey; what stdout's encoding lacks escaped.

    Raises ConfigurationError where it cannot be written; a reader that went away is another story.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        click.echo(text, nl=False, color=wants_color())
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_stdout()
        raise ConfigurationError(f"stdout cannot be written: {error.strerror}") from error


def print_report(report: Report, form: str = "terminal", *, drops: bool = False) -> None:
    """Write a report to stdout as terminal, json, sql, sqlalchemy or django."""
    from dbtune.report.ddl import to_ddl, to_models
    from dbtune.report.documents import to_json

    if form == "json":
        print_result(to_json.to_json(report))
    elif form == "sql":
        print_exactly(to_ddl.to_sql(report, drops=drops))
    elif form == "sqlalchemy":
        print_exactly(to_models.to_sqlalchemy(report))
    elif form == "django":
        print_exactly(to_models.to_django(report))
    else:
        _draw(report)


def _draw(report: Report) -> None:
    """Draw a report as wide as the terminal, or in 80 columns (or $COLUMNS) elsewhere."""
    from dbtune.report.terminal.to_terminal import to_terminal

    text = to_terminal(
        report, width=terminal_width(), color=wants_color(), height=terminal_height()
    )
    print_result(text)


def terminal_width() -> int:
    """Return the columns of the terminal, 80 (or $COLUMNS) where there is none."""
    return shutil.get_terminal_size(_FALLBACK_SIZE).columns


def prose_width() -> int:
    """Return the columns for sentences: longer lines are hard to follow on a wide screen."""
    return min(terminal_width(), _PROSE_WIDTH)


def line_width() -> int:
    """Return the columns for lines that are each one thing: elsewhere they stay whole for grep."""
    return prose_width() if sys.stdout.isatty() else _UNBROKEN


def terminal_height() -> int | None:
    """Return the lines of the terminal, None where there is none."""
    return shutil.get_terminal_size(_FALLBACK_SIZE).lines if sys.stdout.isatty() else None


def wants_color() -> bool:
    """Return whether stdout is a terminal that shows colours, by https://no-color.org too."""
    if os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def check_output(output: Path | None, database: Path | None, *, option: str = "--output") -> None:
    """Refuse a place for what `option` names before the work starts that leads up to it.

    `database` is None where the command has none.
    Raises RefusedError for the database itself, the files beside it, another database and a
    symbolic link; ConfigurationError for a folder, or a file in a folder that does not exist or
    cannot be looked into.
    """
    try:
        if output is not None:
            _refuse_place(output, database, option)
    except OSError as error:
        raise ConfigurationError(
            f"{option} {output} cannot be written: {error.strerror}"
        ) from error


def _refuse_place(output: Path, database: Path | None, option: str) -> None:
    if output.is_symlink():
        raise RefusedError(
            f"{output} is a symbolic link, and dbtune does not write through one",
            hint="give the file's own path; --json prints the report instead",
        )
    problem = _unfit(output)
    if problem is not None:
        raise ConfigurationError(f"{option} {output} is {problem}", hint="give the path of a file")
    if _is_database(output, database):
        raise RefusedError(
            f"{option} {output} is a database or belongs to one, and a report would overwrite it",
            hint="give another file",
        )


def write_report(report: Report, output: Path | None, database: Path) -> None:
    """Write a report as JSON to a file, whole or not at all; nothing where `output` is None.

    Raises what `check_output` raises, and ConfigurationError where the file cannot be written.
    """
    from dbtune.report.documents.to_json import to_json

    if output is not None:
        check_output(output, database)
        write_text(to_json(report), output)


def write_text(text: str, output: Path) -> None:
    """Write a text to a file, whole or not at all.

    Raises ConfigurationError where the file cannot be written. Whether it may be is the caller's
    question, which `check_output` answers.
    """
    # In containers the id of a process comes again, and its file may still be there after a kill.
    partial = output.with_name(f".dbtune-{secrets.token_hex(8)}.partial")
    try:
        _write_new(partial, text, _mode_of(output))
        partial.replace(output)
    except OSError as error:
        raise ConfigurationError(f"{output} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _mode_of(output: Path) -> int:
    """Return the permissions of a file that is to be replaced, else what the umask leaves."""
    return stat.S_IMODE(output.stat().st_mode) if output.exists() else 0o666


def _write_new(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _unfit(output: Path) -> str | None:
    if not output.parent.is_dir():
        return "in a folder that does not exist"
    if output.is_dir():
        return "a folder"
    # A rename would put a file in the place of a device or a pipe.
    return "not a regular file" if output.exists() and not output.is_file() else None


def _is_database(output: Path, database: Path | None) -> bool:
    for suffix in _BESIDE_DATABASE if database is not None else ():
        beside = Path(f"{database}{suffix}")
        if os.path.realpath(output) == os.path.realpath(beside):
            return True
        if is_same_file(output, beside):
            return True
    return begins_as_database(output)


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file; False where one is missing or cannot be seen."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def begins_as_database(path: Path) -> bool:
    """Return whether a file holds a database; not for one that this process has open."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError:
        return False
