"""Command lines in the blocks of the pages are complete: dbtune would take each as it stands.

Files and servers aside: what is named in a block need not be there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dbtune.cli.main import COMMANDS
from tests.documents import DOCUMENTS, blocks, indented_blocks, read
from tests.fixtures.commands import root_context

_SHELLS = frozenset({"sh", "console"})
_OPERATORS = frozenset("();<>|&")
_ASSIGNMENT = re.compile(r"\w+=")


def command_lines(text: str) -> Iterator[str]:
    """Yield what is typed in the blocks of a page, continued lines as one."""
    for block in blocks(text):
        if block.language not in _SHELLS:
            continue
        code = block.code.replace("\\\n> ", " ").replace("\\\n", " ")
        for line in code.splitlines():
            if block.language == "sh":
                yield line
            elif line.startswith("$ "):
                yield line.removeprefix("$ ")
    yield from (line for code in indented_blocks(text) for line in code.splitlines())


def invocations(line: str) -> Iterator[list[str]]:
    """Yield the arguments of each dbtune that a line of a shell starts, also in a container."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # a text in quotes goes on in the next line
        return
    command: list[str] = []
    for word in (*words, ";"):
        if not set(word) <= _OPERATORS:
            command.append(word)
            continue
        yield from _arguments(command)
        command = []


def _arguments(command: list[str]) -> Iterator[list[str]]:
    words = list(command)
    while words and _ASSIGNMENT.match(words[0]):
        words.pop(0)
    for place, word in enumerate(words):
        arguments = words[place + 1 :]
        known = bool(arguments) and arguments[0] in COMMANDS
        if word == "dbtune" and (place == 0 or known):
            yield arguments
            return


def problem(arguments: list[str], context: click.Context | None = None) -> str | None:
    """Return what is wrong with a command's arguments, dbtune's first; None where nothing is."""
    context = context or root_context()
    command = context.command
    try:
        given, left, _ = command.make_parser(context).parse_args(list(arguments))
        if given.get("help") or given.get("version"):
            return None
        if isinstance(command, click.Group):
            part = command.get_command(context, left[0]) if left else None
            if part is None:
                return f"{command.name} has no command of {left}"
            return problem(left[1:], click.Context(part, context, part.name))
        for parameter in command.params:
            _check(parameter, given.get(parameter.name or ""), context)
    except click.UsageError as error:
        return error.message
    return None


def _check(parameter: click.Parameter, value: object, context: click.Context) -> None:
    given = isinstance(value, (str, tuple, list)) and bool(value)  # or click's mark of none
    if isinstance(parameter, click.Argument) and parameter.required and not given:
        raise click.UsageError(f"{parameter.human_readable_name} is missing")
    if isinstance(parameter.type, click.Choice):
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(one, str):
                parameter.type.convert(one, parameter, context)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_command_lines_are_taken_as_they_stand(path: Path) -> None:
    """Commands, options long and short, their choices, and arguments that have to be there."""
    wrong = [
        (line.strip(), told)
        for line in command_lines(read(path))
        for arguments in invocations(line)
        if (told := problem(arguments))
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dbtune analyze app.db --queries f > report.txt  # why", None),
        ("zcat f | dbtune -q analyze app.db --queries -", None),
        ("NAME=1 dbtune record -o f -- flask --app app run", None),
        ("docker run --rm -v x:/data dbtune analyze /data/app.db", None),
        ("docker run --entrypoint dbtune image record -- gunicorn", None),
        ("dbtune monitor app.db -Z", "-Z"),
        ("dbtune analyse app.db", "analyse"),
        ("dbtune embedded strat DIR", "strat"),
        ("dbtune report run.json --format htlm", "htlm"),
        ("make && dbtune apply-indexes", "is missing"),
        ("docker run dbtune analyze /data/app.db --querys f", "--querys"),
    ],
)
def test_lines_that_dbtune_would_refuse_are_seen(line: str, told: str | None) -> None:
    """The check above finds what it looks for."""
    found = [problem(arguments) for arguments in invocations(line)]
    if told is None:
        assert not any(found)
    else:
        assert told in str(found)
