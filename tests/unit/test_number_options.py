"""Options that take a number take no "nan", which compares with nothing."""

from __future__ import annotations

import click
import pytest

from dbtune.cli.main import COMMANDS, group


def number_options() -> list[object]:
    """Return each option of each command that takes any number, not only whole ones."""
    context = click.Context(group)
    return [
        pytest.param(parameter, id=f"{name} {parameter.opts[0]}")
        for name in COMMANDS
        if (command := group.get_command(context, name)) is not None
        for parameter in command.get_params(click.Context(command))
        if isinstance(parameter.type, click.types.FloatParamType)
    ]


@pytest.mark.parametrize("option", number_options())
def test_nan_is_refused(option: click.Parameter) -> None:
    """As a wrong option, before anything is done."""
    context = click.Context(click.Command("any"))
    with pytest.raises(click.BadParameter):
        option.process_value(context, ("nan",) if option.multiple else "nan")
