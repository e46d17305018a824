"""unplannable-query: SQLite cannot prepare a recorded statement against this database."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.statements.not_analysed import Reason, reason
from dbtune.advisor.wording import counted, shown, statement
from dbtune.model.advice import Evidence, Finding

CODE = "unplannable-query"

_MISSING_TABLE = re.compile(r"no such table: (?:main\.)?(.+)", re.DOTALL)
_MISSING_COLUMN = re.compile(r"no such column: (.+)", re.DOTALL)


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each shape that cannot be prepared, the most frequent first."""
    failed = (shape for shape in facts.shapes if shape.error is not None)
    return tuple(
        _finding(facts, shape, shape.error or "")
        for shape in sorted(failed, key=lambda s: s.shape.count, reverse=True)
    )


def _finding(facts: Facts, shape: ShapeFacts, error: str) -> Finding:
    text = shape.shape.samples[0].text if shape.shape.samples else shape.shape.template
    why = reason(text, error)
    return Finding(
        code=CODE,
        # What lies outside this database is no fault of the statement.
        severity="medium" if why.mistaken else "low",
        subject=shape.shape.id,
        message=(
            f"A statement that was recorded {counted(shape.shape.count, 'time')} was not "
            f"analysed, because {why.because}: {statement(text)}"
        ),
        evidence=(
            Evidence("reason", why.kind),
            Evidence("error", error),
            Evidence("statement", text),
            Evidence("calls_count", shape.shape.count),
        ),
        help=_help(facts, why, error),
    )


def _help(facts: Facts, why: Reason, error: str) -> str:
    if not why.mistaken:
        return "The statement may be fine; it was left out of the advice."
    near = _suggestion(facts, error)
    meant = f"Did you mean {shown(near)}? " if near is not None else ""
    return (
        f"{meant}Check that the recording is of this database and of its present schema; the "
        "statement was left out of the advice."
    )


def _suggestion(facts: Facts, error: str) -> str | None:
    match = _MISSING_TABLE.search(error)
    if match:
        names = [table.name for table in facts.schema.tables]
        return _closest(match.group(1), [*names, *(view.name for view in facts.schema.views)])
    match = _MISSING_COLUMN.search(error)
    if match:
        wanted = match.group(1).rsplit(".", 1)[-1]
        return _closest(wanted, {c.name for t in facts.schema.tables for c in t.columns})
    return None


def _closest(wanted: str, names: Iterable[str]) -> str | None:
    found = difflib.get_close_matches(wanted, sorted(names), n=1)
    return found[0] if found else None
