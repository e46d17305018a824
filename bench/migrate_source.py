"""The SQLite database that bench/migrate.py moves: 2.5 million rows of a booking platform."""

from __future__ import annotations

import datetime
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT,
  is_active BOOLEAN NOT NULL, is_admin BOOLEAN, created_at DATETIME NOT NULL, last_login DATETIME,
  credit REAL, bio TEXT);
CREATE TABLE chefs(id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id),
  display_name TEXT NOT NULL, rating REAL, verified BOOLEAN, price NUMERIC(10,2), city TEXT,
  joined DATE);
CREATE TABLE bookings(id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id),
  chef_id INTEGER NOT NULL REFERENCES chefs(id), starts_at DATETIME NOT NULL, guests INTEGER,
  total REAL, tip REAL, status TEXT NOT NULL, note TEXT, cancelled BOOLEAN, created_at DATETIME);
CREATE TABLE sns_posts(id INTEGER PRIMARY KEY, chef_id INTEGER NOT NULL REFERENCES chefs(id),
  title TEXT, body TEXT, lang TEXT, likes INTEGER, score REAL, posted_at DATETIME);
CREATE TABLE events(id INTEGER PRIMARY KEY, user_id INTEGER, kind INTEGER, ref_id INTEGER,
  ts INTEGER NOT NULL, value REAL);
CREATE TABLE attachments(id INTEGER PRIMARY KEY, booking_id INTEGER REFERENCES bookings(id),
  mime TEXT, data BLOB, size INTEGER);
CREATE INDEX bookings_user ON bookings(user_id);
CREATE INDEX bookings_chef ON bookings(chef_id);
CREATE INDEX events_user ON events(user_id);
"""
_WORDS = (
    "chef sushi dinner lovely grill sauce 寿司 料理 最高 naïve café crème family table fresh "
    "fish season menu 🍣 🍜 review great plate butter salt slow 予約 ありがとう the and with for "
    "of to a in we was very"
).split()
ROWS = {
    "users": 250_000,
    "chefs": 20_000,
    "bookings": 450_000,
    "sns_posts": 150_000,
    "events": 1_600_000,
    "attachments": 40_000,
}


def build_source(path: Path, scale: float) -> None:
    """Write the database, the same for the same scale; an existing one of that name is kept."""
    if path.exists():
        return
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    counts = {table: max(1, int(rows * scale)) for table, rows in ROWS.items()}
    with closing(sqlite3.connect(unfinished)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SCHEMA)
        draws = _Draws(random.Random(7), counts)
        for table, make in _MAKERS.items():
            marks = ", ".join("?" * len(make(0, draws)))
            values = (make(number, draws) for number in range(1, counts[table] + 1))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
        connection.commit()
    unfinished.rename(path)


class _Draws:
    """Values by chance; what refers to another table is one of its first `counts` keys."""

    _FIRST_DAY = datetime.datetime(2021, 1, 1)

    def __init__(self, chance: random.Random, counts: dict[str, int]) -> None:
        self.chance = chance
        self._counts = counts

    def key(self, table: str) -> int:
        return self.chance.randrange(1, self._counts[table] + 1)

    def moment(self) -> str:
        return str(self._FIRST_DAY + datetime.timedelta(seconds=self.chance.randrange(150_000_000)))

    def sentence(self, words: int) -> str:
        return " ".join(self.chance.choices(_WORDS, k=words))

    def body(self) -> str:
        joint = self.chance.choice(["\n", "\n\n", "\r\n", "\t", " \\ ", " "])
        sentences = range(self.chance.randrange(1, 5))
        return joint.join(self.sentence(self.chance.randrange(5, 40)) for _ in sentences)

    def sometimes(self, share: float, value: Callable[[], Any]) -> Any:
        return value() if self.chance.random() < share else None


def _user(number: int, draws: _Draws) -> tuple[Any, ...]:
    chance = draws.chance
    return (
        number,
        f"user{number}.{chance.randrange(10**6)}@example.com",
        draws.sentence(2),
        chance.random() < 0.9,
        draws.sometimes(0.9, lambda: 0),
        draws.moment(),
        draws.sometimes(0.8, draws.moment),
        chance.random() * 1000,
        draws.sometimes(0.5, lambda: draws.sentence(8)),
    )


def _chef(number: int, draws: _Draws) -> tuple[Any, ...]:
    chance = draws.chance
    return (
        number,
        draws.key("users"),
        draws.sentence(3),
        round(chance.random() * 5, 1),
        chance.random() < 0.5,
        round(chance.random() * 500, 2),
        chance.choice(["Tokyo", "大阪", "Zürich"]),
        draws.moment()[:10],
    )


def _booking(number: int, draws: _Draws) -> tuple[Any, ...]:
    chance = draws.chance
    return (
        number,
        draws.key("users"),
        draws.key("chefs"),
        draws.moment(),
        chance.randrange(1, 20),
        chance.random() * 900,
        draws.sometimes(0.3, lambda: chance.random() * 20),
        chance.choice(["pending", "confirmed", "done", "cancelled"]),
        draws.sometimes(0.4, lambda: draws.sentence(6)),
        chance.random() < 0.1,
        draws.moment(),
    )


def _post(number: int, draws: _Draws) -> tuple[Any, ...]:
    chance = draws.chance
    return (
        number,
        draws.key("chefs"),
        draws.sometimes(0.9, lambda: draws.sentence(5)),
        draws.sometimes(0.95, draws.body),
        chance.choice(["ja", "en", None]),
        chance.randrange(10_000),
        chance.gauss(0, 1e3),
        draws.moment(),
    )


def _event(number: int, draws: _Draws) -> tuple[Any, ...]:
    chance = draws.chance
    return (
        number,
        draws.key("users"),
        chance.randrange(50),
        draws.sometimes(0.7, lambda: chance.randrange(1, 10**9)),
        1_600_000_000 + chance.randrange(10**8),
        chance.random() * chance.choice([1, 1e3, 1e-9, 1e17]),
    )


def _attachment(number: int, draws: _Draws) -> tuple[Any, ...]:
    size = draws.chance.randrange(100, 4000)
    data = draws.chance.randbytes(size) if draws.chance.random() < 0.98 else None
    return number, draws.key("bookings"), "image/png", data, size


# What makes the row of a number, for each table in the order in which they are filled.
_MAKERS: dict[str, Callable[[int, _Draws], tuple[Any, ...]]] = {
    "users": _user,
    "chefs": _chef,
    "bookings": _booking,
    "sns_posts": _post,
    "events": _event,
    "attachments": _attachment,
}
