"""A value as the type of the column that it is written to."""

from __future__ import annotations

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.translation.coercion import as_number, as_text
from dbtune.postgres.translation.json_functions import document
from dbtune.postgres.translation.literals import literal_sql
from dbtune.postgres.translation.terms import CAST, MOMENTS, NUMBERS, Kind, Term, cast, kind_of_type
from dbtune.postgres.translation.translator import Translator

_EPOCHS = {"epoch_s": "", "epoch_ms": " / 1000.0", "epoch_us": " / 1000000.0"}


def assigned(t: Translator, term: Term, column: ColumnPlan) -> Term:
    """Return a value as a column of the plan takes it."""
    kind = kind_of_type(column.pg_type)
    if term.constant is not None:
        sql = literal_sql(term.constant.value, column)
        if sql is None:
            return t.problem(f"not translatable: {term.sql} as a value of {column.source}")
        return Term(sql, kind)
    if column.conversion in _EPOCHS and term.kind not in MOMENTS:
        seconds = as_number(t, term).sql
        return Term(f"to_timestamp({seconds}{_EPOCHS[column.conversion]})", kind)
    if term.placeholder is not None:
        return t.parameter(term, kind)
    if term.kind in {kind, "null"} or kind == "other":
        return term
    return _converted(t, term, kind, column)


def _converted(t: Translator, term: Term, kind: Kind, column: ColumnPlan) -> Term:
    if kind in NUMBERS:
        return cast(as_number(t, term), kind)
    if kind == "text":
        return as_text(t, term)
    if kind == "boolean":
        number = as_number(t, term)
        return Term(f"({number.at(CAST)}::integer)::boolean", kind, CAST)
    if kind in MOMENTS and term.instant is not None:
        sql = f"({term.instant.sql})"
        zoned = f"({sql} AT TIME ZONE 'UTC')" if kind == "timestamptz" else sql
        return Term(f"date_trunc('second', {zoned})" if kind != "date" else f"{sql}::date", kind)
    if kind in {"json", "jsonb"}:
        return cast(document(t, term), kind)
    if kind in MOMENTS | {"uuid"} and term.kind in MOMENTS | {"text"}:
        return cast(term, kind)
    return t.problem(f"not translatable: a {term.kind} value in {column.source}")
