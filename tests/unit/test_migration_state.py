"""What a target remembers of migrations, and how they are published or dropped."""

from __future__ import annotations

import psycopg
import pytest

from dbtune.errors import RefusedError, TargetError
from dbtune.model.transfer import ColumnPlan, MigrationPlan, StorageCounts, TablePlan
from dbtune.postgres.server.existing_tables import ExistingForeignKey, insertion_order
from dbtune.postgres.server.migration_state import (
    Migration,
    begin_migration,
    discard,
    find_unfinished,
    list_relations,
    lock_target,
)
from dbtune.postgres.server.publish import publish
from dbtune.postgres.server.target import connect_target

ID = ColumnPlan("id", "id", "INTEGER", "bigint", "integer", "", StorageCounts())
PLAN = MigrationPlan("app.db", "", "public", (TablePlan("t", "t", 0, 0, (ID,)),))


def _begun(connection: psycopg.Connection[tuple[object, ...]]) -> Migration:
    migration = Migration.new("app.db", "state", "plan", "public")
    begin_migration(connection, migration)
    connection.execute(
        f'CREATE TABLE "{migration.staging_schema}".t (id bigint PRIMARY KEY)'.encode()
    )
    return migration


def test_a_migration_is_remembered_until_it_is_published(target: str) -> None:
    """It is unfinished from its first write on, and gone from that list with its tables' move."""
    with connect_target(target) as connection:
        assert find_unfinished(connection) == ()
        migration = _begun(connection)
        assert find_unfinished(connection) == (migration,)
        publish(connection, migration, PLAN)
        assert find_unfinished(connection) == ()
        assert list_relations(connection, "public") == (("table", "t"),)
        assert list_relations(connection, migration.staging_schema) == ()


def test_a_name_taken_meanwhile_stops_the_publication(target: str) -> None:
    """Somebody's table is not touched, and the staging schema stays for another try."""
    with connect_target(target) as connection:
        migration = _begun(connection)
        connection.execute("CREATE TABLE public.t (mine text)")
        with pytest.raises(TargetError, match="meanwhile"):
            publish(connection, migration, PLAN)
        assert connection.execute("SELECT count(mine) FROM public.t").fetchone() == (0,)
        assert find_unfinished(connection) == (migration,)


def test_discarding_drops_the_staging_schema_and_nothing_else(target: str) -> None:
    """Keys between staged tables and views on them are no obstacle."""
    with connect_target(target) as connection:
        migration = _begun(connection)
        staging = migration.staging_schema
        connection.execute(
            f'CREATE TABLE "{staging}".c (t bigint REFERENCES "{staging}".t)'.encode()
        )
        connection.execute(
            f'ALTER TABLE "{staging}".t ADD FOREIGN KEY (id) REFERENCES "{staging}".t'.encode()
        )
        connection.execute(f'CREATE VIEW "{staging}".v AS SELECT * FROM "{staging}".t'.encode())
        connection.execute("CREATE TABLE public.other (id int)")
        discard(connection, migration)
        assert find_unfinished(connection) == ()
        assert list_relations(connection, "public") == (("table", "other"),)
        assert list_relations(connection, staging) == ()


def test_what_somebody_built_on_the_staging_schema_is_not_dropped(target: str) -> None:
    """CASCADE is never used: a foreign view on a staged table stops the discard."""
    with connect_target(target) as connection:
        migration = _begun(connection)
        connection.execute(
            f'CREATE VIEW public.v AS SELECT * FROM "{migration.staging_schema}".t'.encode()
        )
        with pytest.raises(TargetError, match="depend"):
            discard(connection, migration)
        assert list_relations(connection, "public") == (("view", "v"),)
        assert find_unfinished(connection) == (migration,)


def test_one_migration_at_a_time(target: str) -> None:
    """A second one into the same database is refused at once."""
    with connect_target(target) as first, connect_target(target) as second:
        lock_target(first)
        with pytest.raises(RefusedError, match="another migration"):
            lock_target(second)


def _key(table: str, parent: str) -> ExistingForeignKey:
    return ExistingForeignKey(f"{table}_{parent}", table, parent, False)


@pytest.mark.parametrize(
    ("keys", "order", "late"),
    [
        ([], ("a", "b", "c"), []),
        ([("a", "b"), ("b", "c")], ("c", "b", "a"), []),
        ([("a", "a"), ("a", "b")], ("b", "c", "a"), ["a_a"]),
        ([("a", "b"), ("b", "a")], ("c", "a", "b"), ["a_b"]),
    ],
)
def test_parents_are_filled_before_children(
    keys: list[tuple[str, str]], order: tuple[str, ...], late: list[str]
) -> None:
    """Keys that no order satisfies are checked at the end."""
    found = insertion_order(["a", "b", "c"], [_key(*key) for key in keys])
    assert found[0] == order
    assert [key.constraint_name for key in found[1]] == late
