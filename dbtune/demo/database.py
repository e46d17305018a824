"""The demo database: a platform that has grown for two years, with the faults that grow along.

The rows come from the seed statements in sql/platform/, a tenth of every table at a time, as they
would come in a live application: so the pages of the tables lie mixed in the file. ANALYZE runs
once, after the first tenth, and is never repeated: its statistics are stale. In the end a table
that nobody needs any more is dropped, and its pages stay free.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from random import Random

from dbtune.demo.population import Population
from dbtune.demo.words import voices_rows, words_rows
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.resources import sql

# The header's application id says that the file is ours to replace: "dbtu" as ASCII.
APPLICATION_ID = 0x64627475

FIRST_DAY = datetime(2024, 6, 1, tzinfo=timezone.utc)
NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)

_SLICES = 10
_LEHMER_MODULUS = 2_147_483_647


def build_database(path: Path, population: Population, *, on_event: OnEvent = ignore_event) -> None:
    """Write the platform into a file that does not exist yet or is empty.

    Without journal and without waiting for the disk: a build that is cut short leaves a file that
    is no database, and the caller gives it its name only once it is whole. The same population
    gives the same rows.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # First of all, so that what a killed build leaves behind is known to be ours.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.executescript(sql("platform/schema"))
        _load_vocabulary(connection)
        for number in range(_SLICES):
            on_event(Event("building the platform", number, _SLICES))
            _grow(connection, population, number)
            if number == 0:
                connection.execute("ANALYZE")
        connection.execute("DROP TABLE page_views")


def _load_vocabulary(connection: sqlite3.Connection) -> None:
    connection.executescript(sql("platform/create_draws"))
    for table, rows in (("words", tuple(words_rows())), ("voices", tuple(voices_rows()))):
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _grow(connection: sqlite3.Connection, population: Population, number: int) -> None:
    """Insert one tenth of every table, in one transaction."""
    sizes: dict[str, int] = dict(population.tables)
    connection.execute("BEGIN")
    for table, total in population.tables:
        # Rounded up, so that a child never comes before the parent that its share of growth allows.
        first, last = (-(-total * step // _SLICES) for step in (number, number + 1))
        connection.execute("DELETE FROM draws")
        connection.execute(
            sql("platform/refill_draws"),
            {
                "first": first + 1,
                "last": last,
                "total": total,
                "seed": Random(f"{table} {number}").randrange(1, _LEHMER_MODULUS),
                "start": _seconds(FIRST_DAY),
                "span": _seconds(NOW) - _seconds(FIRST_DAY),
            },
        )
        connection.execute(sql(f"platform/seed_{table}"), sizes | {"now": _seconds(NOW)})
    connection.execute("COMMIT")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
