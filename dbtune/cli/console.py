"""Messages and questions: what a person reads on stderr."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from dbtune.errors import ConfigurationError, RefusedError


def print_error(message: str, hint: str | None) -> None:
    """Write `Error: message. Hint: hint` to stderr, as far as anybody reads it."""
    with as_far_as_read():
        note(fitted(f"Error: {_sentence(message)}"))
        if hint:
            note(fitted(f"Hint: {_sentence(hint)}"))


def print_usage_error(error: click.ClickException) -> None:
    """Write what click says of a command line: the usage, where help is, and the error."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    with as_far_as_read():
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            error.show()
            return
        if context is not None:
            click.echo(context.get_usage(), err=True)
            note(f"Try '{context.command_path} {context.help_option_names[-1]}' for help.\n")
        note(fitted(f"Error: {error.format_message()}"))


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
    """Write text that is not the result to stderr, and nothing that a CI system would obey."""
    from dbtune.report.workflow_log import without_commands

    click.echo(without_commands(message), err=True)


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


def fitted(message: str) -> str:
    """Return a message whose names, which come from files, cannot steer the terminal.

    A terminal gets it broken between words. In a log or a pipe a line stays one, which grep finds.
    """
    from dbtune.report.plain_text import printable, wrap_words

    if not sys.stderr.isatty():
        return "\n".join(map(printable, message.split("\n")))
    width = shutil.get_terminal_size().columns
    lines = (wrap_words(line, width, hanging="  ") or [""] for line in message.split("\n"))
    return "\n".join(line for part in lines for line in part)
