"""Writes docs/reference/commands.md from the help of every command.

python docs/generate_commands.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dbtune.cli.main import group

TARGET = Path(__file__).with_name("reference") / "commands.md"

# What a terminal of 80 columns shows.
_WIDTH = 78

_INTRODUCTION = """\
<!-- Written by docs/generate_commands.py; tests/test_docs.py fails where it is out of date. -->

# Commands

{contents}

Exit codes are the same for all: [exit-codes.md](exit-codes.md). Results go to stdout, progress and
messages to stderr. `python -m dbtune` is the same as `dbtune`.

Options may be set in a file or by environment variables too: [configuration.md](configuration.md).
"""


def render() -> str:
    """Return the document: the help of dbtune, then of each command, as a terminal shows it."""
    root = _context(group, "dbtune")
    names = group.list_commands(root)
    contents = ",\n".join(f"[{name}](#dbtune-{name})" for name in names)
    parts = [_INTRODUCTION.format(contents=contents), _section("dbtune", group.get_help(root))]
    for name in names:
        command = group.get_command(root, name)
        assert command is not None
        context = _context(command, name, root)
        parts.append(_section(f"dbtune {name}", command.get_help(context)))
        parts.extend(_subcommands(command, context))
    return "\n".join(parts)


def _subcommands(command: click.Command, context: click.Context) -> Iterator[str]:
    for name, part in command.commands.items() if isinstance(command, click.Group) else ():
        own = _context(part, name, context)
        yield _section(own.command_path, part.get_help(own), level=3)


def _context(
    command: click.Command, name: str, parent: click.Context | None = None
) -> click.Context:
    settings = {**command.context_settings, "terminal_width": _WIDTH}
    return command.context_class(command, info_name=name, parent=parent, **settings)


def _section(title: str, help_text: str, *, level: int = 2) -> str:
    lines = (line.rstrip() for line in help_text.strip().splitlines())
    return "\n".join([f"{'#' * level} {title}", "", "```text", *lines, "```", ""])


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
