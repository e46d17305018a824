"""Start-up and deploy check: is what a report recommends, or applied, still in place?"""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.errors import RefusedError
from dbtune.journeys.expectations import (
    AbsentIndex,
    Expectations,
    ExpectedIndex,
    ExpectedPragma,
    expectations_of,
)
from dbtune.model.advice import Report
from dbtune.model.schema import Index, Schema
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.catalog import assemble_schema
from dbtune.sqlite.schema.catalog_rows import CatalogRows, ObjectRow, read_catalog_rows
from dbtune.sqlite.schema.index_definition import IndexDefinition, defines, read_definition


@dataclass(frozen=True)
class Drift:
    """Something that is not as the report has it, and the command that mends it."""

    subject: str
    message: str
    command: str


@dataclass(frozen=True)
class CheckResult:
    """Drifts, what is in place, and notes; all three in the order of the report.

    `all_indexes` is the command that mends several missing indexes as one revision.
    """

    drifts: tuple[Drift, ...]
    in_place: tuple[str, ...]
    notes: tuple[str, ...]
    all_indexes: str | None = None


@dataclass(frozen=True)
class _Actual:
    """What the database has; `pragmas` are those expected, with their values here."""

    schema: Schema
    definitions: tuple[tuple[ExpectedIndex, IndexDefinition], ...]
    pragmas: tuple[tuple[str, str], ...]
    same_schema: bool


@dataclass(frozen=True)
class _Names:
    """How commands name the database and the report; `advised` are indexes that it proposes."""

    database: Path
    report: str
    advised: frozenset[str]

    def create(self, index: ExpectedIndex) -> str:
        if index.name not in self.advised:
            return self.sqlite(index.sql)
        return f"{self.apply()} --only {shlex.quote(index.name)}"

    def apply(self) -> str:
        return self.dbtune("apply-indexes", "--from", self.report)

    def sqlite(self, sql: str) -> str:
        return shlex.join(["sqlite3", str(self.database), sql])

    def dbtune(self, command: str, *options: str) -> str:
        return shlex.join(["dbtune", command, str(self.database), *options])


def check(database: Path, report: Report, report_name: str, *, wait_ms: int = 5000) -> CheckResult:
    """Compare a database with a report of it; reads only.

    Raises RefusedError for a report that is about tables or columns the database does not have:
    it was made for another database or an older schema, and says nothing about drift.
    """
    expected = expectations_of(report)
    with closing(open_readonly(database, wait_ms=wait_ms)) as connection:
        try:
            actual = _read(connection, expected, report)
        except sqlite3.Error as error:
            raise explain_failure(error, database, wait_ms=wait_ms) from error
    _refuse_foreign_report(database, report_name, report, actual)
    names = _Names(database, report_name, _advised_indexes(report))
    outcomes = [
        *(
            _check_index(index, as_read, actual.schema, names)
            for index, as_read in actual.definitions
        ),
        *(_check_absent(absent, actual.schema, names) for absent in expected.absent),
        *(_check_pragma(pragma, dict(actual.pragmas), names) for pragma in expected.pragmas),
    ]
    drifts = tuple(outcome for outcome in outcomes if isinstance(outcome, Drift))
    missing = sum(drift.command.startswith(f"{names.apply()} --only ") for drift in drifts)
    return CheckResult(
        drifts=drifts,
        in_place=tuple(outcome for outcome in outcomes if isinstance(outcome, str)),
        notes=tuple(_notes(database, expected, actual, report)),
        all_indexes=names.apply() if missing > 1 else None,
    )


def _read(connection: sqlite3.Connection, expected: Expectations, report: Report) -> _Actual:
    rows = read_catalog_rows(connection)
    schema = assemble_schema(rows)
    return _Actual(
        schema=schema,
        definitions=tuple(
            (index, read_definition(index.sql, index.table, schema)) for index in expected.indexes
        ),
        pragmas=tuple(
            (pragma.name, str(connection.execute(f"PRAGMA {pragma.name}").fetchone()[0]).lower())
            for pragma in expected.pragmas
        ),
        same_schema=report.source.schema_sha256 in _possible_digests(rows, expected),
    )


def _possible_digests(rows: CatalogRows, expected: Expectations) -> frozenset[str]:
    """Return the digests of the schema as it is, and as it is without and with the changes.

    A report carries the digest of the moment it was made, before or after its indexes came.
    """
    changed = {index.name.lower() for index in expected.indexes}
    changed |= {index.name.lower() for index in expected.absent}
    names = {found.name.lower() for found in rows.objects}
    dropped = [index for index in expected.advised_drops if index.name.lower() not in names]
    before = (
        *(o for o in rows.objects if not (o.type == "index" and o.name.lower() in changed)),
        *(_object(index) for index in dropped),
    )
    after = (*before, *(_object(index) for index in expected.indexes))
    variants = (rows.objects, before, after)
    return frozenset(assemble_schema(replace(rows, objects=objects)).sha256 for objects in variants)


def _object(index: ExpectedIndex) -> ObjectRow:
    return ObjectRow("index", index.name, index.table, index.sql)


def _refuse_foreign_report(
    database: Path, report_name: str, report: Report, actual: _Actual
) -> None:
    foreign = next((pair for pair in actual.definitions if pair[1].unknown), None)
    if foreign is None:
        return
    index, as_read = foreign
    shared = any(actual.schema.table(wanted.table) for wanted, _ in actual.definitions)
    made_for = "another state of the schema" if shared else "another database"
    raise RefusedError(
        f"{report_name} was made for {made_for} ({report.source.path}, {report.created_at}): "
        f"{database} has {as_read.unknown}, which {index.name} is on",
        hint=f"make a new report: dbtune analyze {shlex.quote(str(database))} --output "
        f"{shlex.quote(report_name)}",
    )


def _check_index(
    expected: ExpectedIndex, as_read: IndexDefinition, schema: Schema, names: _Names
) -> Drift | str:
    same_name = _index_named(expected.name, schema)
    if same_name is not None and defines(as_read, same_name):
        return f"index {expected.name}"
    equal = next((index for index in schema.indexes if defines(as_read, index)), None)
    if equal is not None:
        return f"index {expected.name} (there as {equal.name})"
    if same_name is not None:
        message = f"index {expected.name} is another one: {same_name.sql}; expected {expected.sql}"
        mend = f"DROP INDEX {quote_identifier(same_name.name)}; {expected.sql}"
        return Drift(expected.name, message, names.sqlite(mend))
    message = f"index {expected.name} on {expected.table} is missing"
    return Drift(expected.name, message, names.create(expected))


def _check_absent(absent: AbsentIndex, schema: Schema, names: _Names) -> Drift | str:
    found = _index_named(absent.name, schema)
    if found is None:
        return f"no index {absent.name}"
    message = f"index {found.name} on {found.table} is there again, though it was dropped"
    return Drift(absent.name, message, names.sqlite(f"DROP INDEX {quote_identifier(found.name)}"))


def _check_pragma(pragma: ExpectedPragma, actual: dict[str, str], names: _Names) -> Drift | str:
    value = actual[pragma.name]
    if value == pragma.value:
        return f"{pragma.name} {value}"
    message = f"{pragma.name} is {value}; expected {pragma.value}"
    if (pragma.name, pragma.value) == ("journal_mode", "wal"):
        return Drift(pragma.name, message, names.dbtune("enable-wal"))
    if pragma.name == "page_size":
        return Drift(pragma.name, message, names.dbtune("enable-wal", "--page-size", pragma.value))
    return Drift(pragma.name, message, names.sqlite(f"PRAGMA {pragma.name} = {pragma.value}"))


def _notes(
    database: Path, expected: Expectations, actual: _Actual, report: Report
) -> Iterator[str]:
    if not expected:
        yield "the report asks for nothing that can be checked in the file"
    if not actual.same_schema:
        yield (
            f"the schema of {database.name} has changed since the report was made "
            f"({report.created_at}): its advice may be out of date"
        )
    if any(pragma.name == "journal_mode" and pragma.value == "wal" for pragma in expected.pragmas):
        yield (
            "synchronous, busy_timeout and other settings of a connection are not kept in the "
            "file: the application sets them, with dbtune.install(engine)"
        )


def _advised_indexes(report: Report) -> frozenset[str]:
    changes = (finding.change for finding in report.findings)
    return frozenset(c.index_name for c in changes if c is not None and c.index_name is not None)


def _index_named(name: str, schema: Schema) -> Index | None:
    return next((index for index in schema.indexes if index.name.lower() == name.lower()), None)
