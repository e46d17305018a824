"""Commands whose help shows options by section, and examples, and which know a typo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dbtune.cli.examples import EXAMPLES
from dbtune.cli.suggestions import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])

# The heading of what belongs to no part of a command: it comes last.
GENERAL = "Options"
# Where a parameter keeps the section of its help; click has no place for one.
_ATTRIBUTE = "dbtune_section"


def section(title: str, *options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return a decorator that adds the options, in their order, under a heading of the help.

    An option that comes with a section of its own keeps it.
    """

    def add(command: F) -> F:
        before = tuple(_parameters(command))
        # Click lists options in the reverse order of their application.
        for option in reversed(options):
            command = option(command)
        for parameter in _parameters(command):
            if parameter not in before and not hasattr(parameter, _ATTRIBUTE):
                setattr(parameter, _ATTRIBUTE, title)
        return command

    return add


def _parameters(command: Callable[..., Any]) -> list[click.Parameter]:
    """Return what decorators have added so far; click keeps it there until the command is made."""
    found: list[click.Parameter] = getattr(command, "__click_params__", [])
    return found


class Command(click.Command):
    """A command with sections of options, and examples from `dbtune.cli.examples`."""

    def options_by_section(self, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
        """Return each option as it is written and what it does, those of no section last."""
        sections: dict[str, list[tuple[str, str]]] = {}
        options = (each for each in self.get_params(ctx) if isinstance(each, click.Option))
        for parameter in options:
            record = parameter.get_help_record(ctx)
            if record is not None:
                title = getattr(parameter, _ATTRIBUTE, GENERAL)
                sections.setdefault(title, []).append(record)
        general = sections.pop(GENERAL, [])
        return {**sections, GENERAL: general}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a list of options for each section."""
        for title, options in self.options_by_section(ctx).items():
            with formatter.section(title):
                formatter.write_dl(options)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write examples behind the options; a line of them is never broken."""
        super().format_epilog(ctx, formatter)
        examples = EXAMPLES.get(ctx.command_path.partition(" ")[2], ())
        if not examples:
            return
        with formatter.section("Examples"):
            indent = " " * formatter.current_indent
            for told, line in examples:
                formatter.write(f"{indent}{told}:\n{indent}  {line}\n")


class CommandGroup(click.Group):
    """A group of such commands that says which one a typo may stand for."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; UsageError with what is like it where there is none."""
        name = args[0]
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(
                f'there is no command "{name}".{did_you_mean(name, known, ctx.command_path)}', ctx
            )
        return super().resolve_command(ctx, args)
