"""INSERTs that can be sent again and again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.benchmark.fresh_keys import FreshValues, fresh_keys, numbered_rowid
from dbtune.benchmark.insert_values import bind_literals
from dbtune.benchmark.parent_rows import ParentRows
from dbtune.model.load import FreshKey
from dbtune.model.workload import Parameters, RecordedQuery
from tests.fixtures.load import make_shop, plan_of, schema_of


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop."""
    return make_shop(tmp_path / "shop.db")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("INSERT INTO users (email, name) VALUES (?, ?)", [0]),
        ("INSERT INTO users (name, email) VALUES (?, ?), (?, ?)", [1, 3]),
        ('INSERT INTO "users" ("name", "email") VALUES (:name, :email)', ["email"]),
        ("insert into main.users values (?, ?, ?)", [1]),
        ("INSERT INTO likes (user_id, post) VALUES (?, ?)", [1]),
        ("INSERT INTO likes (user_id, post) VALUES (?, 'p')", [0]),
        ("INSERT INTO users (email) VALUES (lower(?))", []),
        ("INSERT INTO users (email) VALUES (?) ON CONFLICT DO NOTHING", []),
        ("INSERT OR REPLACE INTO users (email) VALUES (?)", []),
        ("INSERT INTO users (email) SELECT ? FROM orders", []),
        ("INSERT INTO orders (user_id, total) VALUES (?, ?)", []),
        ("INSERT INTO missing (a) VALUES (?)", []),
        ("UPDATE users SET email = ? WHERE id = ?", []),
    ],
)
def test_values_of_unique_keys_are_found(shop: Path, text: str, keys: list[int | str]) -> None:
    """In a plain INSERT of values, and nowhere else."""
    assert fresh_keys(text, schema_of(shop)) == tuple(map(FreshKey, keys))


def test_the_rowid_is_left_to_the_database(shop: Path) -> None:
    """A recorded number would be taken the second time."""
    assert numbered_rowid("INSERT INTO users VALUES (?, ?, ?)", schema_of(shop)) == (0,)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("INSERT INTO users (email) VALUES (?)", ("a@example.org",)),
        ("INSERT INTO users (email) VALUES (:mail)", {"mail": "a@example.org"}),
        ("INSERT INTO users (id, email) VALUES (?, ?)", (1, "a@example.org")),
        ("INSERT INTO likes VALUES (?, ?)", (1, "0190b6f4-9c1a-7000-8000-0123456789ab")),
        ("INSERT INTO likes VALUES (?, ?)", (1, b"\x00")),
        ("INSERT INTO likes (post, user_id) VALUES ('p', ?)", (1,)),
        ("INSERT INTO users (id, email) VALUES (1, 'a@example.org')", None),
    ],
)
def test_an_insert_can_be_repeated_by_several_threads(
    shop: Path, text: str, values: Parameters
) -> None:
    """No two values of two slots are the same, and SQLite takes them all."""
    plan = plan_of(shop, RecordedQuery(text, values))
    call = plan.units[0].transactions[0].calls[0]
    statement = plan.statements[0]
    with closing(sqlite3.connect(shop)) as connection:
        for slot in (0, 1, 2):
            fresh = FreshValues(slot, 3)
            for _ in range(20):
                sent = fresh.renew(call.values, statement.fresh)
                connection.execute(statement.text, sent or ())


def test_no_two_connections_make_the_same_value() -> None:
    """However many there are."""
    made = [
        slot.renew(("a@example.org",), (FreshKey(0),))
        for slot in (FreshValues(number, 2_500) for number in range(2_500))
        for _ in range(3)
    ]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("text", "bound", "values"),
    [
        (
            "INSERT INTO users VALUES (1, 'it''s', NULL)",
            "INSERT INTO users VALUES (?, ?, NULL)",
            (1, "it's"),
        ),
        (
            "insert into users(email, name) values ('a', -5), (upper('b'), 'c')",
            "insert into users(email, name) values (?, -5), (upper('b'), ?)",
            ("a", "c"),
        ),
        ("INSERT INTO users (id) VALUES (99999999999999999999)", None, (1e20,)),
        (
            "INSERT INTO users (email) VALUES (x'00')",
            "INSERT INTO users (email) VALUES (x'00')",
            (),
        ),
        *(
            (text, text, ())
            for text in (
                "INSERT INTO likes VALUES (?, 'p')",
                "INSERT INTO users (email) VALUES ('a') ON CONFLICT DO NOTHING",
                "INSERT OR IGNORE INTO users (email) VALUES ('a')",
                "UPDATE users SET email = 'a'",
            )
        ),
    ],
)
def test_literals_of_an_insert_become_values(
    shop: Path, text: str, bound: str | None, values: Parameters
) -> None:
    """Where nothing else is in the column's place, and the statement has none of its own."""
    found = bind_literals(text, schema_of(shop))
    assert found.values == values
    assert found.text == bound or bound is None


def test_a_uuid_stays_one() -> None:
    """PostgreSQL's type uuid takes nothing else."""
    renewed = FreshValues(3, 1000).renew(("0190b6f4-9c1a-7000-8000-0123456789ab",), (FreshKey(0),))
    assert renewed == (f"0190b6f4-9c1a-7000-8000-{1_000_001_003:012x}",)


def test_inserts_refer_to_rows_that_are_there(shop: Path) -> None:
    """An order of user 77, who was inserted when it was recorded, becomes one of user 2."""
    text = "INSERT INTO orders (user_id, total) VALUES (?, ?)"
    plan = plan_of(shop, RecordedQuery(text, (77, 1.0)), RecordedQuery(text, (1, 1.0)))
    with closing(sqlite3.connect(shop)) as connection:
        mended = ParentRows(connection, schema_of(shop)).mend(plan)
    values = [unit.transactions[0].calls[0].values for unit in mended.units]
    assert values == [(2, 1.0), (1, 1.0)]
