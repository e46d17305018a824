"""The changes of a report as DDL that runs as it is, one statement a line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from dbtune.model.advice import Finding, Report
from dbtune.report.plain_text import printable

# apply-indexes makes these only where they are asked for by name.
_OPTIONAL_CODES = frozenset({"foreign-key-without-index"})

_UNWRITABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DDL = re.compile(r"\s*(?P<verb>CREATE|ALTER|DROP)\b", re.IGNORECASE)
# Quoted parts keep every character; between them only words and their order count.
_TOKEN = re.compile(
    r"""(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])"""
    r"""|(?P<space>(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))+)|(?P<other>.)""",
    re.DOTALL,
)


def to_sql(report: Report, *, drops: bool) -> str:
    """Return the DDL of all findings, indexes to create before those to drop.

    Every line is a statement ending in a semicolon, or a comment: drops are comments without
    `drops`, indexes that no measurement speaks for (is_optional) always are, and so is a
    statement that cannot be written on one line, since a name in it holds a line break or another
    control character. Empty where there is nothing to change.
    """
    optional, _ = _statements(report, optional=True)
    created, dropped = _statements(report, optional=False)
    lines = [_line(statement) for statement in created]
    lines += [_comment(_line(statement)) for statement in optional if statement not in created]
    lines += [_line(statement) if drops else _comment(_line(statement)) for statement in dropped]
    return "".join(f"{line}\n" for line in lines)


def is_optional(report: Report, finding: Finding) -> bool:
    """Return whether a finding of `analyze` proposes what no recorded query was measured with."""
    return report.command == "analyze" and finding.code in _OPTIONAL_CODES


def _statements(report: Report, *, optional: bool) -> tuple[list[str], list[str]]:
    """Split what the findings would run into (created or altered, dropped), each once."""
    created: dict[str, None] = {}
    dropped: dict[str, None] = {}
    for statement in _changes(report, optional):
        match = _DDL.match(statement)
        if match is not None:
            (dropped if match["verb"].upper() == "DROP" else created)[statement] = None
    return list(created), list(dropped)


def _changes(report: Report, optional: bool) -> Iterator[str]:
    for finding in report.findings:
        if finding.change is not None and is_optional(report, finding) == optional:
            yield from map(_on_one_line, finding.change.up)


def _on_one_line(statement: str) -> str:
    """Return SQL with white space and comments outside of quotes as single spaces."""
    parts = (" " if match["space"] else match[0] for match in _TOKEN.finditer(statement))
    return "".join(parts).strip().rstrip(";").rstrip()


def _line(statement: str) -> str:
    if _fits_on_a_line(statement):
        return f"{statement};"
    return f"-- not writable on one line, use dbtune apply-indexes: {printable(statement)};"


def _comment(line: str) -> str:
    return line if line.startswith("--") else f"-- {line}"


def _fits_on_a_line(statement: str) -> bool:
    # str.splitlines breaks at more than \n, a terminal obeys more than both, and no encoding
    # has the lone surrogates.
    return not any(unicodedata.category(char) in _UNWRITABLE for char in statement)
