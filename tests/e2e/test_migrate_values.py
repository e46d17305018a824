"""Values and rows that PostgreSQL does not take as they are: what the options make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.migrating import Make, ask, migrate, type_of
from tests.fixtures.moving import visible

WITH_TEXT = """
CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
INSERT INTO t VALUES (1, 'fine'), (2, CAST(x'{}' AS TEXT));
"""
NUL = WITH_TEXT.format("610062")
BAD = WITH_TEXT.format("61e9")


@pytest.mark.parametrize(
    ("script", "option", "wanted"),
    [
        (NUL, "--nul=strip", [(1, "fine"), (2, "ab")]),
        (NUL, "--nul=replace", [(1, "fine"), (2, "a\ufffdb")]),
        (NUL, "--nul=bytea", [(1, b"fine"), (2, b"a\0b")]),
        (NUL, "--nul=reject", [(1, "fine")]),
        (BAD, "--encoding-errors=latin-1", [(1, "fine"), (2, "aé")]),
        (BAD, "--encoding-errors=replace", [(1, "fine"), (2, "a\ufffd")]),
        (BAD, "--encoding-errors=bytea", [(1, b"fine"), (2, b"a\xe9")]),
        (BAD, "--encoding-errors=reject", [(1, "fine")]),
    ],
)
def test_text_that_postgres_refuses_stops_until_it_is_decided(
    script: str, option: str, wanted: list[Any], make: Make, target: str
) -> None:
    """Without the option nothing is written and it is named; with it the rows are as asked."""
    database = make(script)
    stopped = migrate(database, target)
    assert stopped.returncode == 5
    for word in ("t.s", "rowid 2", option.split("=")[0]):
        assert word in stopped.stdout + stopped.stderr
    assert ask(target, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dbtune%'") == []
    done = migrate(database, target, option)
    rejected = "reject" in option
    assert done.returncode == (8 if rejected else 0), done.stdout + done.stderr
    assert ask(target, "SELECT id, s FROM t ORDER BY id") == wanted
    rejects = Path(f"{database}.dbtune/rejects/t.jsonl")
    assert rejects.exists() == rejected
    if rejected:
        assert json.loads(rejects.read_text())["row"] == "rowid 2"


def test_a_column_named_true_is_no_truth_value(make: Make, target: str) -> None:
    """What is kept back is decided by the values, not by such a column; no row is lost."""
    database = make(
        """
        CREATE TABLE p (id INTEGER PRIMARY KEY);
        CREATE TABLE t (id INTEGER PRIMARY KEY, "true" TEXT, "false" INTEGER REFERENCES p);
        INSERT INTO p VALUES (1);
        INSERT INTO t VALUES (1, '0', 1), (2, '1', 9), (3, CAST(x'610062' AS TEXT), NULL);
        """
    )
    done = migrate(database, target, "--nul=reject", "--orphans=null")
    assert done.returncode == 8, done.stdout + done.stderr
    assert ask(target, 'SELECT id, "true", "false" FROM t ORDER BY id') == [
        (1, "0", 1),
        (2, "1", None),
    ]
    assert json.loads(Path(f"{database}.dbtune/rejects/t.jsonl").read_text())["row"] == "rowid 3"


ORPHANS = """
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));
INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1), (2, 99), (3, NULL);
"""


@pytest.mark.parametrize(
    ("how", "code", "rows", "validated"),
    [
        ("keep", 0, [(1, 1), (2, 99), (3, None)], False),
        ("reject", 8, [(1, 1), (3, None)], True),
        ("null", 0, [(1, 1), (2, None), (3, None)], True),
    ],
)
def test_orphans_become_what_was_asked(
    how: str, code: int, rows: list[Any], validated: bool, make: Make, target: str
) -> None:
    """Rows without parent are kept, kept back or cut loose, and always told."""
    done = migrate(make(ORPHANS), target, "--orphans", how)
    assert done.returncode == code, done.stdout + done.stderr
    assert ask(target, "SELECT id, p FROM c ORDER BY id") == rows
    assert ask(target, "SELECT convalidated FROM pg_constraint WHERE contype = 'f'") == [
        (validated,)
    ]
    assert "c.p" in done.stdout


def test_orphans_can_stop_it(make: Make, target: str) -> None:
    """--orphans fail names them and writes nothing."""
    stopped = migrate(make(ORPHANS), target, "--orphans", "fail")
    assert stopped.returncode == 5
    assert "rowid 2" in stopped.stdout + stopped.stderr
    assert visible(target) == set()


def test_an_empty_text_becomes_null_where_asked(make: Make, target: str) -> None:
    """--empty-as-null makes an INTEGER column with '' a bigint."""
    database = make("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (''), (3)")
    done = migrate(database, target, "--empty-as-null", "t.n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert type_of(target, "t", "n") == "bigint"
    assert ask(target, "SELECT n FROM t ORDER BY n") == [(1,), (3,), (None,)]


def test_rejected_rows_of_tables_alike_in_name_have_files_of_their_own(
    make: Make, target: str
) -> None:
    """Names that a file system may take for one, or not at all, never share a file."""
    rejected = (
        "(id INTEGER PRIMARY KEY, s TEXT); INSERT INTO {} VALUES (1, CAST(x'610062' AS TEXT));"
    )
    names = ('"a b"', '"a_b"', '"É/x"', '"é/x"', "T2")
    database = make("".join(f"CREATE TABLE {name} {rejected.format(name)}" for name in names))
    done = migrate(database, target, "--nul", "reject")
    assert done.returncode == 8, done.stdout + done.stderr
    files = list(Path(f"{database}.dbtune/rejects").iterdir())
    assert len({path.name.lower() for path in files}) == len(names)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_rejected_rows_that_cannot_be_saved_stop_it(make: Make, target: str) -> None:
    """Nothing becomes visible while the rows that were kept back would be lost."""
    database = make(NUL)
    Path(f"{database}.dbtune").write_text("in the way")
    stopped = migrate(database, target, "--nul", "reject")
    assert stopped.returncode == 5
    assert visible(target) == set()


def test_an_infinity_that_a_generated_column_makes_an_integer_of_stays_plain(
    make: Make, target: str
) -> None:
    """SQLite has the largest integer there, PostgreSQL no answer."""
    source = make(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL, g INTEGER AS (CAST(a AS INTEGER)) STORED);"
        "INSERT INTO t (a) VALUES (9e999), (2.5);"
    )
    done = migrate(source, target)
    assert done.returncode == 0, done.stderr
    assert ask(target, "SELECT g FROM t ORDER BY id") == [(2**63 - 1,), (2,)]
