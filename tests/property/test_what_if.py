"""The plan with hidden indexes is the plan of a database that never had them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

import apsw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbtune.advisor.measuring.pool import Pool
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


@dataclass(frozen=True)
class _Case:
    """A generated database: tables with rows, indexes that exist, a pool, and queries."""

    ddl: tuple[str, ...]
    pool: tuple[str, ...]
    queries: tuple[str, ...]


_NAMES = ("a", "b", "c", "d")
_TYPES = ("INTEGER", "TEXT", "TEXT COLLATE NOCASE", "REAL", "")
_KEYS = ("id INTEGER PRIMARY KEY, {}", "{}", "{}, PRIMARY KEY (a, b)) WITHOUT ROWID")
_VALUES = ("n", "n % 3", "n % 50", "n * 7919 % 400", "'v' || (n % 9)", "NULL", "n % 100 = 0")
_CONDITIONS = (
    "{0} = 1", "{0} > 5", "{0} IS NULL", "{0} IN (1, 2, 3)", "{0} BETWEEN 2 AND 9",
    "{0} = 'v3'", "{0} LIKE 'v%'", "lower({0}) = 'v3'", "{0} IS NOT NULL",
)  # fmt: skip


@st.composite
def _cases(draw: st.DrawFn) -> _Case:
    ddl: list[str] = []
    tables = [f"t{n}" for n in range(draw(st.integers(1, 3)))]
    for table in tables:
        types = [draw(st.sampled_from(_TYPES)) for _ in _NAMES]
        columns = ", ".join(f"{n} {t}" for n, t in zip(_NAMES, types, strict=True))
        body = draw(st.sampled_from(_KEYS)).format(columns)
        ddl.append(f"CREATE TABLE {table} ({body}" + ("" if body.endswith("ROWID") else ")"))
        values = [draw(st.sampled_from(_VALUES)) for _ in _NAMES]
        rows = draw(st.sampled_from((0, 1, 30, 600)))
        ddl.append(
            f"INSERT OR IGNORE INTO {table} ({', '.join(_NAMES)}) WITH RECURSIVE s(n) AS"
            f" (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows})"
            f" SELECT {', '.join(values)} FROM s LIMIT {rows}"
        )
    indexes = [draw(_index(name, tables)) for name in ("old0", "old1", "p0", "p1", "p2", "p3")]
    queries = tuple(draw(_query(tables)) for _ in range(6))
    return _Case((*ddl, *indexes[:2]), tuple(indexes[2:]), queries)


@st.composite
def _index(draw: st.DrawFn, name: str, tables: Sequence[str]) -> str:
    keys = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True))
    forms = ("{}", "{} DESC", "{} COLLATE NOCASE", "lower({})")
    terms = ", ".join(draw(st.sampled_from(forms)).format(key) for key in keys)
    where = draw(st.sampled_from(("", "", " WHERE a = 1", " WHERE b IS NOT NULL", " WHERE c > 5")))
    return f"CREATE INDEX {name} ON {draw(st.sampled_from(tables))} ({terms}){where}"


@st.composite
def _query(draw: st.DrawFn, tables: Sequence[str]) -> str:
    x, y = (draw(st.sampled_from(tables)) for _ in "xy")
    column = st.sampled_from(_NAMES)
    conditions = [
        draw(st.sampled_from(_CONDITIONS)).format(f"x.{draw(column)}")
        for _ in range(draw(st.integers(0, 3)))
    ]
    where = draw(st.sampled_from((" AND ", " OR "))).join(conditions) or "1"
    order = draw(st.sampled_from(("", f" ORDER BY x.{draw(column)} DESC, x.{draw(column)}")))
    form = draw(st.sampled_from(("plain", "join", "group", "exists", "delete", "update")))
    if form == "join":
        on = f"y.{draw(column)} = x.{draw(column)}"
        return f"SELECT x.a, y.b FROM {x} AS x JOIN {y} AS y ON {on} WHERE {where}{order}"
    if form == "group":
        return f"SELECT x.{draw(column)}, count(*) FROM {x} AS x WHERE {where} GROUP BY 1"
    if form == "exists":
        inner = f"SELECT 1 FROM {y} AS y WHERE y.{draw(column)} = x.{draw(column)}"
        return f"SELECT x.c FROM {x} AS x WHERE ({where}) AND EXISTS ({inner}){order}"
    if form == "delete":
        return f"DELETE FROM {x} AS x WHERE {where}"
    if form == "update":
        return f"UPDATE {x} AS x SET d = 5 WHERE {where}"
    return f"SELECT * FROM {x} AS x WHERE {where}{order} LIMIT 9"


@given(case=_cases(), shown=st.sets(st.integers(0, 3)), many=st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_subset_of_any_pool_plans_as_if_it_had_been_built(
    case: _Case, shown: set[int], many: bool
) -> None:
    """Over generated tables, rows, indexes and queries, writes too.

    Also in a large schema, where the tables that a query does not touch are hidden as well.
    """
    filler = [f"CREATE TABLE filler{n} (x)" for n in range(50 if many else 0)]
    with closing(_made(filler, case.ddl)) as whole, closing(_made(filler, case.ddl)) as real:
        pool, bare = Pool(whole), Pool(real)
        for number, sql in enumerate(case.pool):
            assert pool.build(f"p{number}", sql)
            if number in shown:
                assert bare.build(f"p{number}", sql)
        pool.finish()
        bare.finish()
        for query in case.queries:
            words = set(query.replace("(", " ").split())
            tables = frozenset(f"t{n}" for n in range(3) if f"t{n}" in words)
            pool.show(frozenset(f"p{number}" for number in shown), tables)
            assert explain(whole, query) == explain(real, query), query
            # Other sets come in between, as they do in a search.
            pool.show(pool.names, tables)


def _made(*scripts: Iterable[str]) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute("BEGIN")
    for sql in (sql for script in scripts for sql in script):
        connection.execute(sql)
    connection.execute("COMMIT")
    return connection
