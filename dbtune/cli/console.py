"""Messages and questions: what a person reads on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from dbtune.errors import ConfigurationError, RefusedError


def print_error(message: str, hint: str | None) -> None:
    """Write `Error: message. Hint: hint` to stderr, as far as anybody reads it."""
    with as_far_as_read():
        click.echo(f"Error: {_harmless(_sentence(message))}", err=True)
        if hint:
            click.echo(f"Hint: {_harmless(_sentence(hint))}", err=True)


@contextmanager
def as_far_as_read() -> Iterator[None]:
    """Go on where nobody reads what is written in the block; the exit code still tells."""
    try:
        yield
    except BrokenPipeError:
        drop_output()


def drop_output() -> None:
    """Send all further output nowhere, where its reader went away.

    What could not be written is tried again as Python ends, which would complain and end with 120.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def note(message: str) -> None:
    """Write a line that is not the result to stderr."""
    click.echo(message, err=True)


def confirm(question: str, *, yes: bool, dry_run_option: bool = True) -> None:
    """Ask on the terminal and return only on yes; `yes` answers it beforehand.

    `dry_run_option` is False where the command has no --dry-run to point to.

    Raises ConfigurationError without a terminal, RefusedError on any other answer.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "this command asks before it changes the database, and there is no terminal to ask on",
            hint="add --yes to agree beforehand"
            + (", or --dry-run to see what would be done" if dry_run_option else ""),
        )
    if not click.confirm(question, err=True):
        raise RefusedError("answered no; nothing was changed")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "`", '"', ")")) else f"{text}."


def _harmless(text: str) -> str:
    """Return a message whose names, which come from files, cannot steer the terminal."""
    from dbtune.report.plain_text import printable

    return "\n".join(printable(line) for line in text.split("\n"))
