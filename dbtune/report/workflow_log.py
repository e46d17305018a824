"""Text of which the log of a CI system takes no line for a command.

GitHub's runner reads stdout and stderr: a line that begins with ::, after any spaces, or that holds
##[ anywhere, may set outputs of a step and hide what comes later. Azure's reads ##vso[, TeamCity's
##teamcity[. Names and statements come from files and from an application's users.
Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)


def without_commands(text: str) -> str:
    """Return text in which the first character of each such command is an escape.

    The escape is JSON's, so that a JSON document still says the same.
    """
    if "::" not in text and "##" not in text:
        return text
    return _COMMAND.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return "\\u0023" if match[1] is None else f"{match[1]}\\u003a"
