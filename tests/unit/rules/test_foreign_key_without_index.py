"""foreign-key-without-index: when child rows have to be found, and nothing finds them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.rules import foreign_key_without_index
from dbtune.advisor.rules.foreign_key_without_index import check
from dbtune.model.advice import IndexSpec
from tests.unit.rules.measured import Query, apply, build, facts_of, rows, run

PARENT = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)"
CHILD = "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), total)"
FILLED = (
    f"INSERT INTO users SELECT n, 'user' || n FROM {rows(1500)}",
    f"INSERT INTO orders SELECT n, n % 1500 + 1, n FROM {rows(2000)}",
)
LOOKUP = "SELECT email FROM users WHERE id = 7"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file with 2,000 orders whose user has no index."""
    return build(tmp_path / "orders.db", PARENT, CHILD, *FILLED)


def test_without_a_recording_the_finding_is_low_and_its_index_can_be_undone(
    database: Path,
) -> None:
    """The index takes the finding away, and dropping it brings it back."""
    (finding,) = check(facts_of(database))
    assert (finding.subject, finding.severity) == ("orders(user_id)", "low")
    assert finding.command == "CREATE INDEX ix_orders_user_id ON orders (user_id);"
    change = apply(database, finding)
    assert change.index == IndexSpec("orders", ("user_id",))
    assert check(facts_of(database)) == ()
    run(database, *change.down)
    assert check(facts_of(database)) == (finding,)


@pytest.mark.parametrize(
    "write",
    [
        "DELETE FROM users WHERE id = 99999",
        "UPDATE OR IGNORE users SET id = id + 100000 WHERE id = 99999",
        "REPLACE INTO users (id, email) VALUES (99999, 'x')",
    ],
)
def test_a_recorded_write_that_needs_the_children_makes_it_medium(
    database: Path, write: str
) -> None:
    """A parent deleted or renumbered makes SQLite look for its children."""
    (finding,) = check(facts_of(database, write))
    assert finding.severity == "medium"
    assert finding.change is not None


def test_a_recorded_join_that_reads_the_children_whole_makes_it_medium(database: Path) -> None:
    """The join goes from a user to the orders, and reads them all."""
    join = (
        "SELECT total FROM users AS u JOIN orders AS o ON o.user_id = u.id "
        "WHERE u.id BETWEEN 3 AND 4"
    )
    (finding,) = check(facts_of(database, join))
    assert finding.severity == "medium"


@pytest.mark.parametrize("query", [LOOKUP, "UPDATE users SET email = 'x' WHERE id = 99999"])
def test_a_recording_that_never_needs_the_children_leaves_no_change(
    database: Path, query: str
) -> None:
    """An index that the workload has no use for is told of, and not applied."""
    (finding,) = check(facts_of(database, query))
    assert (finding.severity, finding.change) == ("info", None)


def test_a_cascade_says_that_parents_are_deleted(tmp_path: Path) -> None:
    """The schema expects deletes that the recording does not have."""
    child = CHILD.replace("(id), total", "(id) ON DELETE CASCADE, total")
    path = build(tmp_path / "orders.db", PARENT, child, *FILLED)
    (finding,) = check(facts_of(path, LOOKUP))
    assert finding.severity == "low"
    assert "CASCADE" in finding.message
    assert finding.change is not None


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX i ON orders (user_id)",
        "CREATE INDEX i ON orders (USER_ID DESC, total)",
        "CREATE UNIQUE INDEX i ON orders (user_id, id)",
        'CREATE INDEX i ON orders (user_id) WHERE "user_id" IS NOT NULL',
    ],
)
def test_it_is_silent_where_an_index_begins_with_the_columns(database: Path, index: str) -> None:
    """Any such index serves, a partial one too if it leaves out only NULL."""
    run(database, index)
    assert check(facts_of(database)) == ()


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX i ON orders (total, user_id)",
        "CREATE INDEX i ON orders (user_id) WHERE total > 5",
        "CREATE INDEX i ON orders (user_id + 0)",
    ],
)
def test_an_index_that_does_not_find_all_children_does_not_count(
    database: Path, index: str
) -> None:
    """The columns further back, some of the rows or an expression do not serve."""
    run(database, index)
    assert len(check(facts_of(database))) == 1


def test_it_is_silent_where_an_index_is_recommended(database: Path) -> None:
    """The advisor's own index begins with the column."""
    new = (IndexSpec("ORDERS", ('"user_id"', "total DESC")),)
    assert check(replace(facts_of(database), new_indexes=new)) == ()


def test_it_is_silent_about_small_children(tmp_path: Path) -> None:
    """Reading 50 rows is no work."""
    path = build(
        tmp_path / "small.db",
        PARENT,
        CHILD,
        f"INSERT INTO orders SELECT n, NULL, n FROM {rows(50)}",
    )
    assert check(facts_of(path)) == ()


def test_it_is_silent_about_a_key_that_is_the_primary_key(tmp_path: Path) -> None:
    """A one-to-one child is found by its own rowid, or by its primary key."""
    path = build(
        tmp_path / "one.db",
        PARENT,
        "CREATE TABLE profiles (user_id INTEGER PRIMARY KEY REFERENCES users (id), bio)",
        "CREATE TABLE members (user_id INT REFERENCES users (id), team INT,"
        " PRIMARY KEY (user_id, team)) WITHOUT ROWID",
        f"INSERT INTO users SELECT n, 'x' FROM {rows(1500)}",
        f"INSERT INTO profiles SELECT n, 'x' FROM {rows(1500)}",
        f"INSERT INTO members SELECT n, 1 FROM {rows(1500)}",
    )
    assert check(facts_of(path)) == ()


def test_a_composite_key_needs_all_its_columns_first_in_any_order(tmp_path: Path) -> None:
    """Two columns are served by an index that begins with both."""
    path = build(
        tmp_path / "composite.db",
        "CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b))",
        "CREATE TABLE c (x INT, y INT, z INT, FOREIGN KEY (x, y) REFERENCES p)",
        f"INSERT INTO c SELECT NULL, NULL, n FROM {rows(1500)}",
        "CREATE INDEX i1 ON c (x, z)",
    )
    (finding,) = check(facts_of(path))
    assert finding.command == "CREATE INDEX ix_c_x_y ON c (x, y);"
    run(path, "CREATE INDEX i2 ON c (y, x)")
    assert check(facts_of(path)) == ()


def test_its_index_gets_a_name_that_is_free(database: Path) -> None:
    """The name may be taken by another index."""
    run(database, "CREATE INDEX ix_orders_user_id ON orders (total)")
    (finding,) = check(facts_of(database))
    apply(database, finding)
    assert check(facts_of(database)) == ()


def test_a_shape_that_cannot_be_read_is_no_obstacle(database: Path) -> None:
    """What sqlglot cannot read counts as neither a write nor a join."""
    facts = facts_of(database, Query(LOOKUP))
    broken = replace(
        facts.shapes[0].shape, template="DELETE FROM (", samples=(), kind="write", id="broken"
    )
    shapes = (replace(facts.shapes[0], shape=broken, tables=("users", "orders")),)
    found = foreign_key_without_index.check(replace(facts, shapes=shapes))
    assert [finding.severity for finding in found] == ["info"]
