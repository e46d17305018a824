"""`dbtune completion`: what teaches a shell to complete dbtune's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from dbtune.cli.command import Command

_SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}
# Where each shell finds it by itself, without a line in its start-up file.
_PLACES = {
    "bash": "~/.local/share/bash-completion/completions/dbtune",
    "zsh": "~/.zfunc/_dbtune",
    "fish": "~/.config/fish/completions/dbtune.fish",
}
# From its fpath zsh runs the script as a function: click's own completes for the first time only,
# and at the second just registers what it has defined.
_ENDS = {
    "zsh": """
if [[ $funcstack[1] == _dbtune && $zsh_eval_context[-1] != loadautofunc ]]; then
    _dbtune_completion "$@"
fi
"""
}
# Click's own for fish cuts what a command does at its first comma.
_CUT, _WHOLE = 'string split "," $completion', 'string split -m 1 "," $completion'
_MORE = {"zsh": ", with fpath+=~/.zfunc before compinit in ~/.zshrc"}


@click.command("completion", cls=Command, short_help="Print what lets your shell complete dbtune.")
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(_SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options, choices and files.

    Needs bash 4.4, zsh or fish. Write it where your shell looks, as in the examples, and start
    a new shell.
    """
    root = ctx.find_root().command
    completion = _SHELLS[shell](root, {}, "dbtune", "_DBTUNE_COMPLETE")
    # Not completion.source(): for bash that runs bash to ask for its version, which is not
    # installed in every image in which the script is made.
    script = completion.source_template % completion.source_vars() + _ENDS.get(shell, "")
    script = script.replace(_CUT, _WHOLE)
    # The first line stays first: zsh knows by it what the file completes.
    first, _, rest = script.partition("\n")
    place = f"# dbtune completion {shell} > {_PLACES[shell]}{_MORE.get(shell, '')}"
    lines = (first, place, rest) if first.startswith("#") else (place, script)
    click.echo("\n".join(lines), nl=False)
