"""CHECK constraints: translated, dropped where the type says the same, or reported."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import product

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import fold_name
from dbtune.model.transfer import CheckPlan, ColumnPlan
from dbtune.postgres.names import unique_name
from dbtune.postgres.objects.moment_forms import normal_form
from dbtune.postgres.objects.planned_table import PlannedTable
from dbtune.postgres.objects.source_facts import Rows, TableFacts
from dbtune.postgres.translation.expressions import TranslationOptions, translate_condition
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.constraints import CheckText
from dbtune.sqlite.tokens import tokenize, unquote_name

# All combinations of their values are tried: 3 to this power.
_MOST_BOOLEANS = 4
_NAME = r"(?:\w+|\"[^\"]*\"|`[^`]*`|\[[^]]*\])"
_JSON_VALID = re.compile(rf"(?:{_NAME}isnullor)?\(?json_valid\({_NAME}\)\)?(?:or{_NAME}isnull)?")
# As SQLite spells true and false, by what a column really holds.
_NUMBERS = ((0, 1, None),)
_TEXTS = (("0", "1", None), ("t", "f", None), ("true", "false", None))


@dataclass(frozen=True)
class PlannedChecks:
    """CHECKs to create, what to report, and (name, SQL) of those that do not move."""

    checks: tuple[CheckPlan, ...] = ()
    findings: tuple[Finding, ...] = ()
    saved_sql: tuple[tuple[str, str], ...] = ()


def plan_checks(
    planned: PlannedTable,
    facts: TableFacts,
    options: TranslationOptions,
    names_taken: frozenset[str],
) -> PlannedChecks:
    """Return the CHECKs of a table; `names_taken` are those of its other constraints."""
    taken = set(names_taken)
    checks: list[CheckPlan] = []
    findings: list[Finding] = []
    saved: list[tuple[str, str]] = []
    for position, check in enumerate(planned.constraints.checks):
        if _is_boolean(check, planned) or _is_json(check, planned):
            continue
        broken = facts.broken_checks[position] if position < len(facts.broken_checks) else Rows()
        translation = translate_condition(f"{check.sql}\n", planned.scope, options)
        if translation.sql is None:
            findings.append(_not_translated(planned, check, translation.problems))
            saved.append((_subject(planned, check), f"CHECK ({check.sql})"))
            continue
        name = unique_name(check.name or _derived_name(planned, check), taken)
        taken.add(name)
        valid = broken.count == 0 and broken.error is None
        checks.append(CheckPlan(name, translation.sql, validated=valid))
        if not valid:
            findings.append(_not_valid(planned, check, name, broken))
        if translation.differences:
            findings.append(_differs(planned, check, name, translation.differences))
    return PlannedChecks(tuple(checks), tuple(findings), tuple(saved))


def _is_json(check: CheckText, planned: PlannedTable) -> bool:
    """Return whether a CHECK only says that a column is JSON, which its type says now."""
    found = _JSON_VALID.fullmatch(normal_form(check.sql))
    columns = _mentioned(check, planned)
    return found is not None and [c.conversion in {"json", "jsonb"} for c in columns] == [True]


def _is_boolean(check: CheckText, planned: PlannedTable) -> bool:
    """Return whether a CHECK only says that columns are boolean, which their type says now.

    SQLite itself tries it on all values that a boolean column can have held.
    """
    columns = _mentioned(check, planned)
    if not 0 < len(columns) <= _MOST_BOOLEANS:
        return False
    if any(column.conversion != "boolean" for column in columns):
        return False
    spellings = _TEXTS if any(column.counts.texts for column in columns) else _NUMBERS
    return any(_holds_for(check.sql, columns, values) for values in spellings)


def _mentioned(check: CheckText, planned: PlannedTable) -> tuple[ColumnPlan, ...]:
    words = {
        fold_name(unquote_name(token))
        for token in tokenize(check.sql)
        if token.kind in {"word", "name"}
    }
    return tuple(column for column in planned.columns if fold_name(column.source) in words)


def _holds_for(
    sql: str, columns: tuple[ColumnPlan, ...], values: tuple[str | int | None, ...]
) -> bool:
    names = [quote_identifier(column.source) for column in columns]
    declared = ", ".join(f"{name} NUMERIC" for name in names)
    marks = ", ".join("?" * len(names))
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            connection.execute(f"CREATE TABLE t ({declared}, CHECK ({sql}\n))")
            for row in product(values, repeat=len(names)):
                connection.execute(f"INSERT INTO t VALUES ({marks})", row)
        except sqlite3.Error:
            return False
    return True


def _derived_name(planned: PlannedTable, check: CheckText) -> str:
    column = None if check.column is None else planned.column(check.column)
    return f"{planned.target}_{column.target}_check" if column else f"{planned.target}_check"


def _subject(planned: PlannedTable, check: CheckText) -> str:
    named = check.name or check.column
    return f"{planned.source}.{named}" if named else planned.source


def _described(planned: PlannedTable, check: CheckText) -> str:
    named = f" {check.name}" if check.name else ""
    return f"The CHECK{named} ({' '.join(check.sql.split())}) of {planned.source}"


def _not_translated(planned: PlannedTable, check: CheckText, problems: tuple[str, ...]) -> Finding:
    return Finding(
        code="check-not-translated",
        severity="medium",
        subject=_subject(planned, check),
        message=f"{_described(planned, check)} is not created: {'; '.join(problems)}.",
        evidence=(Evidence("sql", check.sql),),
        help="Its SQL is saved with the report: write it for PostgreSQL by hand.",
    )


def _not_valid(planned: PlannedTable, check: CheckText, name: str, broken: Rows) -> Finding:
    why = (
        f"SQLite could not try it on the stored rows ({broken.error})"
        if broken.error
        else f"{broken.described} break{'s' if broken.count == 1 else ''} it"
    )
    return Finding(
        code="check-not-valid",
        severity="medium",
        subject=_subject(planned, check),
        message=(
            f"{_described(planned, check)}: {why}. It is created NOT VALID: PostgreSQL keeps "
            "these rows and checks new and changed ones."
        ),
        evidence=(Evidence("rows", broken.count), Evidence("first_rows", broken.first)),
        help=f"Mend the rows, then ALTER TABLE ... VALIDATE CONSTRAINT {quote_identifier(name)}.",
    )


def _differs(
    planned: PlannedTable, check: CheckText, name: str, differences: tuple[str, ...]
) -> Finding:
    return Finding(
        code="check-differs",
        severity="low",
        subject=_subject(planned, check),
        message=f"{_described(planned, check)} is created as {name}: {'; '.join(differences)}.",
        evidence=(Evidence("sql", check.sql),),
    )
