"""What is wrong by a run's own judgement, and what was looked at and found in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Problem:
    """One thing found. `code` is its stable kebab-case id, `subject` what it is about.

    `help` says what to do, `command` is the exact command or SQL, "" where there is none.
    `file` and `line` are the line of the application behind it, where the recording has it: below
    the working directory a relative path, else an absolute one, with slashes.
    """

    code: str
    level: Level
    subject: str
    message: str
    help: str = ""
    command: str = ""
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Check:
    """Something that was looked at and has no problem, or of which nothing is known.

    `kind` is what it is, such as "query" or "table"; `reason` says why nothing is known.
    """

    kind: str
    subject: str
    known: bool = True
    reason: str = ""


@dataclass(frozen=True)
class Judgement:
    """All that one run judges: what programs read of it in SARIF, JUnit and annotations.

    `subject` is the file that it judges, a path as those of problems are, `page` the page of the
    documentation with all of its codes.
    """

    command: str
    subject: str
    created_at: str
    dbtune_version: str
    page: str
    problems: tuple[Problem, ...]
    checks: tuple[Check, ...] = ()
