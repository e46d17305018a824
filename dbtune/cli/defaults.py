"""Options that are set in a file or in the environment, by their names on the command line.

Click knows both by the parameter in Python, which is another where the option's own name would hide
a module or a built-in: `--json`, `--type`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from dbtune.cli.suggestions import did_you_mean
from dbtune.config import configuration_file
from dbtune.errors import ConfigurationError


def use_defaults(ctx: click.Context, tables: Mapping[str, Any]) -> None:
    """Give the command that is about to run what the file and the environment set for it.

    Raises ConfigurationError for a table of no command, and an option that the command has not.
    """
    group, name = ctx.command, ctx.invoked_subcommand
    assert isinstance(group, click.Group)
    known = group.list_commands(ctx)
    for table in tables:
        if table not in known:
            raise ConfigurationError(
                f'{configuration_file()}: "{table}" is no command.{did_you_mean(table, known)}',
                hint="write a table for each command, such as [analyze]",
            )
    command = group.get_command(ctx, name) if name else None
    if name and command:
        _name_variables(command, f"{ctx.auto_envvar_prefix}_{_as_variable(name)}")
        ctx.default_map = {name: _by_parameter(command, name, tables.get(name, {}))}


def option_names(command: click.Command) -> dict[str, click.Option]:
    """Return a command's options by what a file calls them, such as "min-gain"."""
    options = (each for each in command.params if isinstance(each, click.Option))
    return {_long_name(option): option for option in options}


def _long_name(option: click.Option) -> str:
    return next(name for name in option.opts if name.startswith("--")).removeprefix("--")


def _as_variable(name: str) -> str:
    return name.replace("-", "_").upper()


def _name_variables(command: click.Command, prefix: str) -> None:
    for name, option in option_names(command).items():
        option.envvar = f"{prefix}_{_as_variable(name)}"
    for name, part in _parts(command):
        _name_variables(part, f"{prefix}_{_as_variable(name)}")


def _parts(command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        yield from command.commands.items()


def _by_parameter(command: click.Command, path: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the names of parameters in place of those of options."""
    options, parts = option_names(command), dict(_parts(command))
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name in parts and isinstance(value, Mapping):
            found[name] = _by_parameter(parts[name], f"{path} {name}", value)
        elif name in options:
            found[str(options[name].name)] = value
        else:
            raise ConfigurationError(
                f"{configuration_file()}: dbtune {path} has no option --{name} (it is {value!r})."
                f"{did_you_mean(name, (*options, *parts))}",
                hint=f"dbtune {path} --help lists its options",
            )
    return found
