"""unused-index, duplicate-index and redundant-prefix-index: what can go, and what must not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import (
    duplicate_index,
    redundant_prefix_index,
    run_rules,
    unused_index,
)
from dbtune.model.advice import Finding, IndexSpec
from tests.unit.rules.measured import Query, apply, build, facts_of, rows, run

BOOKINGS = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)",
    "CREATE TABLE bookings (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id),"
    " status TEXT, day TEXT, note TEXT COLLATE NOCASE)",
    f"INSERT INTO users SELECT n, 'user' || n FROM {rows(50)}",
    "INSERT INTO bookings SELECT n, n % 50 + 1, 'open', date('2024-01-01', n || ' days'), 'x'"
    f" FROM {rows(2000)}",
)
ANY_QUERY = Query("SELECT email FROM users WHERE id = 7")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file with 2,000 bookings and no index of its own."""
    return build(tmp_path / "bookings.db", *BOOKINGS)


def recorded(path: Path, *unused: str, new: tuple[IndexSpec, ...] = ()) -> Facts:
    """Return facts with a recording by which these indexes are not used."""
    return replace(facts_of(path, ANY_QUERY), unused_indexes=unused, new_indexes=new)


def subjects(findings: tuple[Finding, ...]) -> list[str]:
    """Return what the findings are about."""
    return [finding.subject for finding in findings]


def test_an_unused_index_is_low_and_names_the_span_of_the_recording(database: Path) -> None:
    """Never above low, since a job that runs once a month may not be in the recording."""
    run(database, "CREATE INDEX ix_day ON bookings (day)")
    facts = recorded(database, "ix_day")
    assert facts.workload is not None
    dated = replace(
        facts.workload, started_at="2024-05-01T00:00:00Z", ended_at="2024-05-02T00:00:00Z"
    )
    (finding,) = unused_index.check(replace(facts, workload=dated))
    assert finding.severity == "low"
    assert "spans 2024-05-01T00:00:00Z to 2024-05-02T00:00:00Z" in finding.message
    assert "ix_day" in finding.message


def test_an_unused_index_goes_and_comes_back(database: Path) -> None:
    """The change drops it, and its way back builds the same index again."""
    run(database, "CREATE INDEX ix_day ON bookings (day DESC) WHERE status = 'open'")
    before = facts_of(database).schema
    (finding,) = unused_index.check(recorded(database, "ix_day"))
    change = apply(database, finding)
    assert unused_index.check(recorded(database, "ix_day")) == ()
    run(database, *change.down)
    assert facts_of(database).schema == before
    assert subjects(unused_index.check(recorded(database, "ix_day"))) == ["ix_day"]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE UNIQUE INDEX ux_day ON bookings (day)", "ux_day"),
        ("CREATE INDEX ix_user ON bookings (user_id)", "ix_user"),
        ("CREATE INDEX ix_user ON bookings (user_id, day)", "ix_user"),
        ("CREATE INDEX ix_user ON bookings (user_id) WHERE user_id IS NOT NULL", "ix_user"),
    ],
)
def test_unused_index_keeps_what_a_constraint_needs(
    database: Path, statement: str, name: str
) -> None:
    """A unique index and the only index of a foreign key stay, used or not."""
    run(database, statement)
    assert unused_index.check(recorded(database, name)) == ()


def test_unused_index_keeps_the_last_index_of_a_foreign_key(database: Path) -> None:
    """Of two unused indexes that both serve a foreign key only one may go."""
    run(
        database,
        "CREATE INDEX ix_one ON bookings (user_id, day)",
        "CREATE INDEX ix_two ON bookings (user_id, status)",
    )
    found = unused_index.check(recorded(database, "ix_one", "ix_two"))
    assert subjects(found) == ["ix_one"]


def test_unused_index_counts_a_recommended_index_for_the_foreign_key(database: Path) -> None:
    """Once an index that begins with the key's columns is recommended, the old one may go."""
    run(database, "CREATE INDEX ix_user ON bookings (user_id, note)")
    new = (IndexSpec("bookings", ("user_id", "day DESC")),)
    assert subjects(unused_index.check(recorded(database, "ix_user", new=new))) == ["ix_user"]


def test_unused_index_is_silent_on_a_small_table_and_without_a_recording(tmp_path: Path) -> None:
    """Dropping an index of 50 rows helps nobody, and without a recording nothing is known."""
    path = build(tmp_path / "small.db", *BOOKINGS, "CREATE INDEX ix_email ON users (email)")
    assert unused_index.check(recorded(path, "ix_email")) == ()
    run(path, "CREATE INDEX ix_day ON bookings (day)")
    assert unused_index.check(replace(facts_of(path), unused_indexes=("ix_day",))) == ()


def test_an_index_that_a_statement_names_is_never_dropped(database: Path) -> None:
    """INDEXED BY fails without its index, so the index stays, duplicate or not."""
    run(
        database,
        "CREATE INDEX ix_a ON bookings (day)",
        'CREATE INDEX "ix b" ON bookings (day)',
    )
    query = Query("SELECT id FROM bookings INDEXED BY \"ix b\" WHERE day = '2024-01-01'")
    facts = replace(facts_of(database, query), unused_indexes=("ix_a",))
    assert unused_index.check(facts) == ()
    assert subjects(duplicate_index.check(facts)) == ["ix_a"]
    view = "CREATE VIEW v AS SELECT id FROM bookings INDEXED BY ix_a WHERE day > '2024'"
    run(database, view)
    assert duplicate_index.check(facts_of(database, query)) == ()


def test_exactly_one_of_several_duplicates_stays(database: Path) -> None:
    """Three indexes with the same keys are two findings, which keep the oldest."""
    run(
        database,
        "CREATE INDEX ix_one ON bookings (status, day)",
        'CREATE INDEX ix_two ON bookings ("status", day ASC)',
        "CREATE INDEX ix_three ON bookings (STATUS, [day])",
    )
    found = duplicate_index.check(facts_of(database))
    assert subjects(found) == ["ix_two", "ix_three"]
    assert {finding.severity for finding in found} == {"medium"}
    assert all("index ix_one, which stays" in finding.message for finding in found)


def test_of_two_duplicates_the_one_that_plans_use_stays(database: Path) -> None:
    """The planner's choice decides, so that no plan names an index that is gone."""
    run(
        database,
        "CREATE INDEX ix_one ON bookings (day)",
        "CREATE INDEX ix_two ON bookings (day)",
    )
    facts = recorded(database, "ix_one")
    assert subjects(duplicate_index.check(facts)) == ["ix_one"]
    assert unused_index.check(facts) == ()


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE UNIQUE INDEX ux ON bookings (day)", "CREATE INDEX ix ON bookings (day)"),
        ("CREATE INDEX ix ON bookings (day)", "CREATE UNIQUE INDEX ux ON bookings (day)"),
    ],
)
def test_a_duplicate_of_a_unique_index_is_the_plain_one(
    database: Path, statements: tuple[str, ...]
) -> None:
    """The index that enforces uniqueness stays, whichever came first."""
    run(database, *statements)
    (finding,) = duplicate_index.check(facts_of(database))
    assert finding.subject == "ix"
    assert "enforces a constraint" in finding.message


def test_a_duplicate_of_a_constraint_goes_and_comes_back(tmp_path: Path) -> None:
    """An index beside a UNIQUE column is dropped by name; the constraint's own index stays."""
    path = build(
        tmp_path / "unique.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT UNIQUE)",
        "CREATE INDEX ix_email ON t (email)",
        f"INSERT INTO t SELECT n, 'user' || n FROM {rows(2000)}",
    )
    (finding,) = duplicate_index.check(facts_of(path))
    assert "the UNIQUE constraint (email), which stays" in finding.message
    change = apply(path, finding)
    assert duplicate_index.check(facts_of(path)) == ()
    assert [index.origin for index in facts_of(path).schema.indexes] == ["u"]
    run(path, *change.down)
    assert subjects(duplicate_index.check(facts_of(path))) == ["ix_email"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("bookings (day)", "bookings (day DESC)"),
        ("bookings (day)", "bookings (day COLLATE NOCASE)"),
        ("bookings (day)", "bookings (day) WHERE status = 'open'"),
        ("bookings (day)", "bookings (lower(day))"),
        ("bookings (day)", "users (email)"),
    ],
)
def test_duplicate_index_compares_direction_collation_and_condition(
    database: Path, first: str, second: str
) -> None:
    """Indexes that differ in any of these serve different queries."""
    run(database, f"CREATE INDEX ix_1 ON {first}", f"CREATE INDEX ix_2 ON {second}")
    assert duplicate_index.check(facts_of(database)) == ()


def test_a_duplicate_on_a_small_table_is_only_information(tmp_path: Path) -> None:
    """It costs little there, and is a mistake all the same."""
    path = build(
        tmp_path / "small.db",
        "CREATE TABLE t (a)",
        "CREATE INDEX i1 ON t (a)",
        "CREATE INDEX i2 ON t (a)",
    )
    assert [f.severity for f in duplicate_index.check(facts_of(path))] == ["info"]


def test_a_prefix_of_another_index_goes_and_comes_back(database: Path) -> None:
    """The longer index finds the same rows; the finding says that it is wider."""
    run(
        database,
        "CREATE INDEX ix_status ON bookings (status)",
        "CREATE INDEX ix_status_day ON bookings (status, day)",
    )
    (finding,) = redundant_prefix_index.check(facts_of(database))
    assert (finding.subject, finding.severity) == ("ix_status", "low")
    assert "ix_status_day" in finding.message
    assert "wider" in finding.help
    change = apply(database, finding)
    assert redundant_prefix_index.check(facts_of(database)) == ()
    run(database, *change.down)
    assert subjects(redundant_prefix_index.check(facts_of(database))) == ["ix_status"]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("bookings (status)", "bookings (day, status)"),
        ("bookings (status) WHERE day > '2024'", "bookings (status, day)"),
        ("bookings (status)", "bookings (status, day) WHERE day > '2024'"),
        ("bookings (status COLLATE NOCASE)", "bookings (status, day)"),
        ("bookings (status, day DESC)", "bookings (status, day, note)"),
    ],
)
def test_an_index_that_the_longer_one_cannot_replace_stays(
    database: Path, short: str, long: str
) -> None:
    """Another order, condition, collation or direction is no prefix."""
    run(database, f"CREATE INDEX ix_short ON {short}", f"CREATE INDEX ix_long ON {long}")
    assert redundant_prefix_index.check(facts_of(database)) == ()


@pytest.mark.parametrize("short", ["bookings (status DESC)", "bookings (status DESC, day ASC)"])
def test_a_prefix_read_backwards_is_a_prefix(database: Path, short: str) -> None:
    """A backward scan of the longer index gives the same order."""
    run(
        database,
        f"CREATE INDEX ix_short ON {short}",
        "CREATE INDEX ix_long ON bookings (status, day DESC, note)",
    )
    assert subjects(redundant_prefix_index.check(facts_of(database))) == ["ix_short"]


def test_a_unique_prefix_stays(database: Path) -> None:
    """A unique index refuses rows that the longer one would take."""
    run(
        database,
        "CREATE UNIQUE INDEX ux_day ON bookings (day)",
        "CREATE INDEX ix_day_status ON bookings (day, status)",
    )
    assert redundant_prefix_index.check(facts_of(database)) == ()


def test_of_a_used_prefix_and_an_unused_longer_index_the_longer_goes(database: Path) -> None:
    """Both findings together never take away both indexes."""
    run(
        database,
        "CREATE INDEX ix_status ON bookings (status)",
        "CREATE INDEX ix_status_day ON bookings (status, day)",
    )
    facts = recorded(database, "ix_status_day")
    assert redundant_prefix_index.check(facts) == ()
    assert subjects(unused_index.check(facts)) == ["ix_status_day"]


def test_an_unused_prefix_of_a_recommended_index_is_redundant(database: Path) -> None:
    """The recommendation takes its place; a prefix that plans still use stays."""
    run(database, "CREATE INDEX ix_user ON bookings (user_id)")
    new = (IndexSpec("bookings", ("user_id", '"day" DESC')),)
    (finding,) = redundant_prefix_index.check(recorded(database, "ix_user", new=new))
    assert finding.subject == "ix_user"
    assert "recommended" in finding.message
    assert redundant_prefix_index.check(recorded(database, new=new)) == ()


def test_hostile_names_stay_on_one_line_of_a_message(tmp_path: Path) -> None:
    """A name with a newline and an escape sequence cannot break out of its message."""
    name = 'x"\n\x1b[31m -- '
    quoted = '"' + name.replace('"', '""') + '"'
    path = build(
        tmp_path / "hostile.db",
        f"CREATE TABLE {quoted} ({quoted} TEXT)",
        f"CREATE INDEX i1 ON {quoted} ({quoted})",
        f"CREATE INDEX i2 ON {quoted} ({quoted})",
    )
    (finding,) = duplicate_index.check(facts_of(path))
    assert "\n" not in finding.message
    assert "\x1b" not in finding.message
    change = apply(path, finding)
    run(path, *change.down)
    assert subjects(duplicate_index.check(facts_of(path))) == ["i2"]


def test_an_index_that_only_the_application_can_build_stays(tmp_path: Path) -> None:
    """Dropped by dbtune it could not come back: on its function, collation, or a column of it."""
    path = tmp_path / "own.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("own", 1, lambda text: text, deterministic=True)
        connection.create_collation("german", lambda a, b: (a > b) - (a < b))
        for statement in (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE german, b TEXT,"
            " up TEXT AS (own(b)) VIRTUAL)",
            f"INSERT INTO t (a, b) SELECT n, n FROM {rows(2000)}",
            "CREATE INDEX plain ON t (b)",
            "CREATE INDEX plain_again ON t (b)",
            "CREATE INDEX calls ON t (own(b))",
            "CREATE INDEX collates ON t (a)",
            "CREATE INDEX made ON t (up)",
            "CREATE INDEX part ON t (b) WHERE own(b) > 5",
        ):
            connection.execute(statement)
    facts = facts_of(path)
    names = tuple(index.name for index in facts.schema.indexes)
    found = [f for f in run_rules(replace(facts, unused_indexes=names)) if f.change is not None]
    dropped = {f.change.index_name for f in found if f.change and "DROP" in f.change.up[0]}
    assert dropped <= {"plain", "plain_again"} and dropped
