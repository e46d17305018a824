"""What a migration planned and PostgreSQL would not have, remembered for later comparisons."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass, replace

from psycopg.rows import class_row

from dbtune.model.transfer import MigrationPlan, TablePlan
from dbtune.postgres.server.migration_state import Connection
from dbtune.resources import sql


@dataclass(frozen=True)
class LeftOut:
    """One such object: `kind` as `compare_plans` has them, `name` on PostgreSQL.

    "validation" is that of a foreign key, "generated" that of a column which is plain.
    """

    source_table: str
    kind: str
    name: str


def compare_plans(planned: MigrationPlan, promised: MigrationPlan) -> tuple[LeftOut, ...]:
    """Return what is planned and not promised."""
    kept = {table.source: frozenset(_objects(table)) for table in promised.tables}
    found = [
        made
        for table in planned.tables
        for made in _objects(table)
        if made not in kept[table.source]
    ]
    views = {view.source for view in promised.views}
    gone = [LeftOut(v.source, "view", v.target) for v in planned.views if v.source not in views]
    return (*found, *gone)


def without_left_out(plan: MigrationPlan, left_out: Collection[LeftOut]) -> MigrationPlan:
    """Return a plan that promises nothing of what was left out."""
    gone = frozenset(left_out)
    views = tuple(v for v in plan.views if LeftOut(v.source, "view", v.target) not in gone)
    return replace(plan, tables=tuple(_without(table, gone) for table in plan.tables), views=views)


def write_left_out(
    connection: Connection, migration_id: str, left_out: Collection[LeftOut]
) -> None:
    """Write down what was left out; part of the transaction that publishes."""
    if not left_out:
        return
    connection.execute(sql("postgres/create_left_out").encode())
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO dbtune.migration_left_out VALUES (%s, %s, %s, %s)",
            [(migration_id, *astuple(found)) for found in left_out],
        )


def read_left_out(connection: Connection, schema: str) -> tuple[LeftOut, ...]:
    """Return what the last migration into a schema left out."""
    row = connection.execute(
        "SELECT has_schema_privilege(relnamespace, 'USAGE') FROM pg_catalog.pg_class"
        " WHERE relname = 'migration_left_out' AND relnamespace ="
        " (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'dbtune')"
    ).fetchone()
    if row is None or not row[0]:
        return ()
    with connection.cursor(row_factory=class_row(LeftOut)) as cursor:
        cursor.execute(sql("postgres/left_out").encode(), {"schema": schema})
        return tuple(cursor.fetchall())


def _objects(table: TablePlan) -> Iterator[LeftOut]:
    if table.primary_key:
        yield LeftOut(table.source, "primary key", table.primary_key_name or "")
    for index in table.indexes:
        yield LeftOut(table.source, "index", index.target)
    for check in table.checks:
        yield LeftOut(table.source, "check", check.target)
    for key in table.foreign_keys:
        yield LeftOut(table.source, "foreign key", key.target)
        if key.validated:
            yield LeftOut(table.source, "validation", key.target)
    for column in table.columns:
        if not column.loaded:
            yield LeftOut(table.source, "generated", column.target)


def _without(table: TablePlan, gone: frozenset[LeftOut]) -> TablePlan:
    def is_there(kind: str, name: str) -> bool:
        return LeftOut(table.source, kind, name) not in gone

    keyed = is_there("primary key", table.primary_key_name or "")
    return replace(
        table,
        columns=tuple(
            column
            if column.loaded or is_there("generated", column.target)
            else replace(column, generated_sql=None, generated_virtual=False)
            for column in table.columns
        ),
        primary_key=table.primary_key if keyed else (),
        primary_key_name=table.primary_key_name if keyed else None,
        indexes=tuple(index for index in table.indexes if is_there("index", index.target)),
        checks=tuple(check for check in table.checks if is_there("check", check.target)),
        foreign_keys=tuple(
            replace(key, validated=key.validated and is_there("validation", key.target))
            for key in table.foreign_keys
            if is_there("foreign key", key.target)
        ),
    )
