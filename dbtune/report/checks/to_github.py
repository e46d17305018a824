"""Problems as annotations of a GitHub workflow, which stand beside the lines they are about.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.report.checks.call_site import is_absolute
from dbtune.report.checks.problem import LEVELS, Judgement, Level, Problem
from dbtune.report.plain_text import printable

_COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
# GitHub shows no more of each kind from one step, and drops the rest without a word.
# https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations
_SHOWN = 10


def to_github(judgements: Iterable[Judgement]) -> str:
    """Return the annotations, a line each, the most severe first; nothing where there are none.

    Of each kind those that GitHub shows, and a notice that says how many are left out.
    """
    found = [(problem, judgement) for judgement in judgements for problem in judgement.problems]
    lines: list[str] = []
    left: list[str] = []
    for level in LEVELS:
        # Those that stand beside a line of the application come first.
        own = sorted(
            (pair for pair in found if pair[0].level == level), key=lambda pair: not pair[0].file
        )
        # The last notice is the one that says what is left out.
        room = _SHOWN - 1 if level == "note" and (left or len(own) > _SHOWN) else _SHOWN
        lines += (_annotation(*pair) for pair in own[:room])
        if len(own) > room:
            left.append(f"{len(own) - room} of {len(own)} {_COMMANDS[level]}s")
    if left:
        lines.append(_left_out(left))
    return "".join(f"{line}\n" for line in lines)


def _annotation(problem: Problem, judgement: Judgement) -> str:
    properties = {"title": f"{problem.code} {problem.subject}"}
    place = f"in {judgement.subject}"
    if problem.file is not None and is_absolute(problem.file):
        # No file of the repository: GitHub would drop the annotation.
        place = f"at {problem.file}:{problem.line}"
    elif problem.file is not None:
        properties = {"file": problem.file, "line": str(problem.line), **properties}
        place = ""
    parts = (problem.message, problem.help, problem.command, place)
    message = "\n".join(printable(part) for part in parts if part)
    return _command(_COMMANDS[problem.level], properties, message)


def _left_out(left: list[str]) -> str:
    told = " and ".join(left)
    message = (
        f"GitHub shows {_SHOWN} annotations of each kind from one step: {told} are left out. "
        "A report has all of them: dbtune report RUN -o report.html."
    )
    return _command("notice", {"title": "dbtune"}, message)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{key}={_property(printable(value))}" for key, value in properties.items())
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
