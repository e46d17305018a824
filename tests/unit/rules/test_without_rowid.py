"""without-rowid: tables that serve their queries better in the order of their key, measured."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules.without_rowid import check
from dbtune.advisor.time_limit import TimeLimit
from dbtune.model.workload import QueryShape
from tests.unit.advisor.workbench import build, filled, read, shape
from tests.unit.rules.tried import tried_facts

KEYED = "CREATE TABLE kv (k TEXT PRIMARY KEY, -- the key\n v INTEGER CHECK (v <> -1))"
LOOKUP = ("SELECT v FROM kv WHERE k = 'key 77'", "SELECT v FROM kv WHERE k = 'key 1500'")
ROWS = filled("kv", "k, v", "'key ' || (n * 7919 % 4000), n", 3999)


def tried(path: Path, *statements: str, query: tuple[str, ...] = LOOKUP) -> Facts:
    """Build a database, and try what is no index for one shape on it."""
    return tried_facts(build(path, *statements), shape(*query))


def test_a_table_looked_up_by_its_key_is_found_until_it_is_rebuilt(tmp_path: Path) -> None:
    """The statements of the finding keep rows, indexes, triggers and views, and gain as said."""
    path = tmp_path / "t.db"
    facts = tried(
        path,
        KEYED,
        ROWS,
        "CREATE INDEX by_v ON kv (v)",
        "CREATE VIEW low AS SELECT k FROM kv WHERE v < 10",
        "CREATE TABLE log (line)",
        "CREATE TRIGGER noted AFTER DELETE ON kv BEGIN INSERT INTO log VALUES (OLD.k); END",
    )
    (finding,) = check(facts)
    assert (finding.code, finding.subject, finding.severity) == ("without-rowid", "kv", "high")
    assert finding.change is None and "triggers go with the old table" in finding.help
    assert finding.command is not None and "\n" not in finding.command
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        before = list(connection.execute("SELECT k, v FROM kv ORDER BY k"))
        connection.executescript(finding.command)
        assert list(connection.execute("SELECT k, v FROM kv ORDER BY k")) == before
        assert connection.execute("SELECT count(*) FROM low").fetchone() == (9,)
        connection.execute("DELETE FROM kv WHERE v = 5")
        assert connection.execute("SELECT count(*) FROM log").fetchone() == (1,)
    table = read(path).table("kv")
    assert table is not None and table.without_rowid
    assert "by_v" in {index.name for index in table.indexes}
    after = tried_facts(path, shape(*LOOKUP))
    assert check(after) == ()
    (rebuilt,) = facts.rebuilt_tables
    now = sum(s.shape.count * s.cost_before_ns for s in after.shapes)
    assert now == pytest.approx(rebuilt.cost_after_ns, rel=0.05)


@pytest.mark.parametrize(
    ("ddl", "query"),
    [
        ("CREATE TABLE kv (k INTEGER PRIMARY KEY, v INTEGER)", "SELECT v FROM kv WHERE k = 77"),
        ("CREATE TABLE kv (k TEXT UNIQUE, v INTEGER)", LOOKUP[0]),
        ("CREATE TABLE kv (k TEXT PRIMARY KEY, v INTEGER) WITHOUT ROWID", LOOKUP[0]),
        (KEYED, "SELECT rowid FROM kv WHERE k = 'key 77'"),
        (KEYED.replace("k TEXT PRIMARY KEY", "k TEXT PRIMARY KEY, w TEXT"), LOOKUP[0]),
    ],
    ids=["integer key", "no key", "is one", "rowid used", "wide rows"],
)
def test_it_is_not_tried_where_it_cannot_win(tmp_path: Path, ddl: str, query: str) -> None:
    """No copy is made for it."""
    rows = ROWS
    if "w TEXT" in ddl:
        rows = filled("kv", "k, v, w", "'key ' || n, n, hex(zeroblob(200))", 3999)
    elif "INTEGER PRIMARY" in ddl:
        rows = filled("kv", "v", "n", 3999)
    assert tried(tmp_path / "t.db", ddl, rows, query=(query,)).rebuilt_tables == ()


def test_it_is_not_tried_for_a_table_that_carries_little(tmp_path: Path) -> None:
    """Under 5 % of what is left."""
    path = build(
        tmp_path / "t.db", KEYED, ROWS, "CREATE TABLE big (a)", filled("big", "a", "n", 3999)
    )
    facts = tried_facts(path, shape(LOOKUP[0], count=1), shape("SELECT sum(a) FROM big", count=50))
    assert facts.rebuilt_tables == ()


def test_views_triggers_and_search_tables_that_need_the_rowid_keep_it(tmp_path: Path) -> None:
    """As do foreign names for it."""
    search = "CREATE VIRTUAL TABLE words USING fts5(k, content='kv', content_rowid='rowid')"
    assert tried(tmp_path / "a.db", KEYED, ROWS, search).rebuilt_tables == ()
    view = "CREATE VIEW ids AS SELECT oid AS id, k FROM kv"
    assert tried(tmp_path / "b.db", KEYED, ROWS, view).rebuilt_tables == ()


def test_null_in_the_key_keeps_it_as_it_is(tmp_path: Path) -> None:
    """WITHOUT ROWID refuses it."""
    null = "INSERT INTO kv VALUES (NULL, 1)"
    assert tried(tmp_path / "t.db", KEYED, ROWS, null).rebuilt_tables == ()


def test_it_is_silent_where_it_gains_too_little_or_slows_a_read(tmp_path: Path) -> None:
    """A scan of a table in its key's order is no cheaper than one of its rows."""
    scan = tried(tmp_path / "t.db", KEYED, ROWS, query=("SELECT sum(v) FROM kv",))
    assert len(scan.rebuilt_tables) == 1 and check(scan) == ()
    facts = tried(tmp_path / "u.db", KEYED, ROWS)
    (rebuilt,) = facts.rebuilt_tables
    slower = replace(facts, rebuilt_tables=(replace(rebuilt, slower=("x",)),))
    assert check(facts) and check(slower) == ()


def test_nothing_is_left_behind_and_nothing_tried_without_time(tmp_path: Path) -> None:
    """The copies go again."""
    path = build(tmp_path / "t.db", KEYED, ROWS)
    recorded: QueryShape = shape(*LOOKUP)
    assert tried_facts(path, recorded, time=TimeLimit(0.0)).rebuilt_tables == ()
    tried_facts(path, recorded)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["proof.db", "t.db"]


def test_composite_keys_and_strict_tables(tmp_path: Path) -> None:
    """A table of many-to-many, read by the first part of its key."""
    ddl = "CREATE TABLE likes (u INTEGER, p INTEGER, PRIMARY KEY (u, p)) STRICT"
    rows = filled("likes", "u, p", "n * 7919 % 200, n", 4000)
    by_user = "SELECT count(*) FROM (SELECT p, u FROM likes WHERE u = 7 ORDER BY p)"
    if sqlite3.sqlite_version_info < (3, 37):
        ddl = ddl.removesuffix(" STRICT")
    facts = tried(tmp_path / "t.db", ddl, rows, query=(by_user,))
    (rebuilt,) = facts.rebuilt_tables
    assert rebuilt.steps[0].endswith("WITHOUT ROWID")
    assert rebuilt.size_after_bytes < rebuilt.size_before_bytes
