"""The help of commands: options by section, and examples."""

from __future__ import annotations

import click
import pytest

from dbtune.cli.command import Command, section
from dbtune.cli.examples import EXAMPLES
from tests.fixtures.commands import commands
from tests.fixtures.in_process import run_here


def test_options_stand_under_their_sections_and_the_rest_comes_last() -> None:
    """In the order in which they were added; one that has a section keeps it."""

    @click.command("x", cls=Command)
    @click.option("--free")
    @section(
        "Outer", section("Inner", click.option("--a"), click.option("--b")), click.option("--c")
    )
    @click.argument("file")
    def command(**_: object) -> None:
        """Do it."""

    text = command.get_help(click.Context(command, info_name="x"))
    titles = [line for line in text.splitlines() if line.endswith(":")]
    assert titles == ["Inner:", "Outer:", "Options:"]
    words = text.split()
    assert [word for word in words if word.startswith("--")] == [
        "--a",
        "--b",
        "--c",
        "--free",
        "--help",
    ]


def parts() -> dict[str, click.Command]:
    """Return every command that does something, by what is typed behind `dbtune`."""
    found: dict[str, click.Command] = {}
    for name, command in commands().items():
        if isinstance(command, click.Group):
            found.update({f"{name} {part}": own for part, own in command.commands.items()})
        else:
            found[name] = command
    return found


def test_every_command_has_examples() -> None:
    """And there are none of a command that there is not."""
    assert set(EXAMPLES) == set(parts())


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_ends_with_examples_on_a_line_each(name: str) -> None:
    """Whole, so that they can be copied; what they are for is no longer than a line."""
    text = run_here(*name.split(), "--help").stdout
    examples = text.partition("\nExamples:\n")[2].splitlines()
    assert examples == [
        line for told, example in EXAMPLES[name] for line in (f"  {told}:", f"    {example}")
    ]
    assert all(f"dbtune {name}" in example for _, example in EXAMPLES[name])
    assert max(map(len, examples)) <= 100 and all(len(told) < 76 for told, _ in EXAMPLES[name])
