"""Judging indexes that somebody proposes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.advisor.alternatives.considered import Considered, consider
from dbtune.advisor.proving.proof import PlannedIndex
from dbtune.model.advice import ConsideredIndex
from dbtune.sqlite.copies.scratch import SampledTable
from tests.unit.advisor.workbench import advice_on, build, filled, read, shape

DDL = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, status TEXT, note TEXT UNIQUE)",
    "CREATE VIEW v AS SELECT * FROM orders",
    "CREATE INDEX mine ON orders (status)",
    filled("orders", "user_id, status, note", "n % 300, iif(n % 9, 'a', 'b'), 'n' || n", 3_000),
)
QUERIES = (
    shape("SELECT note FROM orders WHERE user_id = 7"),
    shape("INSERT INTO orders (user_id, status) VALUES (1, 'a')", count=5),
)


def judged(folder: Path, *ddl: str, fraction: float = 1.0) -> Considered:
    """Judge proposals beside the advice on a database."""
    path = build(folder / "base.db", *DDL)
    advice = advice_on(path, *QUERIES)
    if fraction < 1.0:
        sampled = (SampledTable("orders", fraction),)
        advice = type(advice)(**{**vars(advice), "sampled": sampled})
    return consider(path, read(path), advice, [_planned(sql) for sql in ddl])


def _planned(sql: str) -> PlannedIndex:
    words = sql.replace("(", " (").split()
    name, table = words[words.index("ON") - 1], words[words.index("ON") + 1]
    return PlannedIndex(name, table, sql)


def one(folder: Path, sql: str) -> ConsideredIndex:
    """Judge a single proposal."""
    (index,) = judged(folder, sql).indexes
    return index


def test_a_useful_one_says_what_it_gains_and_costs(tmp_path: Path) -> None:
    """The share of the workload that is lost again without it."""
    index = one(tmp_path, "CREATE INDEX useful ON orders (user_id)")
    assert index.used_by == (QUERIES[0].id,) and index.note == ""
    assert 0.5 < index.gain_ratio < 1
    assert index.size_bytes > 0 and index.write_cost_ratio > 1


def test_a_useless_one_is_told_so(tmp_path: Path) -> None:
    """It only costs."""
    index = one(tmp_path, "CREATE INDEX useless ON orders (status, note)")
    assert index.used_by == () and index.note == "no recorded query uses it"
    assert index.gain_ratio <= 0 < index.size_bytes


FAILING = {
    "unknown table": ("CREATE INDEX x ON nowhere (a)", "no such table"),
    "unknown column": ("CREATE INDEX x ON orders (gone)", "no such column: gone"),
    "rows that repeat": ("CREATE UNIQUE INDEX x ON orders (user_id)", "UNIQUE constraint failed"),
    "a view": ("CREATE INDEX x ON v (user_id)", "views may not be indexed"),
    "a name that is taken": ("CREATE INDEX mine ON orders (note, status)", "already exists"),
    "a table's name": ("CREATE INDEX orders ON orders (note, status)", "already a table"),
    "an application's function": ("CREATE INDEX x ON orders (own(note))", "no such function"),
    "another word for now": ("CREATE INDEX x ON orders (random())", "non-deterministic"),
}


@pytest.mark.parametrize(("sql", "reason"), FAILING.values(), ids=FAILING)
def test_one_that_cannot_be_built_says_why(tmp_path: Path, sql: str, reason: str) -> None:
    """In SQLite's own words, and nothing else is lost for it."""
    found = judged(tmp_path, sql, "CREATE INDEX useful ON orders (user_id)")
    bad, good = found.indexes
    assert bad.note.startswith("cannot be created: ") and reason in bad.note
    assert (bad.used_by, bad.size_bytes, bad.gain_ratio) == ((), 0, 0.0)
    assert good.used_by and found.size_bytes == good.size_bytes


REPEATED = {
    "an index": ("CREATE INDEX again ON orders (STATUS)", "the same as the existing mine"),
    "a constraint": (
        "CREATE UNIQUE INDEX again ON orders (note)",
        "the same as the existing sqlite_autoindex_orders_1",
    ),
}


@pytest.mark.parametrize(("sql", "note"), REPEATED.values(), ids=REPEATED)
def test_one_that_exists_already_is_not_built_again(tmp_path: Path, sql: str, note: str) -> None:
    """Whatever it is called."""
    index = one(tmp_path, sql)
    assert index.note == note and index.size_bytes == 0


def test_one_that_is_proposed_twice_is_judged_once(tmp_path: Path) -> None:
    """Else neither would gain anything, since each stands in for the other."""
    found = judged(
        tmp_path,
        "CREATE INDEX first ON orders (user_id)",
        "CREATE INDEX second ON orders (User_Id)",
    )
    first, second = found.indexes
    assert first.gain_ratio > 0.5 and first.used_by
    assert second.note == "the same as the proposed first" and second.size_bytes == 0


def test_sizes_are_those_of_the_real_database(tmp_path: Path) -> None:
    """Where the copy held a tenth of the rows."""
    sql = "CREATE INDEX useful ON orders (user_id)"
    whole = judged(tmp_path, sql)
    (tmp_path / "sampled").mkdir()
    tenth = judged(tmp_path / "sampled", sql, fraction=0.1)
    assert tenth.size_bytes == 10 * whole.size_bytes
    assert tenth.indexes[0].size_bytes == 10 * whole.indexes[0].size_bytes


def test_the_copy_is_left_as_it_was(tmp_path: Path) -> None:
    """The proposals are built on a copy of it, which is gone; the proof's stays."""
    path = build(tmp_path / "base.db", *DDL)
    advice = advice_on(path, *QUERIES)
    before = path.read_bytes()
    consider(path, read(path), advice, [_planned("CREATE INDEX i ON orders (user_id)")])
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["base.db", "proof.db"]
