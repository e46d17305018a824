"""Options that take a number take no "nan", which compares with nothing."""

from __future__ import annotations

import click
import pytest

from tests.fixtures.commands import commands, parameters_of


def number_options() -> list[object]:
    """Return each option of each command that takes any number, not only whole ones."""
    return [
        pytest.param(parameter, id=f"{name} {parameter.opts[0]}")
        for name, command in commands().items()
        for parameter in parameters_of(command)
        if isinstance(parameter.type, click.types.FloatParamType)
    ]


@pytest.mark.parametrize("option", number_options())
def test_nan_is_refused(option: click.Parameter) -> None:
    """As a wrong option, before anything is done."""
    context = click.Context(click.Command("any"))
    with pytest.raises(click.BadParameter):
        option.process_value(context, ("nan",) if option.multiple else "nan")
