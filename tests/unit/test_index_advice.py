"""Which indexes the advisor recommends, and which not, on small real databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.journeys.analyze import AnalyzeOptions, analyze
from dbtune.model.advice import Report
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.explain import explain

ROWS = 8_000
Advise = Callable[..., Report]


@pytest.fixture
def advise(tmp_path: Path) -> Advise:
    """Return a function that advises on a table `t` for statements, each sent 100 times."""

    def run(
        statements: Sequence[str], *, rows: int = ROWS, more: Sequence[str] = (), **options: object
    ) -> Report:
        path = tmp_path / "app.db"
        path.unlink(missing_ok=True)
        _build(path, rows, more)
        recording = tmp_path / "queries.sql"
        recording.write_text("".join(f"{sql};\n" * 100 for sql in statements))
        return analyze(path, AnalyzeOptions(queries=(str(recording),), **options))  # type: ignore[arg-type]

    return run


def _build(path: Path, rows: int, more: Sequence[str]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, owner INTEGER, kind TEXT, at TEXT,"
            " name TEXT, doc TEXT)"
        )
        connection.executemany(
            "INSERT INTO t (owner, kind, at, name, doc) VALUES (?, ?, ?, ?, ?)",
            [
                (
                    n * 7919 % 400,
                    "rare" if n % 400 == 0 else "usual",
                    f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}",
                    f"Name {n * 31 % 3000}",
                    f'{{"tag": {n % 900}, "pad": "{"x" * 80}"}}',
                )
                for n in range(rows)
            ],
        )
        for sql in more:
            connection.execute(sql)
        connection.commit()


def _created(report: Report) -> list[str]:
    return [f.change.up[0] for f in report.findings if f.code == "missing-index" and f.change]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT * FROM t WHERE owner = 7 ORDER BY at DESC LIMIT 5", "(owner, at"),
        ("SELECT * FROM t WHERE name = 'name 31' COLLATE NOCASE", "name COLLATE NOCASE"),
        ("SELECT * FROM t WHERE lower(name) = 'name 31'", "(lower(name)"),
        ("SELECT * FROM t WHERE json_extract(doc, '$.tag') = 7", "json_extract(doc, '$.tag')"),
        ("SELECT * FROM t WHERE kind = 'rare' ORDER BY at", "kind"),
        ("SELECT max(at) FROM t", "(at"),
        ("SELECT id FROM t WHERE owner = 3 OR name = 'Name 31'", "(name"),
        ("UPDATE t SET kind = 'usual' WHERE owner = 9", "(owner"),
        ("DELETE FROM t WHERE name = 'Name 31'", "(name"),
        ("SELECT * FROM v WHERE owner = 7", "(owner"),
    ],
)
def test_a_statement_gets_the_index_that_serves_it(
    advise: Advise, statement: str, expected: str
) -> None:
    """Composite, collated, expression, partial and ordered keys, also through a view."""
    report = advise([statement], more=["CREATE VIEW v AS SELECT owner, at FROM t"])
    assert any(expected in sql for sql in _created(report)), _created(report)
    assert report.verdict is not None
    assert report.verdict.cost_after < report.verdict.cost_before / 3


def test_the_index_is_used_once_it_is_there(advise: Advise, tmp_path: Path) -> None:
    """Python's own SQLite uses what was recommended, with ANALYZE run as the revision does."""
    statement = "SELECT * FROM t WHERE owner = 7 ORDER BY at DESC LIMIT 5"
    created = _created(advise([statement]))
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        for sql in (*created, "ANALYZE t"):
            connection.execute(sql)
        connection.commit()
    with closing(open_readonly(tmp_path / "app.db")) as connection:
        assert "USING INDEX ix_t_owner_at" in explain(connection, statement).steps[0]


def test_a_value_that_tells_rows_apart_makes_no_partial_index(advise: Advise) -> None:
    """A recording of one owner's page must not get an index for that owner alone."""
    created = _created(advise(["SELECT * FROM t WHERE owner = 7 ORDER BY at DESC LIMIT 5"]))
    assert created and not any("WHERE owner" in sql for sql in created)


def test_a_small_table_gets_no_index(advise: Advise) -> None:
    """Fifty rows are read as fast from end to end."""
    assert _created(advise(["SELECT * FROM t WHERE owner = 7"], rows=50)) == []


def test_what_is_indexed_already_gets_none(advise: Advise) -> None:
    """The same keys under another name are the same index."""
    report = advise(
        ["SELECT * FROM t WHERE owner = 7 AND at = '2026-01-01'"],
        more=["CREATE INDEX mine ON t (owner, at)", "ANALYZE"],
    )
    assert _created(report) == []


def test_an_index_that_costs_writes_more_than_it_gains_is_not_advised(advise: Advise) -> None:
    """Thousands of inserts outweigh one cheap read."""
    insert = "INSERT INTO t (owner, kind, at, name) VALUES ({}, 'usual', '2026-01-01', 'Name')"
    writes = [insert.format(n) for n in range(40)]
    read = "SELECT * FROM t WHERE owner = 7 AND kind = 'usual'"
    free = advise([*writes, read])
    held = advise([*writes, read], max_write_slowdown_ratio=1.0)
    assert _created(free) and _created(held) == []


def test_the_same_database_and_recording_get_the_same_advice(advise: Advise) -> None:
    """Costs are counted, not timed."""
    statements = [
        "SELECT * FROM t WHERE owner = 7 ORDER BY at",
        "SELECT count(*) FROM t WHERE kind = 'rare' AND at > '2026-06-01'",
    ]
    first = advise(statements)
    second = advise(statements)
    assert _created(first) == _created(second)
    assert first.verdict and second.verdict
    assert first.verdict.cost_after == second.verdict.cost_after


def test_exactly_one_of_two_duplicates_stays(advise: Advise) -> None:
    """Dropping all that is advised leaves every recorded read as fast."""
    report = advise(
        ["SELECT * FROM t WHERE owner = 7"],
        more=[
            "CREATE INDEX first ON t (owner)",
            "CREATE INDEX second ON t (owner)",
            "CREATE INDEX third ON t (owner, at)",
        ],
    )
    codes = {"duplicate-index", "redundant-prefix-index", "unused-index"}
    drops = [f.change.index_name for f in report.findings if f.code in codes and f.change]
    assert len(drops) == len(set(drops)) == 2


def test_values_are_drawn_where_none_were_recorded(advise: Advise) -> None:
    """The evidence says so, and the report lists it among what was not checked."""
    report = advise(["SELECT * FROM t WHERE owner = ? ORDER BY at DESC LIMIT ?"])
    assert any("(owner, at" in sql for sql in _created(report))
    assert any("values: drawn" in line for line in report.not_checked)
    assert report.shapes[0].values == "drawn"


def test_a_search_without_time_still_answers(advise: Advise) -> None:
    """What there was no time for is said."""
    report = advise(["SELECT * FROM t WHERE owner = 7"], time_limit_seconds=0.001)
    assert report.verdict is not None
    assert any("time limit" in line for line in report.not_checked)
