"""Which indexes are proposed for a statement, and which never are."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from dbtune.advisor.candidates.candidates import Candidate, enumerate_candidates
from dbtune.advisor.statements.access import AccessReader
from dbtune.model.advice import IndexSpec
from dbtune.model.schema import Schema
from dbtune.sqlite.schema.index_ddl import create_index_sql
from tests.unit.advisor.workbench import schema_of

ORDERS = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, status TEXT, total REAL,"
    " note TEXT, placed_at TEXT)"
)


def candidates(schema: Schema, *statements: str) -> tuple[Candidate, ...]:
    """Return the candidates for statements, whose shapes are called q0, q1 and so on."""
    reader = AccessReader(schema)
    accesses = {f"q{n}": reader.read(sql) for n, sql in enumerate(statements)}
    return enumerate_candidates(accesses, schema, dict.fromkeys(accesses, 1.0))


def proposed(sql: str, *ddl: str) -> set[tuple[str, ...]]:
    """Return the keys proposed for a statement, full indexes only."""
    found = candidates(schema_of(*(ddl or (ORDERS,))), sql)
    return {candidate.spec.terms for candidate in found if candidate.spec.where is None}


# What has to be among the candidates; what else is there, the planner judges.
EXPECTED = {
    "equality": ("SELECT * FROM orders WHERE status = 'a'", ("status",)),
    "two equalities": (
        "SELECT * FROM orders WHERE status = 'a' AND user_id = 5", ("status", "user_id"),
    ),
    "equality, then range": (
        "SELECT * FROM orders WHERE total > 5 AND user_id = 5", ("user_id", "total"),
    ),
    "equality, then order": (
        "SELECT * FROM orders WHERE user_id = 5 ORDER BY placed_at", ("user_id", "placed_at"),
    ),
    "descending order reads the same index backwards": (
        "SELECT * FROM orders WHERE user_id = 5 ORDER BY placed_at DESC", ("user_id", "placed_at"),
    ),
    "a mixed order needs its directions": (
        "SELECT * FROM orders ORDER BY status, total DESC", ("status", "total DESC"),
    ),
    "covering": (
        "SELECT total FROM orders WHERE user_id = 5", ("user_id", "total"),
    ),
    "covering with the range inside": (
        "SELECT note FROM orders WHERE user_id = 5 AND total > 1", ("user_id", "total", "note"),
    ),
    "prefix of LIKE": (
        "SELECT * FROM orders WHERE note LIKE 'a%'", ("note COLLATE NOCASE",),
    ),
    "expression": ("SELECT * FROM orders WHERE lower(note) = 'a'", ("lower(note)",)),
    "expression with a column behind it": (
        "SELECT * FROM orders WHERE lower(note) = 'a' ORDER BY total", ("lower(note)", "total"),
    ),
    "first arm of an OR": ("SELECT * FROM orders WHERE status = 'a' OR user_id = 5", ("status",)),
    "second arm of an OR": ("SELECT * FROM orders WHERE status = 'a' OR user_id = 5", ("user_id",)),
    "group": ("SELECT status, max(total) FROM orders GROUP BY status", ("status", "total")),
    "a group by an expression, covering without the column in it": (
        "SELECT date(placed_at) AS day, sum(total) FROM orders GROUP BY day",
        ("date(placed_at)", "total"),
    ),
    "an expression between columns": (
        "SELECT * FROM orders WHERE user_id = 5 AND lower(note) = 'a' AND total > 1",
        ("lower(note)", "user_id", "total"),
    ),
    "a range on an expression behind a column": (
        "SELECT * FROM orders WHERE user_id = 5 AND date(placed_at) >= 'x'",
        ("user_id", "date(placed_at)"),
    ),
    "equality without case behind another": (
        "SELECT * FROM orders WHERE note = 'a' COLLATE NOCASE AND user_id = 5",
        ("note COLLATE NOCASE", "user_id"),
    ),
    "order without case": (
        "SELECT * FROM orders WHERE user_id = 5 ORDER BY note COLLATE NOCASE",
        ("user_id", "note COLLATE NOCASE"),
    ),
    "equality before an arm of an OR": (
        "SELECT * FROM orders WHERE user_id = 5 AND (status = 'a' OR note = 'b')",
        ("user_id", "note"),
    ),
    "arm of an OR over a join": (
        "SELECT a.id FROM orders a JOIN orders b ON b.id = a.user_id"
        " WHERE a.status = 'a' OR a.note = 'b'", ("note",),
    ),
    "an OR that joins": (
        "SELECT * FROM orders a JOIN orders b ON b.user_id = a.id OR b.note = a.note", ("note",),
    ),
    "order first, then the range as a filter": (
        "SELECT * FROM orders WHERE user_id = 5 AND total > 1 ORDER BY placed_at LIMIT 9",
        ("user_id", "placed_at", "total"),
    ),
    "an order of two, then the range as a filter": (
        "SELECT * FROM orders WHERE user_id = 5 AND total > 1 ORDER BY placed_at, note LIMIT 9",
        ("user_id", "placed_at", "note", "total"),
    ),
    "order first, then what no index can search": (
        "SELECT * FROM orders WHERE user_id = 5 AND status <> 'a' ORDER BY placed_at LIMIT 9",
        ("user_id", "placed_at", "status"),
    ),
    "order first, then an IN": (
        "SELECT * FROM orders WHERE status IN ('a', 'b') ORDER BY placed_at LIMIT 9",
        ("placed_at", "status"),
    ),
    "range, then what no index can search": (
        "SELECT * FROM orders WHERE total > 5 AND note LIKE '%a'", ("total", "note"),
    ),
    "IN of a subquery": (
        "SELECT * FROM orders WHERE user_id IN (SELECT id FROM orders WHERE note = 'a')",
        ("user_id",),
    ),
    "within the subquery of an IN": (
        "SELECT * FROM orders WHERE user_id IN (SELECT user_id FROM orders WHERE note = 'a')",
        ("note", "user_id"),
    ),
    "correlated": (
        "SELECT (SELECT count(*) FROM orders b WHERE b.user_id = a.id AND b.status = 'x')"
        " FROM orders a", ("user_id", "status"),
    ),
    "NOT EXISTS": (
        "SELECT * FROM orders a WHERE NOT EXISTS"
        " (SELECT 1 FROM orders b WHERE b.user_id = a.id AND b.total > 5)", ("user_id", "total"),
    ),
    "newest of each": (
        "SELECT (SELECT total FROM orders b WHERE b.user_id = a.id ORDER BY placed_at DESC LIMIT 1)"
        " FROM orders a", ("user_id", "placed_at", "total"),
    ),
    "distinct": ("SELECT DISTINCT status FROM orders WHERE user_id = 5", ("user_id", "status")),
    "counted once": ("SELECT count(DISTINCT status) FROM orders", ("status",)),
    "window": (
        "SELECT id, rank() OVER (PARTITION BY user_id ORDER BY total DESC) FROM orders",
        ("user_id", "total DESC"),
    ),
    "equality, then a mixed order": (
        "SELECT * FROM orders WHERE user_id = 5 ORDER BY status DESC, total",
        ("user_id", "status DESC", "total"),
    ),
    "what an UPDATE finds by": (
        "UPDATE orders SET note = 'x' WHERE user_id = 5 AND total > 1", ("user_id", "total"),
    ),
    "what the subquery of a DELETE finds by": (
        "DELETE FROM orders WHERE id IN"
        " (SELECT id FROM orders WHERE status = 'x' ORDER BY placed_at LIMIT 9)",
        ("status", "placed_at"),
    ),
    "keyset": (
        "SELECT * FROM orders WHERE user_id = 5 AND (placed_at, id) < ('x', 9)"
        " ORDER BY placed_at DESC, id DESC LIMIT 9", ("user_id", "placed_at"),
    ),
    "CTE": (
        "WITH r AS (SELECT user_id, max(placed_at) FROM orders GROUP BY user_id) SELECT * FROM r",
        ("user_id", "placed_at"),
    ),
    "extreme": ("SELECT max(total) FROM orders WHERE user_id = 5", ("user_id", "total")),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "keys"), EXPECTED.values(), ids=EXPECTED)
def test_the_useful_index_is_among_the_candidates(sql: str, keys: tuple[str, ...]) -> None:
    """Heads of equalities with each tail, plain and covering."""
    assert keys in proposed(sql)


def test_a_literal_makes_a_partial_candidate() -> None:
    """With the column of the condition gone from the keys, or as the only key."""
    sql = "SELECT * FROM orders WHERE status = 'open' AND user_id = 5"
    specs = {candidate.spec for candidate in candidates(schema_of(ORDERS), sql)}
    assert IndexSpec("orders", ("user_id",), "status = 'open'") in specs
    alone = candidates(schema_of(ORDERS), "SELECT * FROM orders WHERE status = 'open'")
    assert IndexSpec("orders", ("status",), "status = 'open'") in {c.spec for c in alone}


# A condition, and what makes the index of user_id partial.
PARTIAL = {
    "equality": ("status = 'a'", "status = 'a'"),
    "inequality": ("status <> 'a'", "status <> 'a'"),
    "inequality as C spells it": ("status != 'a'", "status <> 'a'"),
    "comparison": ("total > 0", "total > 0"),
    "negative number": ("total >= -1", "total >= -1"),
    "list": ("status IN ('a', 'b')", "status IN ('a', 'b')"),
    "NULL": ("status IS NULL", "status IS NULL"),
    "not NULL": ("status IS NOT NULL", "status IS NOT NULL"),
    "true": ("status", "status"),
    "false": ("NOT status", "NOT status"),
    "two": ("status = 'a' AND note IS NULL", "note IS NULL AND status = 'a'"),
}


@pytest.mark.parametrize(("condition", "where"), PARTIAL.values(), ids=PARTIAL)
def test_what_makes_an_index_partial(condition: str, where: str) -> None:
    """SQLite uses it: the statement's condition implies that of the index."""
    sql = f"SELECT * FROM orders WHERE user_id = ? AND {condition}"
    spec = IndexSpec("orders", ("user_id",), where)
    assert spec in {candidate.spec for candidate in candidates(schema_of(ORDERS), sql)}
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(ORDERS)
        connection.execute(create_index_sql("the_index", spec))
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", (1,)).fetchall()
    assert "USING INDEX the_index" in plan[0][3]


@pytest.mark.parametrize("condition", ["status = ?", "status > note", "total = 1 + ?", "1 = total"])
def test_what_makes_no_index_partial(condition: str) -> None:
    """Values that differ, other columns, and spellings that SQLite does not recognise."""
    found = candidates(schema_of(ORDERS), f"SELECT * FROM orders WHERE user_id = ? AND {condition}")
    assert {candidate.spec.where for candidate in found} == {None}


def test_statements_share_a_candidate() -> None:
    """It counts for both shapes, and is no mere widening where one has it as its plain keys."""
    found = candidates(
        schema_of(ORDERS),
        "SELECT total FROM orders WHERE user_id = 5",
        "SELECT * FROM orders WHERE user_id = 5 AND total > 3",
    )
    (shared,) = (c for c in found if c.spec == IndexSpec("orders", ("user_id", "total")))
    assert shared.shape_ids == {"q0", "q1"} and not shared.covering


def test_what_is_written_is_not_covered() -> None:
    """An UPDATE visits its rows anyway."""
    found = candidates(schema_of(ORDERS), "UPDATE orders SET note = 'x' WHERE user_id = 5")
    assert {candidate.spec.terms for candidate in found} == {("user_id",)}


EXISTING = {
    "the same": "CREATE INDEX i ON orders (status, user_id)",
    "another case": "CREATE INDEX i ON ORDERS (STATUS, User_Id)",
    "quoted": 'CREATE INDEX i ON "orders" ([status], `user_id`)',
    "all descending": "CREATE INDEX i ON orders (status DESC, user_id DESC)",
    "unique": "CREATE UNIQUE INDEX i ON orders (status, user_id)",
}


@pytest.mark.parametrize("ddl", EXISTING.values(), ids=EXISTING)
def test_an_index_that_exists_is_not_proposed_again(ddl: str) -> None:
    """However it is written."""
    sql = "SELECT * FROM orders WHERE status = 'a' AND user_id = 5"
    assert ("status", "user_id") in proposed(sql)
    assert ("status", "user_id") not in proposed(sql, ORDERS, ddl)


def test_an_expression_that_is_indexed_is_not_proposed_again() -> None:
    """Compared token by token."""
    sql = "SELECT * FROM orders WHERE lower(note) = 'a'"
    assert ("lower(note)",) in proposed(sql)
    assert ("lower(note)",) not in proposed(sql, ORDERS, "CREATE INDEX i ON orders (LOWER( note ))")


def test_conditions_that_differ_in_case_are_two() -> None:
    """WHERE status = 'OPEN' serves no query for 'open'."""
    ddl = "CREATE INDEX i ON orders (user_id) WHERE status = 'OPEN'"
    sql = "SELECT * FROM orders WHERE status = 'open' AND user_id = 5"
    specs = {candidate.spec for candidate in candidates(schema_of(ORDERS, ddl), sql)}
    assert IndexSpec("orders", ("user_id",), "status = 'open'") in specs


CONSTRAINTS = {
    "UNIQUE": "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c, UNIQUE (a, b))",
    "PRIMARY KEY": "CREATE TABLE t (id, a, b, c, PRIMARY KEY (a, b))",
    "PRIMARY KEY WITHOUT ROWID": "CREATE TABLE t (a, b, c, PRIMARY KEY (a, b)) WITHOUT ROWID",
}


@pytest.mark.parametrize("ddl", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_a_constraint_is_an_index_already(ddl: str) -> None:
    """Its twin is not proposed."""
    assert ("a", "b") not in proposed("SELECT c FROM t WHERE a = 1 AND b = 2", ddl)


def test_nothing_begins_like_the_key_of_a_table_without_rowid() -> None:
    """The table itself is sorted by it; other orders of it are another matter."""
    ddl = CONSTRAINTS["PRIMARY KEY WITHOUT ROWID"]
    assert proposed("SELECT c FROM t WHERE a = 1", ddl) == set()
    assert ("b",) in proposed("SELECT c FROM t WHERE b = 1", ddl)


def test_a_table_without_rowid_brings_its_key_to_every_index() -> None:
    """So covering does not repeat it."""
    ddl = "CREATE TABLE t (a, b, c, d, PRIMARY KEY (a, b)) WITHOUT ROWID"
    assert proposed("SELECT a, b, d FROM t WHERE c = 1", ddl) == {("c",), ("c", "d")}


@pytest.mark.parametrize("condition", ["id = 5", "id > 5", "id IN (1, 2)"])
def test_the_rowid_needs_no_index(condition: str) -> None:
    """Nor does it stand at the end of one, where SQLite has it anyway."""
    assert proposed(f"SELECT * FROM orders WHERE {condition}") == set()
    assert ("status",) in proposed("SELECT * FROM orders WHERE status = 'a' ORDER BY id")
    assert ("status", "id") not in proposed("SELECT * FROM orders WHERE status = 'a' ORDER BY id")


OWN = 'CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT COLLATE "NOCASE", a, b)'


def test_collations_of_the_application_are_left_alone() -> None:
    """Only it could build such an index, so none is proposed, keyed, covering or partial."""
    schema = schema_of(OWN)
    (table,) = schema.tables
    own = tuple(
        type(c)(**{**vars(c), "collation": "GERMAN"}) if c.name == "name" else c
        for c in table.columns
    )
    german = type(schema)((type(table)(**{**vars(table), "columns": own}),), (), (), "")
    for sql in (
        "SELECT * FROM t WHERE name = 'x'",
        "SELECT name FROM t WHERE a = 1",
        "SELECT a FROM t WHERE name = 'x' AND a = 1",
        "SELECT a FROM t WHERE a = 'x' COLLATE german",
    ):
        for candidate in candidates(german, sql):
            assert "GERMAN" not in str(candidate.spec)
            assert "name" not in str(candidate.spec)
    assert {c.spec.terms for c in candidates(german, "SELECT id FROM t WHERE a = 1")} == {("a",)}


def test_a_built_in_collation_may_be_asked_for() -> None:
    """NOCASE is there in every SQLite."""
    sql = "SELECT * FROM orders WHERE note = 'x' COLLATE NOCASE"
    assert ("note COLLATE NOCASE",) in proposed(sql)


def test_wide_statements_stay_within_bounds() -> None:
    """Forty conditions give a few hundred candidates of at most seven keys."""
    columns = [f"c{n}" for n in range(40)]
    ddl = f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {', '.join(columns)})"
    conditions = " AND ".join(f"{name} = {n}" for n, name in enumerate(columns))
    found = candidates(schema_of(ddl), f"SELECT * FROM wide WHERE {conditions} ORDER BY c5, c6")
    assert 0 < len(found) < 3_000
    assert max(len(candidate.spec.terms) for candidate in found) <= 7


def test_tables_of_other_schemas_are_passed_over() -> None:
    """An access to a table that is not there proposes nothing."""
    reader = AccessReader(schema_of(ORDERS))
    accesses = {"q": reader.read("SELECT * FROM orders WHERE status = 'a'")}
    assert enumerate_candidates(accesses, schema_of("CREATE TABLE t (a)"), {}) == ()
