"""Whole statements and their translations give the same rows, and write the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbtune.model.workload import Parameters
from dbtune.postgres.translation.scope import Scope
from dbtune.postgres.translation.statement_translation import translate_statement
from dbtune.postgres.translation.translator import TranslationOptions
from tests.unit.postgres.planned import ITEMS, TAGS, column
from tests.unit.postgres.side_by_side import Sides, open_sides

READS = Path(__file__).with_name("reads.sql").read_text(encoding="utf-8").splitlines()[1:]

WRITES = r"""
INSERT INTO tags VALUES (7, 'new', 1)
INSERT OR IGNORE INTO tags VALUES (1, 'red', 9), (8, 'y', 1)
INSERT OR REPLACE INTO tags VALUES (1, 'red', 9)
REPLACE INTO tags (item_id, tag) VALUES (1, 'red')
INSERT INTO tags VALUES (1, 'red', 9) ON CONFLICT (item_id, tag) DO UPDATE SET w = excluded.w + w
INSERT INTO tags VALUES (1, 'red', 9) ON CONFLICT DO NOTHING
INSERT INTO tags (item_id, tag, w) SELECT id, name, n FROM items WHERE name IS NOT NULL
INSERT INTO tags SELECT id, 'z', 1 FROM items
INSERT INTO items (id, ok, name, at, price) VALUES (10, 1, 'new', '2024-05-06 07:08:09', 3.5)
INSERT INTO items (id, ok) VALUES (12, 1) RETURNING id, ok
UPDATE items SET ok = 0, n = n + 1 WHERE id = 1
UPDATE items SET at = datetime('2024-01-01', '+1 day') WHERE id = 1
UPDATE items SET at = datetime(at, '+1 day') WHERE ok
UPDATE items SET (n, f) = (1, 2.5) WHERE id = 3 RETURNING id, n
UPDATE items SET n = (SELECT count(*) FROM tags WHERE item_id = items.id)
UPDATE items SET n = t.item_id FROM tags t WHERE t.item_id = items.id AND t.tag = 'red'
UPDATE items SET ok = NOT ok WHERE id = 2
UPDATE items SET price = price * 1.1 WHERE id = 5
DELETE FROM tags WHERE tag LIKE 'r%'
DELETE FROM tags WHERE item_id NOT IN (SELECT id FROM items)
DELETE FROM tags
"""

WITH_VALUES: list[tuple[str, Parameters]] = [
    ("SELECT id FROM items WHERE n = ?", (7,)),
    ("SELECT id FROM items WHERE ok = ? ORDER BY id", (1,)),
    ("SELECT id FROM items WHERE at >= ? ORDER BY id", ("2024-01-01 00:00:00",)),
    (
        "SELECT id FROM items WHERE at >= ? AND at < ? ORDER BY id LIMIT ?",
        ("2000-01-01", "2024-02-01 00:00:00", 2),
    ),
    ("SELECT id FROM items WHERE stamp > ? ORDER BY id", (946684800,)),
    ("SELECT id FROM items WHERE name = :name OR n = :n ORDER BY id", {"name": "apple", "n": 0}),
    ("SELECT id FROM items WHERE name = ?2 AND n = ?1", (7, "Apple pie")),
    ("SELECT id FROM items WHERE id IN (?, ?) ORDER BY id", (1, 5)),
    ("SELECT id FROM items WHERE price > ? ORDER BY id", (0.6,)),
    ("SELECT id FROM items WHERE f > ? ORDER BY id", (1,)),
    ("SELECT id FROM items WHERE n > ? ORDER BY id", (6.5,)),
    ("SELECT id FROM items WHERE code = ? ORDER BY id", (7,)),
    ("SELECT id FROM items WHERE n = ? ORDER BY id", ("7",)),
    ("SELECT id FROM items WHERE n = ? ORDER BY id", ("abc",)),
    ("SELECT id FROM items WHERE data = ?", (b"abc",)),
    ("SELECT id FROM items WHERE uid = ? ORDER BY id", ("550e8400-e29b-41d4-a716-446655440000",)),
    ("SELECT id FROM items WHERE day = ?", ("2024-02-29",)),
    ("SELECT id FROM items WHERE date(at) = ?", ("2024-02-29",)),
    ("SELECT id FROM items WHERE seen < ? ORDER BY id", ("2000-01-02T00:00:00Z",)),
    ("SELECT id FROM items WHERE name LIKE ? ORDER BY id", ("a%",)),
    ("SELECT id FROM items WHERE name LIKE '%' || ? || '%' ORDER BY id", ("PP",)),
    ("SELECT ?", (5,)),
    ("SELECT ?, name FROM items ORDER BY id", ("x",)),
    ("SELECT id FROM items WHERE ? IS NULL OR n = ? ORDER BY id", (None, 7)),
    ("SELECT coalesce(?, n) FROM items ORDER BY id", (None,)),
    ("SELECT id FROM items WHERE doc ->> 'a' = ?", (1,)),
    ("SELECT id FROM items WHERE json_extract(doc, '$.a') = ?", ("one",)),
    ("INSERT INTO tags (item_id, tag) VALUES (?, ?)", (7, "x")),
    ("INSERT INTO items (id, ok, at) VALUES (?, ?, ?)", (11, 0, "2024-05-06 07:08:09")),
    ("UPDATE items SET name = ?, ok = ? WHERE id = ?", ("new", 1, 2)),
    ("DELETE FROM tags WHERE item_id = ? RETURNING tag", (2,)),
]


@pytest.fixture(scope="module")
def sides(postgres_admin: str) -> Iterator[Sides]:
    """Both databases, with two tables."""
    with open_sides(postgres_admin) as opened:
        yield opened


@pytest.mark.parametrize("statement", READS)
def test_queries_give_the_same_rows(sides: Sides, statement: str) -> None:
    """Joins, groups, windows, compounds, common tables; in order where there is one."""
    sides.same_rows(statement)


@pytest.mark.parametrize("statement", WRITES.strip().splitlines())
def test_writes_leave_the_same_rows(sides: Sides, statement: str) -> None:
    """INSERT with each conflict clause, UPDATE with joins, DELETE."""
    sides.same_rows(statement)


@pytest.mark.parametrize(("statement", "values"), WITH_VALUES)
def test_parameters_have_the_types_of_what_they_meet(
    sides: Sides, statement: str, values: Parameters
) -> None:
    """Each value is sent as the type that the column beside it has."""
    sides.same_rows(statement, values)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("SELECT name, max(n) FROM items GROUP BY ok", "name is neither grouped nor aggregated"),
        ("SELECT name, count(*) FROM items", "name is neither grouped nor aggregated"),
        ("SELECT id FROM nowhere", "there is no table nowhere"),
        ("SELECT nothing FROM items", "there is no column nothing"),
        ("SELECT * FROM sqlite_master", "sqlite_master"),
        ("SELECT * FROM other.items", "attached database other"),
        ("SELECT id FROM items WHERE items MATCH 'x'", "MATCH"),
        ("SELECT DISTINCT ok FROM items ORDER BY n", "DISTINCT ordered"),
        ("SELECT * FROM pragma_table_info('items')", "pragma_table_info()"),
        ("SELECT n FROM items WHERE n = name LIKE 'x'", "without parentheses"),
        ("UPDATE OR IGNORE items SET n = 1", "UPDATE OR IGNORE"),
        ("DELETE FROM items ORDER BY id LIMIT 1", "ORDER"),
        ("UPDATE items SET (n, f) = (SELECT 1, 2)", "SET of several columns"),
        ("PRAGMA foreign_keys", "PRAGMA"),
        ("CREATE TABLE x (a)", "CREATE"),
        ("SELECT 1; SELECT 2", "not one statement"),
        ("SELECT FROM WHERE", "not readable"),
        ("VACUUM", "VACUUM"),
    ],
)
def test_statements_that_do_not_translate_are_named(statement: str, named: str) -> None:
    """There is no SQL then, and the problem says what it is."""
    translation = translate_statement(statement, (ITEMS, TAGS))
    assert translation.sql is None
    assert any(named in problem for problem in translation.problems), translation.problems


def test_an_applications_own_order_is_kept_where_asked() -> None:
    """Without the exact options texts, NULLs and LIKE stay PostgreSQL's, which is named."""
    options = TranslationOptions(byte_order=False, nulls_order=False, ignore_case=False)
    found = translate_statement(
        "SELECT name FROM items WHERE name LIKE 'a%' ORDER BY name", (ITEMS,), options
    )
    assert found.sql == 'SELECT "name" FROM "items" WHERE "name" LIKE \'a%\' ORDER BY "name"'
    assert len(found.differences) == 3


def test_replace_into_a_table_of_two_keys_has_no_translation() -> None:
    """ON CONFLICT names one key, REPLACE minds all."""
    two = Scope(
        "two",
        "two",
        (
            column("a", "INTEGER", "bigint", "integer", "integer"),
            column("b", "TEXT", "text", "text"),
        ),
        keys=(("a",), ("b",)),
        has_primary_key=True,
    )
    assert translate_statement("REPLACE INTO two VALUES (1, 'x')", (two,)).sql is None
    found = translate_statement("REPLACE INTO two (a) VALUES (1)", (two,))
    assert found.sql is not None and 'ON CONFLICT ("a") DO UPDATE SET "b" = DEFAULT' in found.sql


def test_renamed_columns_keep_the_names_that_the_application_reads() -> None:
    """A column called otherwise on PostgreSQL is returned under its old name."""
    renamed = Scope(
        "Old", "new", (column("theId", "INTEGER", "bigint", "integer", target="the_id"),)
    )
    assert translate_statement("SELECT theid, * FROM old", (renamed,)).sql == (
        'SELECT "the_id" AS "theId", "the_id" AS "theId" FROM "new"'
    )


def test_a_bare_name_in_order_by_is_the_column() -> None:
    """PostgreSQL would take CAST(id AS TEXT), which it calls id."""
    found = translate_statement("SELECT CAST(id AS TEXT) FROM items ORDER BY id", (ITEMS,))
    assert found.sql == 'SELECT "id"::text FROM "items" ORDER BY "items"."id"'
