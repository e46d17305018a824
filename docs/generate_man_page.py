"""Writes docs/dbtune.1, the manual page, from the help of every command.

python docs/generate_man_page.py

It is installed as share/man/man1/dbtune.1. It has the commands' own help and examples, and the
exit codes of dbtune.errors. Source of the format: https://man7.org/linux/man-pages/man7/man.7.html
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from dbtune._version import __version__
from dbtune.cli.command import Command
from dbtune.cli.examples import EXAMPLES
from dbtune.cli.main import JOURNEYS, group
from dbtune.errors import EXIT_CODES

TARGET = Path(__file__).with_name("dbtune.1")

_HEAD = rf""".\" Written by docs/generate_man_page.py; a test fails where it is out of date.
.TH DBTUNE 1 "" "dbtune {__version__}" "User commands"
.\" No hyphens but those that are typed.
.nh
.ad l
.SH NAME
dbtune \- find out why a SQLite database is slow, fix it, move it to PostgreSQL
.SH SYNOPSIS
.B dbtune
[\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGS\fR]...
.SH DESCRIPTION"""

_FOOT = r""".SH ENVIRONMENT
.TP
.B DBTUNE_<COMMAND>_<OPTION>
The default of an option, such as DBTUNE_ANALYZE_MIN_GAIN.
.TP
.B DATABASE_URL
Where \fBmigrate\-to\-postgres\fR moves to if the command line does not say.
.TP
.B NO_COLOR
No colours, whatever its value.
.TP
.B COLUMNS
How wide output is where there is no terminal.
.TP
.B PAGER
What \fBdbtune help\fR shows long pages with.
.SH FILES
.TP
.B dbtune.toml, pyproject.toml
Defaults of options in the working directory: a table for each command, below
.B [tool.dbtune]
in the second.
.TP
.I DB\fB.dbtune/\fR
Revisions, backups and rejected rows of a database.
.SH SEE ALSO
.BR sqlite3 (1),
.BR psql (1).
.B dbtune help
lists guides and what each finding means."""


def render() -> str:
    """Return the page."""
    root = click.Context(group, info_name="dbtune", **group.context_settings)
    lines = [_HEAD, *_paragraphs(group.help), ".SH OPTIONS", *_options(_records(group, root))]
    for title, names in JOURNEYS.items():
        lines.append(f".SH {_escaped(title.upper())}")
        for name in names:
            command = group.get_command(root, name)
            assert command is not None
            lines += _command(command, name, root)
    lines.append(".SH EXIT STATUS")
    for code, meaning in EXIT_CODES.items():
        lines += [".TP", f".B {code}", _text(f"{meaning}.")]
    return "\n".join([*lines, _FOOT, ""])


def _command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = command.context_class(command, info_name=name, parent=parent)
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f'.SS "{_escaped(f"{context.command_path} {pieces}")}"'
    yield from _paragraphs(command.help)
    if isinstance(command, Command):
        for title, options in command.options_by_section(context).items():
            own = [record for record in options if not record[0].endswith("--help")]
            if own:
                yield from (".PP", _text(f"{title}:"), *_options(own))
    if command.epilog:
        yield from (".PP", *_paragraphs(command.epilog))
    yield from _examples(context.command_path.partition(" ")[2])
    if isinstance(command, click.Group):
        for part in command.list_commands(context):
            own_command = command.get_command(context, part)
            assert own_command is not None
            yield from _command(own_command, part, context)


def _examples(name: str) -> Iterator[str]:
    for told, line in EXAMPLES.get(name, ()):
        yield from (".PP", _text(f"{told}:"), ".PP", ".RS 4", ".EX", _text(line), ".EE", ".RE")


def _records(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    found = (parameter.get_help_record(context) for parameter in command.get_params(context))
    return [record for record in found if record is not None]


def _options(records: list[tuple[str, str]]) -> Iterator[str]:
    for name, told in records:
        yield from (".TP", rf"\fB{_escaped(name)}\fR", _text(told))


def _paragraphs(text: str | None) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", inspect.cleandoc(text or ""))):
        if number:
            yield ".PP"
        yield _text(paragraph.replace("\b", ""))


def _text(text: str) -> str:
    """Return running text on one line that no macro is mistaken in."""
    line = _escaped(" ".join(text.split()))
    return rf"\&{line}" if line.startswith((".", "'")) else line


def _escaped(text: str) -> str:
    r"""Return text for roff; a hyphen stays one that can be copied, as \-."""
    for plain, written in (
        ("\\", r"\e"),
        ("-", r"\-"),
        ('"', r"\(dq"),
        ("^", r"\(ha"),
        ("~", r"\(ti"),
    ):
        text = text.replace(plain, written)
    return text


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
