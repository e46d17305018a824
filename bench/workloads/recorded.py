"""What the workloads share: a schema from the corpora, skewed numbers, a recording to write.

Everything comes from one seed, so the same scale gives the same bytes on every machine.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
SAMPLES = 5

Value = None | int | float | str | bytes
Row = Sequence[Value]


Values = Callable[[], Row]


@dataclass(frozen=True)
class Query:
    """A statement as the application sends it, how often, and what draws one set of values."""

    text: str
    count: int
    values: Values = tuple


def read_queries(name: str, values: Mapping[str, Values]) -> tuple[Query, ...]:
    """Return the queries of NAME.sql; each one's values are drawn by the function of its name.

    A query begins with a line `-- query: NAME COUNT` and goes on until the next one or a
    semicolon. Raises KeyError where a function has no query.
    """
    text = Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
    parts = re.findall(r"^-- query: (\w+) (\d+)\n(.*?);$", text, re.MULTILINE | re.DOTALL)
    unknown = set(values) - {title for title, _, _ in parts}
    if unknown:
        raise KeyError(f"{name}.sql has no query {sorted(unknown)}")
    return tuple(Query(sql, int(count), values.get(title, tuple)) for title, count, sql in parts)


def build_workload(
    work: Path,
    name: str,
    scale: float,
    fill: Callable[[sqlite3.Connection, random.Random], Iterable[Query]],
    schema: Sequence[str],
) -> tuple[Path, Path]:
    """Make WORK/NAME.db and its recording unless both are there, and return their paths.

    `fill` puts rows into the tables and returns the queries. Indexes, views and triggers come
    after the rows: a trigger would fire for each of them.
    """
    stem = name if scale == 1.0 else f"{name}-{scale:g}"
    database, recording = work / f"{stem}.db", work / f"{stem}.jsonl"
    if database.exists() and recording.exists():
        return database, recording
    unfinished = work / f"{stem}.unfinished"
    unfinished.unlink(missing_ok=True)
    tables = [sql for sql in schema if _is_table(sql)]
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for sql in tables:
            connection.execute(sql)
        queries = fill(connection, random.Random(name))
        for sql in schema:
            if not _is_table(sql):
                connection.execute(sql)
        connection.execute("COMMIT")
    _write_recording(recording, queries)
    os.replace(unfinished, database)
    return database, recording


def read_schema(corpus: str) -> tuple[str, ...]:
    """Return the CREATE statements of a database of the corpora, byte for byte, in its order."""
    uri = f"file:{CORPORA / corpus}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        rows = connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%'"
            " ESCAPE '\\' ORDER BY rowid"
        ).fetchall()
    return tuple(sql for (sql,) in rows)


def insert(connection: sqlite3.Connection, table: str, columns: str, rows: Iterable[Row]) -> None:
    """Insert rows into the columns named."""
    marks = ", ".join("?" * len(columns.split(",")))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


class Dice:
    """Skewed choices from one random generator."""

    def __init__(self, generator: random.Random, scale: float) -> None:
        self.random = generator
        self.scale = scale

    def rows(self, count: int) -> int:
        """Return a number of rows at this scale, a handful at least."""
        return max(12, int(count * self.scale))

    def one_of(self, last: int, skew: float = 3.0) -> int:
        """Return a number from 1 to `last`; the greater the skew, the more often a low one."""
        return 1 + int(last * self.random.random() ** skew)

    def some_of(self, last: int, count: int) -> list[int]:
        """Return `count` such numbers, all different unless there are too few."""
        found: dict[int, None] = {}
        while len(found) < min(count, last):
            found.setdefault(self.one_of(last, 1.5))
        return [list(found)[n % len(found)] for n in range(count)]

    def pick(self, weighted: dict[str, float]) -> str:
        """Return a key, each as often as its weight says."""
        return self.random.choices(list(weighted), list(weighted.values()))[0]

    def bytes(self, count: int = 16) -> bytes:
        """Return random bytes."""
        return self.random.randbytes(count)


def _is_table(sql: str) -> bool:
    return sql.lstrip()[:13].upper().startswith("CREATE TABLE")


def _write_recording(path: Path, queries: Iterable[Query]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for line in _lines(queries):
            file.write(json.dumps(line) + "\n")


def _lines(queries: Iterable[Query]) -> Iterator[dict[str, object]]:
    for query in queries:
        samples = min(SAMPLES, query.count)
        for number in range(samples):
            values = [_recorded(value) for value in query.values()]
            count = query.count // samples + (number < query.count % samples)
            line: dict[str, object] = {"db.query.text": query.text, "count": count}
            yield {**line, "db.query.parameters": values} if values else line


def _recorded(value: Value) -> object:
    if isinstance(value, bytes):
        return {"$blob": base64.b64encode(value).decode()}
    return value
