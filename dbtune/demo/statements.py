"""The statements that the platform's pages send, read from sql/platform/queries_*.sql."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dbtune.resources import sql

_FILES = ("queries_cooking", "queries_social", "queries_office")

_SECTION = re.compile(
    r"^-- name: (?P<name>\w+)\n"
    r"-- at: (?P<path>\S+):(?P<line>\d+)\n"
    r"-- takes: (?P<fixed>\d+) \+ (?P<growing>\d+)\n"
    r"(?P<text>.+?)(?=\n\n-- name: |\s*\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Statement:
    """A statement with placeholders, the line of the application that sends it, and its time.

    One execution takes `fixed_us` and, for what it has to search through, `growing_us` more at
    scale 1. Both were measured once on a platform of scale 1; they are not this machine's.
    """

    name: str
    text: str
    file_path: str
    line_number: int
    fixed_us: int
    growing_us: int


def read_statements() -> Mapping[str, Statement]:
    """Return the platform's statements by name, in the order of the files."""
    found = (
        _statement(section)
        for file in _FILES
        for section in _SECTION.finditer(sql(f"platform/{file}"))
    )
    return MappingProxyType({statement.name: statement for statement in found})


def _statement(section: re.Match[str]) -> Statement:
    return Statement(
        name=section["name"],
        text=_as_sent(section["text"]),
        file_path=section["path"],
        line_number=int(section["line"]),
        fixed_us=int(section["fixed"]),
        growing_us=int(section["growing"]),
    )


def _as_sent(text: str) -> str:
    # SQLAlchemy sends each clause on its own line, with a blank before the line break.
    return text.replace("\n    ", " ").replace("\n", " \n")
