"""Generated columns, made so only once PostgreSQL has computed every value that SQLite stores.

Tables are loaded with plain columns. An expression may be the same and give other values all the
same (-0.0, an overflow, an integer among reals), which only all the rows can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import psycopg

from dbtune.model.advice import Evidence, Finding
from dbtune.model.transfer import ColumnPlan, MigrationPlan, TablePlan
from dbtune.postgres import ddl
from dbtune.postgres.names import quote_name
from dbtune.postgres.server.migration_state import Connection

# What a table is called while its rows move; PostgreSQL would shorten a longer name.
_ASIDE = "dbtune_plain_columns"


@dataclass(frozen=True)
class _Refused:
    """A column that stays plain, and why in words."""

    column: ColumnPlan
    why: str


def with_plain_columns(plan: MigrationPlan) -> MigrationPlan:
    """Return the plan with generated columns as plain ones, to load what SQLite has in them."""
    return replace(plan, tables=tuple(_plain(table, table.columns) for table in plan.tables))


def generate_columns(connection: Connection, plan: MigrationPlan) -> MigrationPlan:
    """Make the planned columns generated; return the plan with those that stay plain, named.

    The tables are loaded with plain columns, in the schema that search_path names first, and
    have no keys yet. A table that has its generated columns from an earlier run is left alone
    but for those that stayed plain then.
    """
    tables, findings = [], []
    for table in plan.tables:
        wanted = [column for column in table.columns if column.generated_sql is not None]
        refused = _generate(connection, table, wanted) if wanted else ()
        tables.append(_plain(table, [found.column for found in refused]))
        findings += [_finding(table, found) for found in refused]
    return replace(plan, tables=tuple(tables), warnings=(*plan.warnings, *findings))


def _generate(
    connection: Connection, table: TablePlan, wanted: Sequence[ColumnPlan]
) -> tuple[_Refused, ...]:
    """Recreate a table with its generated columns, if their values prove right."""
    refused = tuple(
        _Refused(column, why)
        for column in wanted
        if (why := _difference(connection, table, column)) is not None
    )
    if len(refused) == len(wanted):
        return refused
    proven = _plain(table, [found.column for found in refused])
    if _is_generated(connection, proven):
        return refused
    try:
        with connection.transaction():
            _recreate(connection, proven)
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate[:2] in {"08", "53", "57", "58"}:
            raise  # the server's state, not the columns' fault
        return tuple(_Refused(column, str(error.diag.message_primary)) for column in wanted)
    return refused


def _difference(connection: Connection, table: TablePlan, column: ColumnPlan) -> str | None:
    """Return how the expression differs from the stored values, in words; None where equal."""
    computed = f"CAST(({column.generated_sql}) AS {column.pg_type})"
    stored = quote_name(column.target)
    query = (
        f"SELECT {stored}::text, {computed}::text FROM {quote_name(table.target)}"
        f" WHERE {_exact(computed, column)} IS DISTINCT FROM {_exact(stored, column)} LIMIT 1"
    )
    try:
        with connection.transaction():
            row = connection.execute(query.encode()).fetchone()
    except (psycopg.DataError, psycopg.NotSupportedError) as error:  # infinity to bigint is 0A000
        return f"PostgreSQL cannot compute it for all rows: {error.diag.message_primary}"
    if row is None:
        return None
    return f"SQLite has {_shown(row[0])} in a row where PostgreSQL computes {_shown(row[1])}"


def _exact(term: str, column: ColumnPlan) -> str:
    """Return a term that differs where the values do: 0.0 and -0.0 are equal otherwise."""
    if column.pg_type == "double precision":
        return f"float8send({term})"
    return f'({term})::text COLLATE "C"' if column.conversion == "text" else term


def _is_generated(connection: Connection, table: TablePlan) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND attgenerated <> ''",
        (quote_name(table.target),),
    ).fetchone()
    assert row is not None
    return int(str(row[0])) == sum(not column.loaded for column in table.columns)


def _recreate(connection: Connection, table: TablePlan) -> None:
    """Put a table with generated columns in the place of the one with plain columns."""
    name, columns = (
        quote_name(table.target),
        ", ".join(quote_name(column.target) for column in table.loaded_columns),
    )
    for column in table.columns:
        if column.identity:  # its sequence has the name that the new one will have
            own = quote_name(column.target)
            connection.execute(f"ALTER TABLE {name} ALTER COLUMN {own} DROP IDENTITY".encode())
    for statement in (
        f"ALTER TABLE {name} RENAME TO {_ASIDE}",
        ddl.create_table(table).sql,
        f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {_ASIDE}",
        f"DROP TABLE {_ASIDE}",
    ):
        connection.execute(statement.encode())


def _plain(table: TablePlan, plain: Sequence[ColumnPlan]) -> TablePlan:
    """Return a table whose given columns are not generated."""
    names = {column.target for column in plain}
    columns = tuple(
        replace(column, generated_sql=None, generated_virtual=False)
        if column.target in names
        else column
        for column in table.columns
    )
    return replace(table, columns=columns)


def _finding(table: TablePlan, refused: _Refused) -> Finding:
    subject = f"{table.source}.{refused.column.source}"
    return Finding(
        code="generated-column-plain",
        severity="medium",
        subject=subject,
        message=(
            f"{subject} is generated in SQLite and becomes a plain column with the values it has "
            f"now: {refused.why}."
        ),
        evidence=(Evidence("sql", str(refused.column.generated_sql)),),
        help="Set it in the application, or by a trigger on PostgreSQL.",
    )


def _shown(value: object) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
