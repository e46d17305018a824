"""One advice rebuilt on a fresh copy in its order, and every recorded sample run once.

The cost is dbtune's deterministic model; it is the same on a busy machine.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.measuring.oracle import Oracle, ShapeCost
from dbtune.advisor.measuring.pool import Pool
from dbtune.advisor.statements.drawn_values import ValueDrawer
from dbtune.advisor.statements.subjects import Subject, prepare_subjects
from dbtune.model.workload import Workload
from dbtune.sqlite.schema.catalog import read_schema

_CREATE = re.compile(
    r'^CREATE\s+(UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"[^"]*"|\S+)\s+ON', re.IGNORECASE
)


@dataclass(frozen=True)
class ShapeWork:
    """One shape under one advice: the cost of one execution in ns, the indexes it used."""

    id: str
    text: str
    count: float
    writes: bool
    cost_ns: float
    used: tuple[str, ...]
    stopped: bool = False


@dataclass(frozen=True)
class Built:
    """One advice as it was built and measured; `ddl` are the statements that SQLite took."""

    advice: str
    ddl: tuple[str, ...]
    size_bytes: int
    shapes: tuple[ShapeWork, ...]
    time_s: float

    @property
    def cost_s(self) -> float:
        """The cost of the whole recording."""
        return sum(shape.count * shape.cost_ns for shape in self.shapes) / 1e9

    @property
    def write_cost_s(self) -> float:
        """The cost of the recording's writes."""
        return sum(shape.count * shape.cost_ns for shape in self.shapes if shape.writes) / 1e9


@contextmanager
def fresh_copy(database: Path, scratch: Path) -> Iterator[apsw.Connection]:
    """Give a connection to a copy that is removed afterwards."""
    path = scratch / "measured.db"
    shutil.copyfile(database, path)
    try:
        with closing(open_scratch(path)) as connection:
            yield connection
    finally:
        path.unlink()


def prepare(connection: apsw.Connection, workload: Workload) -> tuple[Subject, ...]:
    """Return the shapes that run on the copy, in the order of the recording."""
    drawer = ValueDrawer(connection, read_schema(connection))
    return prepare_subjects(connection, workload.shapes, drawer).ready


def build_and_measure(
    database: Path, workload: Workload, advice: str, ddl: Sequence[str], scratch: Path
) -> Built:
    """Build the DDL on a fresh copy, analyse it, and run every sample once.

    Without DDL the database is measured as it is, its statistics too.
    """
    with fresh_copy(database, scratch) as connection:
        pool = Pool(connection)
        taken = [sql for number, sql in enumerate(ddl) if _take(pool, number, sql)]
        pool.finish(analyze=None if ddl else ())
        subjects = prepare(connection, workload)
        oracle = Oracle(pool, subjects)
        costs = [oracle.cost(number, pool.names) for number in range(len(subjects))]
        words = {name: _key(pool.sql_of(name)) for name in pool.names}
        shapes = tuple(_work(s, c, words) for s, c in zip(subjects, costs, strict=True))
        elapsed = _total(subjects, costs, lambda c: c.measurement.elapsed_ns)
        return Built(advice, tuple(taken), sum(pool.sizes.values()), shapes, elapsed / 1e9)


def renamed(sql: str, name: str) -> str:
    """Return the CREATE INDEX with another name, since two proposals may share theirs."""
    return _CREATE.sub(lambda match: f"CREATE {match.group(1) or ''}INDEX {name} ON", sql)


def _take(pool: Pool, number: int, sql: str) -> bool:
    if not _CREATE.match(sql):
        pool.connection.execute(sql)
        return True
    name = f"bench_{number}"
    return pool.build(name, renamed(sql, name))


def _key(sql: str) -> str:
    return sql.partition(" ON ")[2]


def _work(subject: Subject, cost: ShapeCost, words: dict[str, str]) -> ShapeWork:
    return ShapeWork(
        subject.shape.id,
        " ".join(subject.shape.template.split()),
        subject.shape.count,
        subject.writes,
        cost.cost_ns,
        tuple(sorted(words.get(name, name) for name in cost.used)),
        cost.measurement.stopped,
    )


def _total(
    subjects: Sequence[Subject], costs: Sequence[ShapeCost], of: Callable[[ShapeCost], float]
) -> float:
    return sum(s.shape.count * of(cost) for s, cost in zip(subjects, costs, strict=True))
