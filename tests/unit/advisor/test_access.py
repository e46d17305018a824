"""What statements ask of their tables: conditions, joins, orders and the columns they read."""

from __future__ import annotations

import pytest

from dbtune.advisor.statements.access import AccessReader
from dbtune.advisor.statements.select_access import TableAccess
from tests.unit.advisor.workbench import schema_of

SCHEMA = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE, name TEXT, city TEXT,"
    " is_active INTEGER, created_at TEXT)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, status TEXT, total REAL,"
    " note TEXT, placed_at TEXT)",
    "CREATE VIEW open_orders AS SELECT id, user_id, placed_at FROM orders WHERE status = 'open'",
    "CREATE VIEW renamed (number, buyer) AS SELECT id, user_id FROM orders",
    "CREATE VIEW nested AS SELECT buyer FROM renamed WHERE number > 5",
    'CREATE TABLE "order" (id INTEGER PRIMARY KEY, "group" TEXT, "a b" TEXT, "quo""te" TEXT)',
    'CREATE TABLE "new\nline" ("--" TEXT, "semi;colon" TEXT)',
    "CREATE TABLE log (at TEXT, user_id INTEGER)",
    "CREATE TRIGGER log_orders AFTER INSERT ON orders BEGIN"
    " UPDATE users SET city = NEW.note WHERE name = NEW.status;"
    " DELETE FROM log WHERE user_id = NEW.user_id AND at < NEW.placed_at; END",
)


_PARTS = (
    "equalities", "joins", "ranges", "prefixes", "extremes", "conditions", "orders", "groups",
    "arms",
)  # fmt: skip


def read(sql: str) -> tuple[TableAccess, ...]:
    """Read one statement against the schema of this file."""
    return AccessReader(schema_of(*SCHEMA)).read(sql)


def on(sql: str, table: str) -> TableAccess:
    """Return all that a statement asks of one table, its accesses laid together."""
    found = [access for access in read(sql) if access.table == table]
    assert found, f"no access to {table}"
    merged = {
        name: tuple(dict.fromkeys(part for access in found for part in getattr(access, name)))
        for name in _PARTS
    }
    needed = frozenset().union(*(access.needed for access in found))
    return TableAccess(table, **merged, needed=needed, cover=all(a.cover for a in found))


def sql_of(terms: object) -> list[str]:
    """Return the SQL of terms, with their direction."""
    assert isinstance(terms, tuple)
    return [term.sql + (" DESC" if term.descending else "") for term in terms]


# statement, table, part of the access, its terms
TERMS = {
    "equality": ("SELECT id FROM orders WHERE status = 'open'", "equalities", ["status"]),
    "equality from the other side": (
        "SELECT id FROM orders WHERE 'open' = status", "equalities", ["status"],
    ),
    "placeholder": ("SELECT id FROM orders WHERE user_id = ?", "equalities", ["user_id"]),
    "named placeholder": ("SELECT id FROM orders WHERE user_id = :u", "equalities", ["user_id"]),
    "numbered placeholder": ("SELECT id FROM orders WHERE user_id = ?1", "equalities", ["user_id"]),
    "IN list": ("SELECT id FROM orders WHERE user_id IN (1, 2)", "equalities", ["user_id"]),
    "IN subquery": (
        "SELECT id FROM orders WHERE user_id IN (SELECT id FROM users)", "equalities", ["user_id"],
    ),
    "IS NULL": ("SELECT id FROM orders WHERE note IS NULL", "equalities", ["note"]),
    "IS NOT NULL": ("SELECT id FROM orders WHERE note IS NOT NULL", "ranges", ["note"]),
    "range": ("SELECT id FROM orders WHERE total > 5", "ranges", ["total"]),
    "between": ("SELECT id FROM orders WHERE total BETWEEN 1 AND 5", "ranges", ["total"]),
    "glob": ("SELECT id FROM orders WHERE note GLOB 'a*'", "ranges", ["note"]),
    "like a prefix": (
        "SELECT id FROM orders WHERE note LIKE 'abc%'", "prefixes", ["note COLLATE NOCASE"],
    ),
    "like a placeholder": (
        "SELECT id FROM orders WHERE note LIKE ?", "prefixes", ["note COLLATE NOCASE"],
    ),
    "like with ESCAPE, as Django writes it": (
        "SELECT id FROM orders WHERE note LIKE ? ESCAPE '\\'", "prefixes", ["note COLLATE NOCASE"],
    ),
    "like with a wildcard in front": ("SELECT id FROM orders WHERE note LIKE '%a'", "prefixes", []),
    "collation on the right": (
        "SELECT id FROM orders WHERE note = 'a' COLLATE NOCASE",
        "equalities", ["note COLLATE NOCASE"],
    ),
    "collation on the left": (
        "SELECT id FROM orders WHERE note COLLATE nocase > 'a'", "ranges", ["note COLLATE NOCASE"],
    ),
    "row values equal": (
        "SELECT id FROM orders WHERE (user_id, status) = (1, 'open')",
        "equalities", ["user_id", "status"],
    ),
    "row values in a list": (
        "SELECT id FROM orders WHERE (user_id, status) IN (VALUES (1, 'a'), (2, 'b'))",
        "equalities", ["user_id", "status"],
    ),
    "row values of a next page": (
        "SELECT id FROM orders WHERE (placed_at, id) < (?, ?)", "ranges", ["placed_at"],
    ),
    "function": (
        "SELECT id FROM orders WHERE lower(note) = 'x'", "equalities", ["lower(note)"],
    ),
    "function in the application's spelling": (
        "SELECT id FROM orders WHERE Substr(note, 1, 2) = 'x'",
        "equalities", ["Substr(note, 1, 2)"],
    ),
    "json_extract": (
        "SELECT id FROM orders WHERE json_extract(note, '$.a') = 1",
        "equalities", ["json_extract(note, '$.a')"],
    ),
    "arrow": (
        "SELECT id FROM orders WHERE note ->> 'a' = 1", "equalities", ["note ->> 'a'"],
    ),
    "arithmetic": ("SELECT id FROM orders WHERE total * 2 = 4", "equalities", ["total * 2"]),
    "function with a placeholder inside": (
        "SELECT id FROM orders WHERE substr(note, ?) = 'x'", "equalities", [],
    ),
    "inequality": ("SELECT id FROM orders WHERE status <> 'open'", "equalities", []),
    "min": ("SELECT min(total) FROM orders", "extremes", ["total"]),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "part", "expected"), TERMS.values(), ids=TERMS)
def test_a_condition_gives_its_term(sql: str, part: str, expected: list[str]) -> None:
    """Each kind of condition stands in its own part of the access, and in no other."""
    access = on(sql, "orders")
    assert sql_of(getattr(access, part)) == expected
    others = {"equalities", "joins", "ranges", "prefixes", "extremes"} - {part}
    assert all(not getattr(access, other) for other in others)


RUNS = {
    "order": (
        "SELECT id FROM orders ORDER BY status, total DESC", "orders", ["status", "total DESC"],
    ),
    "order by position": ("SELECT total, id FROM orders ORDER BY 1", "orders", ["total"]),
    "order by alias": ("SELECT total AS t FROM orders ORDER BY t", "orders", ["total"]),
    "order with a collation": (
        "SELECT id FROM orders ORDER BY note COLLATE NOCASE", "orders", ["note COLLATE NOCASE"],
    ),
    "order by an expression": (
        "SELECT id FROM orders ORDER BY lower(note), id", "orders", ["lower(note)", "id"],
    ),
    "order ends at another table": (
        "SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id ORDER BY o.total, u.name, o.id",
        "orders", ["total"],
    ),
    "group": ("SELECT status, count(*) FROM orders GROUP BY status", "groups", ["status"]),
    "distinct": ("SELECT DISTINCT status, user_id FROM orders", "groups", ["status", "user_id"]),
    "count distinct": ("SELECT count(DISTINCT status) FROM orders", "groups", ["status"]),
    "window": (
        "SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY total DESC) FROM orders",
        "orders", ["user_id", "total DESC"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "part", "expected"), RUNS.values(), ids=RUNS)
def test_sorting_gives_a_run_of_terms(sql: str, part: str, expected: list[str]) -> None:
    """In the order of the clause, up to the first term of another table."""
    assert [sql_of(run) for run in getattr(on(sql, "orders"), part)] == [expected]


def test_a_join_is_seen_from_both_sides() -> None:
    """Either table may be the inner one, and each needs only its own columns."""
    sql = "SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.city = 'x'"
    orders, users = on(sql, "orders"), on(sql, "users")
    assert sql_of(orders.joins) == ["user_id"] and sql_of(users.joins) == ["id"]
    assert sql_of(users.equalities) == ["city"]
    assert orders.needed == {"user_id", "total"} and users.needed == {"id", "name", "city"}


@pytest.mark.parametrize(
    "join", ["orders, users WHERE user_id = users.id", "orders NATURAL JOIN log"]
)
def test_joins_without_on_are_joins_too(join: str) -> None:
    """A comma with a condition, and columns that share a name."""
    assert sql_of(on(f"SELECT total FROM {join}", "orders").joins) == ["user_id"]


def test_a_correlated_subquery_joins_to_the_outer_row() -> None:
    """What it compares with the outer table is a join for the inner one."""
    sql = "SELECT name, (SELECT max(total) FROM orders WHERE user_id = users.id) FROM users"
    assert sql_of(on(sql, "orders").joins) == ["user_id"]


def test_a_condition_outside_reaches_into_a_subquery() -> None:
    """As SQLite's flattener would merge the two."""
    sql = "SELECT * FROM (SELECT user_id, total FROM orders) AS o WHERE o.user_id = 5"
    assert sql_of(on(sql, "orders").equalities) == ["user_id"]


def test_common_table_expressions_are_read() -> None:
    """Also where only the statement that uses them has the condition."""
    sql = "WITH big AS (SELECT id, user_id FROM orders WHERE total > 9) SELECT * FROM big"
    assert sql_of(on(sql, "orders").ranges) == ["total"]


def test_a_view_is_its_query() -> None:
    """Its own condition and the one put to it meet on the table behind it."""
    access = on("SELECT id FROM open_orders WHERE user_id = 7 ORDER BY placed_at", "orders")
    assert sql_of(access.equalities) == ["status", "user_id"]
    assert [sql_of(run) for run in access.orders] == [["placed_at"]]
    assert ("status = 'open'", "status") in access.conditions


@pytest.mark.parametrize("view", ["renamed WHERE buyer = 7", "nested WHERE buyer = 7"])
def test_a_view_may_name_its_columns(view: str) -> None:
    """CREATE VIEW v (a, b), and views on views."""
    assert sql_of(on(f"SELECT * FROM {view}", "orders").equalities) == ["user_id"]


def test_each_arm_of_an_or_stands_alone() -> None:
    """SQLite answers it with one index an arm."""
    access = on("SELECT id FROM orders WHERE (status = 'a' AND total > 5) OR user_id = 7", "orders")
    assert [sql_of(arm) for arm in access.arms] == [["status", "total"], ["user_id"]]
    assert access.equalities == () and access.conditions == ()


def test_literals_make_conditions_of_partial_indexes() -> None:
    """Equality with a literal, NULL tests and bare flags; a placeholder may be anything."""
    sql = (
        "SELECT id FROM users WHERE is_active AND city = 'x' AND name IS NULL"
        " AND created_at IS NOT NULL AND email = ?"
    )
    assert set(on(sql, "users").conditions) == {
        ("is_active", "is_active"),
        ("city = 'x'", "city"),
        ("name IS NULL", "name"),
        ("created_at IS NOT NULL", "created_at"),
    }


def test_a_collation_that_is_declared_is_left_out() -> None:
    """An index on a NOCASE column has that collation by itself."""
    sql = "SELECT id FROM users WHERE email = 'a' COLLATE NOCASE AND email LIKE 'b%'"
    access = on(sql, "users")
    assert sql_of(access.equalities) == ["email"] and sql_of(access.prefixes) == ["email"]


def test_a_star_needs_all_columns() -> None:
    """Which is why no covering index follows from it on a wide table."""
    assert on("SELECT * FROM log", "log").needed == {"at", "user_id"}


WRITES = {
    "update": ("UPDATE orders SET total = 1 WHERE user_id = 5", ["user_id"]),
    "delete": ("DELETE FROM orders WHERE user_id = 5", ["user_id"]),
    "update from": (
        "UPDATE orders SET note = u.name FROM users u WHERE orders.status = u.name AND u.id = 5",
        [],
    ),
    "update with a CTE": (
        "WITH few AS (SELECT id FROM users) UPDATE orders SET total = 0 WHERE user_id = 5",
        ["user_id"],
    ),
}


@pytest.mark.parametrize(("sql", "expected"), WRITES.values(), ids=WRITES)
def test_a_write_finds_its_rows_like_a_select(sql: str, expected: list[str]) -> None:
    """But what it finds it writes, so no index can cover it."""
    access = on(sql, "orders")
    assert sql_of(access.equalities) == expected
    assert not access.cover


def test_update_from_joins_the_other_table() -> None:
    """Both sides of the join, and the other table may be covered."""
    sql = "UPDATE orders SET note = u.name FROM users u WHERE orders.status = u.name AND u.id = 5"
    assert sql_of(on(sql, "orders").joins) == ["status"]
    assert sql_of(on(sql, "users").joins) == ["name"]


def test_a_subquery_of_a_write_may_be_covered() -> None:
    """Only the table written has to be visited."""
    sql = "DELETE FROM users WHERE id IN (SELECT user_id FROM orders WHERE status = 'x')"
    assert on(sql, "orders").cover
    assert sql_of(on(sql, "orders").equalities) == ["status"]


def test_an_insert_reads_what_its_select_reads() -> None:
    """And INSERT ... VALUES reads nothing."""
    sql = "INSERT INTO log SELECT placed_at, user_id FROM orders WHERE status = 'open'"
    assert sql_of(on(sql, "orders").equalities) == ["status"]
    assert read("INSERT INTO log VALUES ('now', 5), ('then', 6)") == ()


def test_bodies_of_triggers_are_read() -> None:
    """NEW and OLD stand for values; a plan shows nothing of them."""
    found = AccessReader(schema_of(*SCHEMA)).read_triggers("ORDERS")
    by_table = {access.table: access for access in found}
    assert sql_of(by_table["users"].equalities) == ["name"]
    assert sql_of(by_table["log"].equalities) == ["user_id"]
    assert sql_of(by_table["log"].ranges) == ["at"]


HOSTILE = {
    "key words": ('SELECT "group" FROM "order" WHERE "group" = 1', "order", ['"group"']),
    "spaces": ('SELECT id FROM "order" WHERE "a b" = 1', "order", ['"a b"']),
    "quotes": ('SELECT id FROM "order" WHERE "quo""te" = 1', "order", ['"quo""te"']),
    "brackets": ("SELECT id FROM [order] WHERE [a b] = 1", "order", ['"a b"']),
    "back ticks": ("SELECT id FROM `order` WHERE `group` = 1", "order", ['"group"']),
    "comments and lines": ('SELECT 1 FROM "new\nline" WHERE "--" = 1', "new\nline", ['"--"']),
    "another case": ("SELECT ID FROM Orders WHERE USER_ID = 1", "orders", ["user_id"]),
    "an alias": ('SELECT id FROM orders "by" WHERE "by".status = 1', "orders", ["status"]),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "table", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_odd_names_come_out_as_the_schema_spells_them(
    sql: str, table: str, expected: list[str]
) -> None:
    """Quoted where SQLite needs it."""
    assert sql_of(on(sql, table).equalities) == expected


UNREADABLE = (
    "", ";", "SELECT", "SELECT * FROM", "SELECT * FROM no_such_table WHERE a = 1", "\x00",
    "garbage ((((", "SELECT * FROM orders WHERE", "UPDATE orders", "PRAGMA journal_mode",
    "SELECT * FROM orders WHERE user_id = = 1", "DELETE", "INSERT INTO", "WITH a AS (SELECT 1)",
    "'unterminated", 'SELECT "unterminated', "SELECT * FROM pragma_table_info('orders')",
    "CREATE TABLE x (a)", "SELECT 1; SELECT 2", "EXPLAIN SELECT 1", "VALUES (1, 2)",
    "SELECT * FROM a, b, c WHERE a.x = b.y", "SELECT \ud800",
)  # fmt: skip


@pytest.mark.parametrize("sql", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_gives_nothing(sql: str) -> None:
    """No exception, and nothing made up."""
    assert all(access.table == "orders" for access in read(sql))
    assert all(not access.equalities and not access.joins for access in read(sql))


@pytest.mark.parametrize("operator", ["AND", "OR"])
def test_generated_conditions_may_be_long(operator: str) -> None:
    """As deep as SQLite allows (SQLITE_MAX_EXPR_DEPTH), which is about Python's own depth."""
    chain = f" {operator} ".join(f"total = {n}" for n in range(990))
    (access,) = read(f"SELECT id FROM orders WHERE {chain}")
    assert sql_of(access.equalities or access.arms[0]) == ["total"]


def test_deep_nesting_does_not_end_in_a_crash() -> None:
    """Parentheses deeper than Python's stack."""
    assert isinstance(read("SELECT " + "(" * 2_000 + "1" + ")" * 2_000 + " FROM orders"), tuple)
