"""Messages and questions: what a person reads on stderr."""

from __future__ import annotations

import sys

import click

from dbtune.errors import ConfigurationError, RefusedError


def print_error(message: str, hint: str | None) -> None:
    """Write `Error: message. Hint: hint` to stderr."""
    click.echo(f"Error: {_harmless(_sentence(message))}", err=True)
    if hint:
        click.echo(f"Hint: {_harmless(_sentence(hint))}", err=True)


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
    from dbtune.report.text import printable

    return "\n".join(printable(line) for line in text.split("\n"))
