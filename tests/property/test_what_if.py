"""The plan with hidden indexes is the plan of a database that never had them."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbtune.advisor.pool import Pool
from dbtune.sqlite.explain import explain

_COLUMNS = ("a", "b", "c", "name")
_TERMS = st.sampled_from(
    ["a", "b", "c", "name", "a DESC", "name COLLATE NOCASE", "lower(name)", "b DESC"]
)
_INDEXES = st.lists(
    st.tuples(
        st.lists(_TERMS, min_size=1, max_size=3, unique=True),
        st.sampled_from([None, "a = 1", "b IS NOT NULL"]),
    ),
    min_size=1,
    max_size=6,
)
_QUERIES = (
    "SELECT * FROM t WHERE a = 1",
    "SELECT * FROM t WHERE a = 1 AND b > 3 ORDER BY c",
    "SELECT a, b FROM t WHERE b = 2 OR c = 3",
    "SELECT count(*) FROM t WHERE lower(name) = 'n7'",
    "SELECT * FROM t WHERE name = 'N7' COLLATE NOCASE",
    "SELECT * FROM t ORDER BY b DESC, a LIMIT 5",
    "SELECT t.a FROM t JOIN u ON u.t_id = t.c WHERE u.kind = 1 AND t.b < 4",
    "SELECT max(c) FROM t WHERE a = 0",
)


@given(indexes=_INDEXES, data=st.data(), spread=st.integers(1, 50))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_hidden_indexes_leave_the_plan_of_a_database_without_them(
    indexes: list[tuple[list[str], str | None]], data: st.DataObject, spread: int
) -> None:
    """All subsets of a pool plan as if only they had been built, in the same order."""
    ddl = [_create(number, terms, where) for number, (terms, where) in enumerate(indexes)]
    shown = frozenset(
        data.draw(st.sets(st.sampled_from([f"i{n}" for n in range(len(ddl))])), label="shown")
    )
    whole = _database(spread)
    pool = Pool(whole)
    for number, sql in enumerate(ddl):
        assert pool.build(f"i{number}", sql)
    pool.finish()
    pool.show(shown)

    real = _database(spread)
    bare = Pool(real)
    for number, sql in enumerate(ddl):
        if f"i{number}" in shown:
            bare.build(f"i{number}", sql)
    bare.finish()

    assert _plans(whole) == _plans(real)
    pool.show(pool.names)
    assert sorted(_catalog(whole)) == sorted(f"i{n}" for n in range(len(ddl)))


def _create(number: int, terms: Sequence[str], where: str | None) -> str:
    condition = f" WHERE {where}" if where else ""
    return f"CREATE INDEX i{number} ON t ({', '.join(terms)}){condition}"


def _database(spread: int) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c, name TEXT)")
    connection.execute("CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INTEGER, kind INTEGER)")
    connection.executemany(
        "INSERT INTO t (a, b, c, name) VALUES (?, ?, ?, ?)",
        [(n % 3, n % spread, n % 17, f"N{n % 11}") for n in range(400)],
    )
    connection.executemany(
        "INSERT INTO u (t_id, kind) VALUES (?, ?)", [(n % 29, n % 5) for n in range(300)]
    )
    return connection


def _plans(connection: apsw.Connection) -> list[tuple[str, ...]]:
    return [explain(connection, query).steps for query in _QUERIES]


def _catalog(connection: apsw.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")
    return [name for (name,) in rows]
