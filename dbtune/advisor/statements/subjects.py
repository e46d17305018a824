"""Shapes made ready to run on the scratch copy: prepared, checked, and given values.

Each distinct sample is prepared once under an authorizer. That says which tables it really
reads and writes, through views and triggers too, and refuses what a recording must not do
even to a copy: attach files, change pragmas or the schema, end our transaction.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import apsw

from dbtune.advisor.statements.drawn_values import ValueDrawer
from dbtune.advisor.statements.not_analysed import Reason, reason
from dbtune.advisor.statements.reading_part import reading_part
from dbtune.advisor.statements.runnable import Statement
from dbtune.advisor.statements.stubs import (
    StubFunction,
    add_stubs,
    missing_function,
    schema_functions,
    stub_collations,
    used_as_aggregate,
)
from dbtune.model.workload import QueryShape, Sample
from dbtune.sqlite.explain import explain
from dbtune.sqlite.identifiers import unquote_identifier
from dbtune.sqlite.placeholders import bind as bind_values
from dbtune.sqlite.tokens import tokenize
from dbtune.workload.binding import bind
from dbtune.workload.fingerprint import template_of

_READS = {apsw.SQLITE_READ}
_WRITES = {apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE}
_HARMLESS = {apsw.SQLITE_SELECT, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE}
_CATALOG = ("sqlite_schema", "sqlite_master", "sqlite_temp_master", "sqlite_temp_schema")
# SQLite's own tables that SQL may write; sqlite_dbpage is the bytes of the file.
_WRITABLE = ("sqlite_sequence", "sqlite_stat1", "sqlite_stat4")
# Why a statement may fail though the query it holds is of this database.
_PARTS_OF = ("attached", "temporary", "no-table", "limited-write")
# Each statement finds one function missing; what names more of them than this is no query.
_MAX_STUBS = 100
_UNBINDABLE = (apsw.Error, sqlite3.Error, ValueError, TypeError, KeyError, OverflowError)
_TEMPORARY_TABLE = re.compile(
    r"create temp(?:orary)? table (?:if not exists )?(?:temp ?\. ?)?"
    r"(\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|[^\s(]+)",
    re.IGNORECASE,
)
_NO_SUCH_TABLE = re.compile(r"no such table: (?:temp\.)?(.+)", re.DOTALL)


@dataclass(frozen=True)
class Subject:
    """A shape that runs on the copy; `part` where only the query that it holds does.

    `tables` are all it touches, `written` those it writes; `triggers` where triggers write some.
    `views` are names of views that it reads, and may hold those of triggers that it fires.
    `updated` are (table, column) in lower case of an UPDATE; None where rows come, go or move.
    """

    shape: QueryShape
    statements: tuple[Statement, ...]
    tables: frozenset[str]
    written: frozenset[str]
    drawn: bool = False
    stubbed: tuple[str, ...] = ()
    triggers: bool = False
    views: frozenset[str] = frozenset()
    updated: frozenset[tuple[str, str]] | None = None
    part: bool = False

    @property
    def writes(self) -> bool:
        """True where running it changes rows."""
        return bool(self.written) or self.shape.kind == "write"

    def maintains(self, table: str, columns: frozenset[str] | None) -> bool:
        """Return whether an index on these columns, in lower case, has to follow its writes."""
        if self.updated is None or columns is None:
            return True
        folded = table.lower()
        return any(where == folded and column in columns for where, column in self.updated)


@dataclass(frozen=True)
class Unplannable:
    """A shape that cannot be prepared, with SQLite's message and what it means."""

    shape: QueryShape
    text: str
    error: str

    @property
    def reason(self) -> Reason:
        """Why it was not analysed."""
        return reason(self.text, self.error)


@dataclass(frozen=True)
class Subjects:
    """Everything in a recording, sorted into what can be measured and what cannot.

    `functions` and `collations` are the application's that stubs stand in for, `on_temporary`
    are shapes on its temporary tables, `unmeasured` those that there was no time for.
    """

    ready: tuple[Subject, ...]
    unplannable: tuple[Unplannable, ...] = ()
    skipped: tuple[QueryShape, ...] = ()
    functions: tuple[StubFunction, ...] = ()
    on_temporary: tuple[Unplannable, ...] = ()
    unmeasured: tuple[QueryShape, ...] = ()
    collations: tuple[str, ...] = ()

    @property
    def temporary(self) -> tuple[QueryShape, ...]:
        """The shapes on temporary tables of the application."""
        return tuple(found.shape for found in self.on_temporary)

    @property
    def parts(self) -> tuple[QueryShape, ...]:
        """The shapes of which only the query that they hold could be measured."""
        return tuple(subject.shape for subject in self.ready if subject.part)


# https://www.sqlite.org/lang.html: statements that neither read nor write rows of their own.
_COMMANDS = frozenset(
    """
    ALTER ANALYZE ATTACH BEGIN COMMIT CREATE DETACH DROP END EXPLAIN PRAGMA REINDEX RELEASE
    ROLLBACK SAVEPOINT VACUUM
    """.split()
)


def prepare_subjects(
    connection: apsw.Connection, shapes: Sequence[QueryShape], drawer: ValueDrawer
) -> Subjects:
    """Prepare all shapes on the copy; reads it, and writes nothing."""
    ready: list[Subject] = []
    unplannable: list[Unplannable] = []
    skipped: list[QueryShape] = []
    functions = {function.name: function for function in schema_functions(connection)}
    for shape in shapes:
        prepared: Subject | Unplannable | None
        if shape.kind == "other" and _is_command(shape):
            prepared = _prepare_part(connection, shape, drawer, functions)
            if prepared is None:
                skipped.append(shape)
        else:
            prepared = _prepare_shape(connection, shape, drawer, functions)
            if isinstance(prepared, Unplannable) and prepared.reason.kind in _PARTS_OF:
                part = _prepare_part(connection, shape, drawer, functions)
                prepared = prepared if part is None else part
        if isinstance(prepared, Subject):
            ready.append(prepared)
        elif prepared is not None:
            unplannable.append(prepared)
    names = _temporary_tables(shapes)
    temporary = [found for found in unplannable if _is_temporary(found, names)]
    return Subjects(
        tuple(ready),
        tuple(found for found in unplannable if found not in temporary),
        tuple(skipped),
        tuple(functions.values()),
        tuple(temporary),
        collations=stub_collations(connection),
    )


def _temporary_tables(shapes: Iterable[QueryShape]) -> frozenset[str]:
    found = (_TEMPORARY_TABLE.match(shape.template) for shape in shapes)
    return frozenset(unquote_identifier(match.group(1)).lower() for match in found if match)


def _is_temporary(found: Unplannable, names: frozenset[str]) -> bool:
    return found.reason.kind == "temporary" or _missing_table(found.error) in names


def _missing_table(error: str) -> str | None:
    match = _NO_SUCH_TABLE.search(error)
    return match.group(1).lower() if match else None


def _prepare_shape(
    connection: apsw.Connection,
    shape: QueryShape,
    drawer: ValueDrawer,
    functions: dict[str, StubFunction],
) -> Subject | Unplannable | None:
    samples = drawer.fill(shape) if shape.needs_values else shape.samples
    statements: list[Statement] = []
    watches: list[_Watch] = []
    failure: Unplannable | None = None
    for sample in samples:
        try:
            statement = _bound(sample)
            watches.append(_prepare(connection, statement, functions))
            statements.append(statement)
        except _UNBINDABLE as error:
            failure = failure or Unplannable(shape, sample.text, str(error))
    if not statements:
        return failure
    written = frozenset[str]().union(*(watch.written for watch in watches))
    called = frozenset[str]().union(*(watch.functions for watch in watches))
    return Subject(
        shape,
        tuple(statements),
        tables=written.union(*(watch.read for watch in watches)),
        written=written,
        drawn=any(sample.drawn for sample in samples),
        stubbed=tuple(sorted(called & functions.keys())),
        triggers=any(watch.triggers for watch in watches),
        views=frozenset[str]().union(*(watch.views for watch in watches)),
        updated=_updated(connection, watches),
    )


def _prepare_part(
    connection: apsw.Connection,
    shape: QueryShape,
    drawer: ValueDrawer,
    functions: dict[str, StubFunction],
) -> Subject | None:
    """Prepare the queries that a shape holds; None where it holds none that can be prepared."""
    samples: list[Sample] = []
    for sample in drawer.fill(shape) if shape.needs_values else shape.samples:
        try:
            part = reading_part(_bound(sample))
        except _UNBINDABLE:
            part = None
        if part is not None:
            samples.append(Sample(part.text, part.parameters, sample.drawn))
    if not samples:
        return None
    query = replace(
        shape,
        template=template_of(samples[0].text),
        kind="read",
        samples=tuple(samples),
        needs_values=False,
    )
    prepared = _prepare_shape(connection, query, drawer, functions)
    return replace(prepared, part=True) if isinstance(prepared, Subject) else None


def _refuse_commands(text: str) -> None:
    """Raise ValueError for what the authorizer does not see: VACUUM INTO writes a file."""
    first = next((token.text.upper() for token in tokenize(text)), "")
    if first in _COMMANDS:
        raise ValueError(f"{first} neither reads nor writes rows")


def _updated(
    connection: apsw.Connection, watches: Iterable[_Watch]
) -> frozenset[tuple[str, str]] | None:
    """Return the columns changed in place; None where the key of the table itself changes."""
    if any(watch.moves_rows for watch in watches):
        return None
    updated = frozenset(pair for watch in watches for pair in watch.updated)
    for table, column in updated:
        keys = connection.execute("SELECT lower(name) FROM pragma_table_info(?) WHERE pk", (table,))
        if column in {"rowid", *(name for (name,) in keys)}:
            return None
    return updated


def _bound(sample: Sample) -> Statement:
    text, parameters = bind(sample)
    bound = bind_values(text, parameters)
    return Statement(bound.text, bound.values)


class _Watch:
    """An authorizer that notes tables and refuses all but reading and writing rows."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.written: set[str] = set()
        self.views: set[str] = set()
        self.functions: set[str] = set()
        self.triggers = False
        self.updated: set[tuple[str, str]] = set()
        self.moves_rows = False

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
            self.views |= {within} if within else set()
        elif action in _WRITES and first:
            if first.lower().startswith("sqlite_") and first.lower() not in _WRITABLE:
                return apsw.SQLITE_DENY
            self.written.add(first)
            self.triggers = self.triggers or within is not None
            if action == apsw.SQLITE_UPDATE and second:
                self.updated.add((first.lower(), second.lower()))
            else:
                self.moves_rows = True
        elif action == apsw.SQLITE_FUNCTION and second:
            self.functions.add(second.lower())
            return apsw.SQLITE_DENY if second.lower() == "load_extension" else apsw.SQLITE_OK
        elif action not in _HARMLESS and action not in _READS:
            return apsw.SQLITE_DENY
        return apsw.SQLITE_OK


def _prepare(
    connection: apsw.Connection, statement: Statement, functions: dict[str, StubFunction]
) -> _Watch:
    """Prepare without running; application functions found missing get stubs, once each."""
    for _ in range(_MAX_STUBS):
        watch = _Watch()
        connection.authorizer = watch
        try:
            explain(connection, statement.text, statement.parameters)
            _refuse_commands(statement.text)
            if not _needs_match(connection, watch, functions):
                return watch
            lacking = StubFunction("match")
        except apsw.SQLError as error:
            found = _stub_for(error, functions)
            if found is None:
                raise
            lacking = found
        finally:
            connection.authorizer = None
        functions[lacking.name] = lacking
        add_stubs(connection, functions.values())
    raise ValueError(f"more than {_MAX_STUBS} functions of the application")


def _needs_match(
    connection: apsw.Connection, watch: _Watch, functions: Mapping[str, StubFunction]
) -> bool:
    """Return whether MATCH is used on ordinary tables: without a function it fails as it runs."""
    if "match" not in watch.functions or "match" in functions:
        return False
    virtual = connection.execute(
        "SELECT lower(name) FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'"
    )
    return watch.read.isdisjoint(name for (name,) in virtual)


def _stub_for(error: apsw.Error, functions: Mapping[str, StubFunction]) -> StubFunction | None:
    """Return the stub that a statement lacks, None where no stub would mend its error."""
    missing = missing_function(error)
    if missing is not None:
        name = missing.lower()
        return None if name in functions else StubFunction(name)
    known = functions.get((used_as_aggregate(error) or "").lower())
    return replace(known, aggregate=True) if known and not known.aggregate else None


def _is_command(shape: QueryShape) -> bool:
    """Return whether a statement that is no query is one of SQLite's; the rest is misspelt."""
    words = shape.template.split(maxsplit=1)
    return not words or words[0].rstrip(";").upper() in _COMMANDS or len(shape.samples) == 0
