"""Ways to send statements through SQLAlchemy, recorded and not, for bench/recorder.py.

Each way has a process of its own, since what is watched once stays watched; they take turns.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import dbtune
from dbtune.recorder import frameworks, lazy_loads, pool_waits, sqlite_patch
from dbtune.recorder.recorder import open_recorder
from dbtune.recorder.settings import RecorderSettings

WAYS = ("plain", "dbtune.record(engine)", "the same, connections from before", "dbtune record")
WARM_UP = 300
ROWS = 10_000

Work = Callable[[Connection, int], object]


class Base(DeclarativeBase):
    """The models."""


class Item(Base):
    """A row of the database that bench/recorder.py makes."""

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[float]


class Note(Base):
    """A row that is inserted."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]


def core_read(connection: Connection, number: int) -> object:
    """One row by its key."""
    query = select(Item.name, Item.price).where(Item.id == number % ROWS)
    return connection.execute(query).first()


def core_page(connection: Connection, number: int) -> object:
    """Twenty rows."""
    query = select(Item.id, Item.name, Item.price).where(Item.id > number % ROWS).limit(20)
    return connection.execute(query).all()


def core_insert(connection: Connection, number: int) -> object:
    """One row inserted, within a transaction."""
    return connection.execute(insert(Note).values(body=f"note {number}"))


def core_transaction(connection: Connection, number: int) -> object:
    """A row read and changed in a transaction of its own: two statements and a COMMIT."""
    core_read(connection, number)
    connection.execute(update(Item).where(Item.id == number % ROWS).values(price=number * 0.5))
    return connection.commit()


def orm_get(connection: Connection, number: int) -> object:
    """One object by its key, which the session does not have yet."""
    session: Session = connection.info["session"]
    session.expunge_all()
    return session.get(Item, number % ROWS)


def orm_insert(connection: Connection, number: int) -> object:
    """One object inserted."""
    session: Session = connection.info["session"]
    session.add(Note(body=f"note {number}"))
    return session.flush()


# What is sent, and how many statements it is.
KINDS: dict[str, tuple[Work, int]] = {
    "Core: one row": (core_read, 1),
    "Core: 20 rows": (core_page, 1),
    "Core: insert": (core_insert, 1),
    "Core: read, update, commit": (core_transaction, 3),
    "ORM: get": (orm_get, 1),
    "ORM: insert": (orm_insert, 1),
}


def measure_kinds(
    folder: Path, database: Path, statements: int, rounds: int
) -> Iterator[tuple[str, float, list[float]]]:
    """Yield each kind: its name, plain microseconds a statement, what each way takes more."""
    with ExitStack() as ends:
        workers = {way: ends.enter_context(_worker(folder, database, way)) for way in WAYS}
        for name, (_, count) in KINDS.items():
            runs = max(1, statements // count)
            times = [
                {way: _ask(worker, f"{runs} {name}") for way, worker in workers.items()}
                for _ in range(rounds)
            ]
            plain = statistics.median(found["plain"] for found in times)
            more = [
                statistics.median(found[way] - found["plain"] for found in times)
                for way in WAYS[1:]
            ]
            yield name, plain, more


@contextmanager
def _worker(folder: Path, database: Path, way: str) -> Iterator[subprocess.Popen[str]]:
    # No child of multiprocessing: there each statement is written at once.
    path = folder / f"{WAYS.index(way)}.jsonl"
    command = [sys.executable, __file__, way, str(database), str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _ask(worker: subprocess.Popen[str], what: str) -> float:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(f"{what}\n")
    worker.stdin.flush()
    return float(worker.stdout.readline())


def main() -> None:
    """Measure what stdin asks for, in one way."""
    way, database, path = sys.argv[1:]
    _begin(way, Path(database), Path(path))
    for line in sys.stdin:
        runs, name = line.rstrip("\n").split(" ", 1)
        print(_cpu_us(name, int(runs)), flush=True)


_engine: Engine
_flush: Callable[[], object]


def _begin(way: str, database: Path, path: Path) -> None:
    """Make the engine of this process, recorded in its way."""
    global _engine, _flush
    _flush = lambda: None  # noqa: E731
    if way == "dbtune record":
        recorder = open_recorder(RecorderSettings(str(path)))
        for part in (frameworks, lazy_loads, pool_waits):
            part.watch()
        sqlite_patch.install(recorder.note, types_too=True)
        _flush = partial(_checked_flush, recorder)
    _engine = create_engine(f"sqlite:///{database}")
    # A disk that is waited for is no processor time, but what the system does meanwhile may be.
    event.listen(_engine, "connect", lambda raw, entry: raw.execute("PRAGMA synchronous = OFF"))
    if way == WAYS[2]:
        _engine.connect().close()
    if way in WAYS[1:3]:
        _flush = partial(_checked_flush, dbtune.record(_engine, path))


def _checked_flush(recorder: object) -> None:
    recorder.flush()  # type: ignore[attr-defined]
    if recorder.dropped:  # type: ignore[attr-defined]
        raise RuntimeError("statements were dropped: nothing was measured")


def _cpu_us(name: str, runs: int) -> float:
    work, count = KINDS[name]
    with _connection() as connection:
        for number in range(WARM_UP):
            work(connection, number)
        gc.collect()
        started = time.process_time_ns()
        for number in range(runs):
            work(connection, number)
        _flush()
        return (time.process_time_ns() - started) / runs / count / 1000


@contextmanager
def _connection() -> Iterator[Connection]:
    with _engine.connect() as connection, Session(connection) as session:
        connection.info["session"] = session
        yield connection
        connection.rollback()


if __name__ == "__main__":
    main()
