"""What a mistyped name may stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import click

# More than that is a list, which --help has.
_MOST = 3
# Under it a suggestion has little to do with the word: "restor" and "record" are at 0.67.
_CLOSE = 0.65


def similar_names(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that begin with the word, contain it or are like it, the best first."""
    known = list(names)
    lower = word.lower()
    by_part: list[str] = []
    if len(lower) >= 3:
        by_part = [name for name in known if name.lower().startswith(lower)]
        by_part += [name for name in known if lower in name.lower()]
        by_part += [name for name in known if lower.startswith(name.lower())]
    close = get_close_matches(lower, known, n=_MOST, cutoff=_CLOSE)
    return tuple(dict.fromkeys(by_part or close))[:_MOST]


def did_you_mean(word: str, names: Iterable[str], before: str = "") -> str:
    """Return ` Did you mean "dbtune analyze"?` with a space before, or nothing.

    `before` is what is written before such a name, as on a command line.
    """
    found = similar_names(word, names)
    if not found:
        return ""
    told = " or ".join(f'"{before} {name}"' if before else f'"{name}"' for name in found)
    return f" Did you mean {told}?"


def explain_option(
    error: click.NoSuchOption, root: click.Group, commands: Sequence[str]
) -> click.ClickException:
    """Return the error about an unknown option with where the option, or a command, belongs.

    Three slips that being like another option does not explain: a command written as an option,
    an option of a command written before it, and an option of `dbtune` written behind it.
    """
    context, option = error.ctx, error.option_name
    if context is None:
        return error
    name = option.lstrip("-")
    if context.parent is None:
        if name in commands:
            return _told(error, f'Did you mean "dbtune {name}"?')
        if any(_has(root.get_command(context, command), option) for command in commands):
            return _told(error, f'It belongs behind a command: "dbtune COMMAND {option}".')
    elif _has(root, option):
        return _told(
            error, f'It belongs before the command: "dbtune {option} {context.info_name}".'
        )
    return error


def _has(command: click.Command | None, option: str) -> bool:
    return command is not None and any(
        option in parameter.opts
        for parameter in command.params
        if isinstance(parameter, click.Option)
    )


def _told(error: click.NoSuchOption, where: str) -> click.UsageError:
    return click.UsageError(f'there is no option "{error.option_name}" here. {where}', error.ctx)
