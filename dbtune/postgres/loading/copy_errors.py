"""What went wrong while copying, told with the table, the row and the value."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg

from dbtune.errors import TargetError
from dbtune.model.transfer import TablePlan
from dbtune.postgres.loading.encode import EncodeError
from dbtune.postgres.server.target import target_failure

# From a line of COPY, counted from 0, to the row's name; None where it cannot be found.
FindRow = Callable[[int], "str | None"]

_AS_THEY_WERE = "nothing of the table became visible"
# Data exceptions, broken constraints, limits such as that of a row's size.
_OF_A_ROW = {"22", "23", "54"}
_NUMBER = re.compile(r"\D*(\d+)")
_VALUE_SHOWN = 60


def value_error(error: EncodeError, table: TablePlan, row: str | None) -> TargetError:
    """Return the error for a value that its column's conversion does not take."""
    return TargetError(
        f"{_where(table, row)}: {error.column} = {error}",
        hint=f"choose another type: --type {table.source}.{error.column}=text; {_AS_THEY_WERE}",
    )


def copy_error(error: psycopg.Error, table: TablePlan, find_row: FindRow) -> TargetError:
    """Return the error for what PostgreSQL said to a COPY, with the row where it named a line."""
    line = _line(error, table) if (error.sqlstate or "")[:2] in _OF_A_ROW else None
    if line is None:
        return target_failure(error, f"copying table {table.source}")
    row = find_row(line - 1)
    column, value = error.diag.column_name, _value(error)
    said = error.diag.message_primary or str(error)
    what = "" if value is None else f" ({column or 'the value'} is {value})"
    return TargetError(
        f"{_where(table, row)}: PostgreSQL refuses it: {said}{what}",
        hint=f"choose another type with --type, or mend the row; {_AS_THEY_WERE}",
    )


def _where(table: TablePlan, row: str | None) -> str:
    return f"{table.source} {row}" if row else f"table {table.source}"


def _line(error: psycopg.Error, table: TablePlan) -> int | None:
    """Return the line in "COPY orders, line 5, column total: ...", whose words are translated."""
    context = error.diag.context or ""
    start = f"COPY {table.target}, "
    found = _NUMBER.match(context[len(start) :]) if context.startswith(start) else None
    return int(found[1]) if found else None


def _value(error: psycopg.Error) -> str | None:
    """Return the value that the context ends with, cut where it is long."""
    context = (error.diag.context or "").splitlines()[0]
    _, colon, value = context.partition(': "')
    if not colon:
        return None
    value = value.rstrip('"')
    return f'"{value[:_VALUE_SHOWN]}..."' if len(value) > _VALUE_SHOWN else f'"{value}"'
