"""A scratch copy with all small tables and a sample of the large ones, for databases too large.

The copy's own connection attaches the source with mode=ro, so that rows go over inside SQLite,
byte for byte, under an authorizer that lets the source be read and nothing else. Large tables are
walked in short pieces: the sample is not of one moment, and no writer waits for it.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Index, Schema, Table, Trigger, View
from dbtune.model.workload import SqlValue
from dbtune.sqlite.authorizer import copying_from
from dbtune.sqlite.connect import may_read_immutable
from dbtune.sqlite.diagnosis import explain_failure, is_locked
from dbtune.sqlite.file.location import database_uri
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.sampling.row_walk import ROWS_OF_A_STRETCH, walk_rows
from dbtune.sqlite.sampling.sample_plan import SamplePlan, TableSample
from dbtune.sqlite.schema.row_identity import rowid_expression

SOURCE = "dbtune_source"

_Declared = Union[Table, Index, View, Trigger]  # noqa: UP007 - evaluated at run time on 3.10

# The plan goes by estimates; copying ends here where they were wrong.
_OVERDRAFT = 1.25

# SQLITE_MAX_COLUMN as it is by default: https://www.sqlite.org/limits.html
_MOST_COLUMNS = 2000

# Lehmer's modulus 2^31 - 1 and the golden ratio of it: neighbouring keys fall far apart, and the
# product stays within SQLite's 64 bits. Hashing in Python takes ten times as long.
_MODULUS = 2147483647
_MULTIPLIER = 1327217885
_SHIFT = 48271
# More columns tell no more rows apart, and make the expression deep.
_MOST_KEYS = 8


@dataclass(frozen=True)
class SourceForm:
    """What the copy has in common with its source from the first page on."""

    page_size_bytes: int
    encoding: str
    auto_vacuum: int
    distrust_schema: bool


@dataclass(frozen=True)
class SampleJob:
    """A sample to be made: what of which tables, which virtual tables, and in how many bytes."""

    source: Path
    schema: Schema
    plan: SamplePlan
    virtual: tuple[Table, ...]
    room_bytes: int
    rows: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class CopiedTable:
    """Rows copied of a table; `ended_early` where there were more of them than fitted.

    `chosen_rows` are those that would have been copied had none been wanted.
    """

    table: str
    rows: int
    ended_early: bool
    chosen_rows: int


@dataclass(frozen=True)
class SampledCopy:
    """What was copied of each table, and names of the objects that this SQLite cannot build."""

    tables: tuple[CopiedTable, ...]
    left_out: tuple[str, ...]


def copy_sample(
    job: SampleJob, form: SourceForm, target: Path, *, wait_ms: int, on_event: OnEvent
) -> SampledCopy:
    """Fill a new database with a sample, then with the indexes, views and triggers of the source.

    Raises LockedError where the source stays locked for longer than the wait.
    """
    try:
        with closing(_open(job.source, form, target, wait_ms)) as connection:
            return _Sampler(connection, job, on_event).run()
    except sqlite3.Error as error:
        raise explain_failure(error, job.source, wait_ms=wait_ms) from error


def _open(source: Path, form: SourceForm, target: Path, wait_ms: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        database_uri(target, "rw"), uri=True, timeout=wait_ms / 1000, isolation_level=None
    )
    try:
        for pragma in (
            f"page_size = {form.page_size_bytes}",
            f"encoding = '{form.encoding}'",
            f"auto_vacuum = {form.auto_vacuum}",
            "synchronous = OFF",
            "journal_mode = MEMORY",
            "foreign_keys = OFF",
            "ignore_check_constraints = ON",
            "cell_size_check = ON",
            f"trusted_schema = {'OFF' if form.distrust_schema else 'ON'}",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        # An empty file gets its page size and encoding from the first table.
        connection.execute("CREATE TABLE first (x)")
        connection.execute("DROP TABLE first")
        _attach(connection, source)
        connection.create_function("dbtune_hash", 1, _hash, deterministic=True)
        connection.set_authorizer(copying_from(SOURCE))
    except BaseException:
        connection.close()
        raise
    return connection


def _attach(connection: sqlite3.Connection, source: Path) -> None:
    """Attach the source for reading, and read it once, as `open_readonly` does."""
    attach, read = f"ATTACH ? AS {SOURCE}", f"SELECT count(*) FROM {SOURCE}.sqlite_master"
    try:
        connection.execute(attach, (database_uri(source, "ro"),))
        connection.execute(read).fetchone()
    except sqlite3.OperationalError as error:
        if not may_read_immutable(source, error):
            raise
        if any(row[1] == SOURCE for row in connection.execute("PRAGMA database_list")):
            connection.execute(f"DETACH {SOURCE}")
        connection.execute(attach, (database_uri(source, "ro", immutable=True),))
        connection.execute(read).fetchone()


class _Sampler:
    """One run of a sampled copy over its connection."""

    def __init__(self, connection: sqlite3.Connection, job: SampleJob, on_event: OnEvent) -> None:
        self._connection = connection
        self._job = job
        self._on_event = on_event
        self._rows = dict(job.rows)
        self._left_out: list[str] = []
        self._walked = 0
        self._total = sum(self._rows.values())

    def run(self) -> SampledCopy:
        """Build tables, fill them, then build what stands on them."""
        schema = self._job.schema
        parts = [part for part in self._job.plan.tables if self._build(part.table)]
        virtual = [table for table in self._job.virtual if self._build(table)]
        copied = [self._fill(part) for part in parts]
        for table in virtual:
            self._fill_shadows(table)
        later: tuple[_Declared, ...] = (*schema.indexes, *schema.views, *schema.triggers)
        for thing in later:
            self._build(thing)
        return SampledCopy(tuple(copied), tuple(dict.fromkeys(self._left_out)))

    def _build(self, thing: _Declared) -> bool:
        """Run an object's own statement; name it as left out where this SQLite cannot."""
        if not thing.sql:
            return True  # the index of a constraint comes with its table
        try:
            self._connection.execute(thing.sql)
        except sqlite3.Error:
            self._left_out.append(thing.name)
            return False
        return True

    def _fill(self, part: TableSample) -> CopiedTable:
        """Copy the chosen rows of a table."""
        table = part.table
        source = f"{SOURCE}.{quote_identifier(table.name)}"
        columns = ", ".join(_stored_columns(table))
        insert = (
            f"INSERT OR IGNORE INTO main.{quote_identifier(table.name)} ({columns})"
            f" SELECT {columns} FROM {source} WHERE ({_chosen(part)}{_wanted(part)}) AND "
        )
        wanted = tuple(value for rows in part.wanted for value in rows.values)
        copied, full = 0, False
        try:
            rows = self._rows.get(table.name, 0)
            for stretch in walk_rows(self._connection, source, table, rows):
                copied += self._copy(insert + stretch.where, (*wanted, *stretch.parameters))
                self._on_event(Event("Sampling the database", self._walked, self._total))
                self._walked += ROWS_OF_A_STRETCH
                full = self._is_full()
                if full:
                    break
        except sqlite3.Error as error:
            if "user-defined function" in str(error):
                # _hash itself cannot fail: a Ctrl-C that fell into it is all that can be lost.
                raise KeyboardInterrupt from error
            if is_locked(error):
                raise
            self._left_out.append(f"rows of {table.name}")
            full = True
        return CopiedTable(table.name, copied, full, self._count_chosen(part, copied))

    def _copy(self, insert: str, parameters: tuple[SqlValue, ...]) -> int:
        return self._connection.execute(insert, parameters).rowcount

    def _count_chosen(self, part: TableSample, copied: int) -> int:
        if not part.wanted:
            return copied
        name = quote_identifier(part.table.name)
        count = f"SELECT count(*) FROM main.{name} WHERE {_chosen(part)}"
        return int(self._connection.execute(count).fetchone()[0])

    def _fill_shadows(self, virtual: Table) -> None:
        """Copy the tables that a virtual table keeps its data in."""
        try:
            for shadow in shadows_of(self._job.schema, virtual):
                name = quote_identifier(shadow.name)
                self._connection.execute(f"DELETE FROM main.{name}")
                self._connection.execute(f"INSERT INTO main.{name} SELECT * FROM {SOURCE}.{name}")
        except sqlite3.Error as error:
            if is_locked(error):
                raise
            self._left_out.append(f"rows of {virtual.name}")

    def _is_full(self) -> bool:
        pages = self._connection.execute("PRAGMA main.page_count").fetchone()[0]
        page_size = self._connection.execute("PRAGMA main.page_size").fetchone()[0]
        return bool(pages * page_size > self._job.room_bytes * _OVERDRAFT)


def shadows_of(schema: Schema, virtual: Table) -> tuple[Table, ...]:
    """Return the tables that a virtual table keeps its data in."""
    prefix = f"{virtual.name}_".lower()
    return tuple(
        table
        for table in schema.tables
        if table.kind == "shadow" and table.name.lower().startswith(prefix)
    )


def _stored_columns(table: Table) -> tuple[str, ...]:
    """Return the columns that hold values of their own, and the rowid, so that it stays."""
    columns = tuple(quote_identifier(c.name) for c in table.columns if not c.generated)
    rowid = rowid_expression(table)
    if rowid is None or table.rowid_alias is not None or len(columns) >= _MOST_COLUMNS:
        return columns
    return (rowid, *columns)


def _chosen(part: TableSample) -> str:
    """Return the condition that holds for the rows of the sample."""
    if part.fraction >= 1.0:
        return "1"
    rowid = rowid_expression(part.table)
    names = [quote_identifier(name) for name in part.key]
    if len(names) == 1 and rowid is not None:
        # A row that refers to nothing is chosen by its own key.
        names = [f"coalesce({names[0]}, {rowid})"]
    elif not names and rowid is not None:
        names = [rowid]
    elif not names:
        names = [quote_identifier(c.name) for c in part.table.columns if not c.generated]
    return f"{_hash_sql(names)} < {int(part.fraction * _MODULUS)}"


def _wanted(part: TableSample) -> str:
    """Return the conditions, with values to bind, of rows copied beside those chosen."""
    if part.fraction >= 1.0:
        return ""
    return "".join(
        f" OR {quote_identifier(rows.column)} IN ({', '.join('?' * len(rows.values))})"
        for rows in part.wanted
    )


def _hash_sql(values: Sequence[str]) -> str:
    """Return SQL for a number below _MODULUS that depends on all values.

    One value gives the same number wherever it stands: rows that refer to each other are chosen
    together.
    """
    mixed = _number_sql(values[0])
    for value in values[1:_MOST_KEYS]:
        mixed = f"(({mixed} * {_SHIFT} + {_number_sql(value)}) % {_MODULUS})"
    return f"{mixed} * {_MULTIPLIER} % {_MODULUS}"


def _number_sql(value: str) -> str:
    """Return SQL for a value as a number below _MODULUS; a call into Python for no integer."""
    return (
        f"CASE typeof({value}) WHEN 'integer' THEN abs({value} % {_MODULUS})"
        f" ELSE dbtune_hash(CAST({value} AS BLOB)) END"
    )


def _hash(value: bytes | None) -> int:
    """Return a number below _MODULUS for a value that is no integer."""
    # As a blob: text that is no valid UTF-8 would never reach Python.
    return zlib.crc32(value or b"") % _MODULUS
