"""Shapes made ready to run on the scratch copy: prepared, checked, and given values.

Each distinct sample is prepared once under an authorizer. That says which tables it really
reads and writes, through views and triggers too, and refuses what a recording must not do
even to a copy: attach files, change pragmas or the schema, end our transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from dbtune.advisor.cost import Statement
from dbtune.advisor.drawn_values import ValueDrawer
from dbtune.advisor.stubs import add_stubs, missing_function
from dbtune.model.workload import QueryShape, Sample
from dbtune.sqlite.explain import bindings
from dbtune.workload.binding import bind

_READS = {apsw.SQLITE_READ}
_WRITES = {apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE}
_HARMLESS = {apsw.SQLITE_SELECT, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE}
_CATALOG = ("sqlite_schema", "sqlite_master", "sqlite_temp_master", "sqlite_temp_schema")
_MAX_STUBS = 20


@dataclass(frozen=True)
class Subject:
    """A shape that runs on the copy.

    `tables` are all it touches, `written` those it writes; `triggers` where triggers write some.
    """

    shape: QueryShape
    statements: tuple[Statement, ...]
    tables: frozenset[str]
    written: frozenset[str]
    drawn: bool = False
    stubbed: tuple[str, ...] = ()
    triggers: bool = False

    @property
    def writes(self) -> bool:
        """True where running it changes rows."""
        return bool(self.written) or self.shape.kind == "write"


@dataclass(frozen=True)
class Unplannable:
    """A shape that cannot be prepared, with SQLite's message."""

    shape: QueryShape
    text: str
    error: str


@dataclass(frozen=True)
class Subjects:
    """Everything in a recording, sorted into what can be measured and what cannot.

    `functions` are application functions that stubs stand in for.
    """

    ready: tuple[Subject, ...]
    unplannable: tuple[Unplannable, ...]
    skipped: tuple[QueryShape, ...]
    functions: tuple[str, ...]


def prepare_subjects(
    connection: apsw.Connection, shapes: Sequence[QueryShape], drawer: ValueDrawer
) -> Subjects:
    """Prepare all shapes on the copy; reads it, and writes nothing."""
    ready: list[Subject] = []
    unplannable: list[Unplannable] = []
    skipped: list[QueryShape] = []
    functions: dict[str, None] = {}
    for shape in shapes:
        if shape.kind == "other":
            skipped.append(shape)
            continue
        prepared = _prepare_shape(connection, shape, drawer, functions)
        if isinstance(prepared, Subject):
            ready.append(prepared)
        elif prepared is not None:
            unplannable.append(prepared)
    return Subjects(tuple(ready), tuple(unplannable), tuple(skipped), tuple(functions))


def _prepare_shape(
    connection: apsw.Connection,
    shape: QueryShape,
    drawer: ValueDrawer,
    functions: dict[str, None],
) -> Subject | Unplannable | None:
    samples = drawer.fill(shape) if shape.needs_values else shape.samples
    statements: list[Statement] = []
    tables: set[str] = set()
    written: set[str] = set()
    stubbed: set[str] = set()
    triggers = False
    failure: Unplannable | None = None
    for sample in samples:
        try:
            statement = _bound(sample)
            watch = _prepare(connection, statement, functions)
        except (apsw.Error, ValueError) as error:
            failure = failure or Unplannable(shape, sample.text, str(error))
            continue
        statements.append(statement)
        tables |= watch.read | watch.written
        written |= watch.written
        stubbed |= watch.functions & set(functions)
        triggers = triggers or watch.triggers
    if not statements:
        return failure
    drawn = any(sample.drawn for sample in samples)
    return Subject(
        shape,
        tuple(statements),
        frozenset(tables),
        frozenset(written),
        drawn,
        tuple(sorted(stubbed)),
        triggers,
    )


def _bound(sample: Sample) -> Statement:
    text, parameters = bind(sample)
    return Statement(text, bindings(text, parameters))


class _Watch:
    """An authorizer that notes tables and refuses all but reading and writing rows."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.written: set[str] = set()
        self.functions: set[str] = set()
        self.triggers = False

    def __call__(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        within: str | None,
    ) -> int:
        if action in _READS and first and first not in _CATALOG:
            self.read.add(first)
        elif action in _WRITES and first:
            if first in _CATALOG:
                return apsw.SQLITE_DENY
            self.written.add(first)
            self.triggers = self.triggers or within is not None
        elif action == apsw.SQLITE_FUNCTION and second:
            self.functions.add(second.lower())
        elif action not in _HARMLESS and action not in _READS:
            return apsw.SQLITE_DENY
        return apsw.SQLITE_OK


def _prepare(
    connection: apsw.Connection, statement: Statement, functions: dict[str, None]
) -> _Watch:
    """Prepare without running; application functions found missing get stubs, once each."""
    for _ in range(_MAX_STUBS):
        watch = _Watch()
        connection.authorizer = watch
        try:
            connection.execute(f"EXPLAIN {statement.text}", statement.parameters).close()
            return watch
        except apsw.SQLError as error:
            name = missing_function(error)
            if name is None or name in functions:
                raise
        finally:
            connection.authorizer = None
        functions[name.lower()] = None
        add_stubs(connection, (name,))
    return _prepare(connection, statement, functions)
