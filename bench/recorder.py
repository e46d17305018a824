"""What recording costs the application: processor time a statement, with and without call site.

    python bench/recorder.py [--statements 20000] [--rounds 7]

One process, one database, three ways that take turns in every round, and then a tenth as many
statements through SQLAlchemy (recorder_sqlalchemy.py):

    plain           Python's sqlite3 as it is
    no call site    recorded, and the line of the application is not looked up
    recorded        recorded as `dbtune record` does

Processor time is the process's: the thread that writes the recording is in it. What is told is
the median over the rounds of the difference to `plain` in the same round. At most 15 us a
statement are wanted. The application sends its statements from within 30 frames of a library, as
SQLAlchemy does: each of them is looked at on the way to its own line.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sqlite3
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import recorder_sqlalchemy
import sqlalchemy
from tabulate import tabulate

from dbtune.recorder import origin
from dbtune.recorder.recorder import open_recorder
from dbtune.recorder.settings import RecorderSettings
from dbtune.recorder.sqlite_patch import install

MOST_US = 15.0
FRAMES = 30
ROWS = 10_000
WAYS = ("plain", "no call site", "recorded")
WARM_UP = 500

Work = Callable[[sqlite3.Connection, int], object]
# A kind's name, the processor time of a plain statement, and what each other way takes more.
Row = tuple[str, float, list[float]]


@dataclass(frozen=True)
class Kind:
    """A kind of statement: what is sent for a number, and what it is called in the table."""

    name: str
    work: Work


def read_row(connection: sqlite3.Connection, number: int) -> object:
    """One row by its key."""
    query = "SELECT name, price FROM items WHERE id = ?"
    return connection.execute(query, (number % ROWS,)).fetchone()


def read_page(connection: sqlite3.Connection, number: int) -> object:
    """Twenty rows, iterated over."""
    query = "SELECT id, name, price FROM items WHERE id > ? AND name <> ? ORDER BY id LIMIT 20"
    return list(connection.execute(query, (number % ROWS, "none")))


def read_all(connection: sqlite3.Connection, number: int) -> object:
    """Twenty rows, fetched at once."""
    query = "SELECT id, name, price FROM items WHERE id > ? AND name <> ? ORDER BY id LIMIT 20"
    return connection.execute(query, (number % ROWS, "none")).fetchall()


def write_row(connection: sqlite3.Connection, number: int) -> object:
    """One row changed, within a transaction."""
    change = "UPDATE items SET price = ?, name = ? WHERE id = ?"
    return connection.execute(change, (number * 0.5, f"item {number}", number % ROWS))


def read_literal(connection: sqlite3.Connection, number: int) -> object:
    """One row, its key written into the text: each text is new and has to be masked."""
    return connection.execute(f"SELECT name FROM items WHERE id = {number}").fetchone()


KINDS = (
    Kind("one row", read_row),
    Kind("20 rows, fetchall()", read_all),
    Kind("20 rows, one by one", read_page),
    Kind("update", write_row),
    Kind("key in the text", read_literal),
)


def within_library(work: Work) -> Work:
    """Return the work, sent from within frames of a library."""
    source = """
def call(work, connection, number, depth):
    if depth:
        return call(work, connection, number, depth - 1)
    return work(connection, number)
"""
    names: dict[str, Any] = {}
    file = Path(sysconfig.get_paths()["purelib"]) / "library.py"
    exec(compile(source, str(file), "exec"), names)
    call = names["call"]

    def run(connection: sqlite3.Connection, number: int) -> object:
        return call(work, connection, number, FRAMES)

    return run


@dataclass(frozen=True)
class Bench:
    """Where it runs, and how much of it."""

    folder: Path
    statements: int
    rounds: int

    @property
    def database(self) -> Path:
        """The database that all ways share."""
        return self.folder / "items.db"


def build(bench: Bench) -> None:
    """Make the database."""
    with closing(sqlite3.connect(bench.database)) as connection:
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
        rows = ((number, f"item {number}", number * 0.5) for number in range(ROWS))
        connection.executemany("INSERT INTO items VALUES (?, ?, ?)", rows)
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        connection.commit()


def cpu_us(bench: Bench, way: str, work: Work) -> float:
    """Return the processor time of one statement, in microseconds."""
    if way == "plain":
        return run_statements(bench, work, lambda: None)
    path = bench.folder / "recorded.jsonl"
    path.unlink(missing_ok=True)
    recorder = open_recorder(RecorderSettings(str(path)))
    undo = install(recorder.note)
    looked_up = origin.find_call_site
    if way == "no call site":
        origin.find_call_site = lambda skipped=1: None
    try:
        return run_statements(bench, work, recorder.flush)
    finally:
        origin.find_call_site = looked_up
        undo()
        recorder.close()
        if recorder.dropped:
            sys.exit(f"{recorder.dropped} statements were dropped: nothing was measured")


def run_statements(bench: Bench, work: Work, finish: Callable[[], None]) -> float:
    """Send the statements and return the processor time of one."""
    with closing(sqlite3.connect(bench.database)) as connection:
        for number in range(WARM_UP):
            work(connection, number)
        gc.collect()
        started = time.process_time_ns()
        for number in range(bench.statements):
            work(connection, number)
        finish()
        spent = time.process_time_ns() - started
        connection.rollback()
    return spent / bench.statements / 1000


def measure(bench: Bench, kind: Kind) -> Row:
    """Return a kind's row: plain, and what it costs more without and with the call site."""
    work = within_library(kind.work)
    rounds = [{way: cpu_us(bench, way, work) for way in WAYS} for _ in range(bench.rounds)]
    plain = statistics.median(times["plain"] for times in rounds)
    more = [statistics.median(times[way] - times["plain"] for times in rounds) for way in WAYS[1:]]
    return kind.name, plain, more


def main() -> None:
    """Measure all kinds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=("sqlite3", "sqlalchemy"), help="one of the two tables")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, us of CPU time")
    print(f"{options.rounds} rounds of {options.statements} statements, medians; {load()}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.statements, options.rounds)
        build(bench)
        if options.only != "sqlalchemy":
            show(WAYS, [measure(bench, kind) for kind in KINDS])
        if options.only != "sqlite3":
            size = (bench.statements // 10, bench.rounds)
            found = list(recorder_sqlalchemy.measure_kinds(bench.folder, bench.database, *size))
            print(f"\nSQLAlchemy {sqlalchemy.__version__}, {size[0]} statements a round; {load()}")
            show(recorder_sqlalchemy.WAYS, found)


def load() -> str:
    """Return what else the machine does: figures of a busy one are less certain."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def show(ways: tuple[str, ...], found: list[Row]) -> None:
    """Print a table, and what misses the target."""
    rows = [
        (name, f"{plain:.1f}", *(f"+{us:.1f} ({1 + us / plain:.2f})" for us in more))
        for name, plain, more in found
    ]
    print("\n" + tabulate(rows, ("statement", *ways), tablefmt="github"))
    missed = [name for name, _, more in found if max(more) > MOST_US]
    print(f"\nwanted: at most {MOST_US:.0f} us more; missed by: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
