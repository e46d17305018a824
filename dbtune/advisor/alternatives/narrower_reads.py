"""What reads of all columns of a table would cost with fewer of them: tried on the scratch copy.

Two ways are tried: without the columns that no other recorded statement names, and with those only
that an index holds which the read uses anyway, so that its rows need not be looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from dbtune.advisor.advise import Advice
from dbtune.advisor.facts import NarrowerRead
from dbtune.advisor.measuring.cost import Measurement, measure, open_scratch
from dbtune.advisor.reading.column_use import WideRead, named_columns, wide_read
from dbtune.advisor.statements.runnable import Statement
from dbtune.advisor.statements.subjects import Subject
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.schema import Schema, Table
from dbtune.sqlite.explain import explain, indexes_used
from dbtune.sqlite.identifiers import quote_identifier

# The dearest come first; each takes up to four runs.
_MOST_READS = 20
# A run that takes longer is stopped, and its read left out.
_MOST_STEPS = 20_000_000
# Rows whose values are measured: enough for a mean, and little work in a table of any size.
_ROWS_SAMPLED = 2_000
_COVERING = "USING COVERING INDEX"


@dataclass(frozen=True)
class _Read:
    """A wide read, and the sample of it that returns the most rows."""

    subject: Subject
    wide: WideRead
    statement: Statement
    uses: frozenset[str]


def narrower_reads(
    base: Path, schema: Schema, advice: Advice, stop: Stop = never
) -> tuple[NarrowerRead, ...]:
    """Measure wide reads with fewer columns, on the copy with the recommended indexes.

    Only reads, so that no copy is made and the one used stays as it is; returns nothing where
    there are recommended indexes and the copy that has them is gone.
    """
    path = advice.proven_copy or (None if advice.proof.indexes else base)
    reads = list(_wide_reads(schema, advice))[:_MOST_READS]
    if path is None or not reads:
        return ()
    named = _NamedColumns(schema, advice)
    found: list[NarrowerRead] = []
    with closing(open_scratch(path, advice.subjects.functions)) as connection:
        trial = _Trial(connection)
        for read in reads:
            if stop():
                break
            with suppress(apsw.Error):  # a statement that the narrower text breaks
                found += trial.of(read, named.beside(read.subject, read.wide.table))
    return tuple(found)


def _wide_reads(schema: Schema, advice: Advice) -> Iterator[_Read]:
    numbered = zip(advice.subjects.ready, advice.proof.after, strict=True)
    for subject, after in sorted(numbered, key=lambda pair: -pair[0].shape.count * pair[1].cost_ns):
        if subject.writes or not after.runs:
            continue
        rows = [run.returned_rows for run in after.runs]
        statement = subject.statements[rows.index(max(rows))]
        wide = wide_read(schema, statement.text)
        if wide is not None:
            yield _Read(subject, wide, statement, after.used)


class _NamedColumns:
    """Which columns the statements of a recording name, views and triggers included."""

    def __init__(self, schema: Schema, advice: Advice) -> None:
        self._by_shape = {
            subject.shape.id: (subject, named_columns(schema, subject.statements[0].text))
            for subject in advice.subjects.ready
            if subject.statements
        }
        stored = [*(v.sql for v in schema.views), *(t.sql for t in schema.triggers)]
        self._stored = " ".join(stored).lower()
        # Of what was not measured nobody has read the columns.
        self._is_complete = not advice.subjects.unmeasured

    def beside(self, own: Subject, table: Table) -> frozenset[str] | None:
        """Return the columns that other statements on a table name; None if it is not known."""
        found: set[str] = set()
        for subject, names in self._by_shape.values():
            if subject.shape.id == own.shape.id or table.name not in subject.tables:
                continue
            if names is None:
                return None
            found |= names
        stored = (c.name.lower() for c in table.columns if c.name.lower() in self._stored)
        return frozenset((*found, *stored)) if self._is_complete else None


class _Trial:
    """Measures reads with fewer columns on one copy."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._sizes: dict[str, dict[str, float]] = {}

    def of(self, read: _Read, named: frozenset[str] | None) -> Iterator[NarrowerRead]:
        """Yield the read without columns that nobody names, and with those of an index only."""
        before = self._measured(read.statement)
        if before is None or not before.returned_rows:
            return
        table = read.wide.table
        if named is not None:
            kept = _keys(table) | read.wide.others | named
            columns = [c.name for c in table.columns if c.name.lower() in kept]
            yield from self._tried(read, before, columns, None)
        for index in sorted(read.uses):
            held = self._held(table, index)
            columns = [c.name for c in table.columns if c.name.lower() in held]
            yield from self._tried(read, before, columns, index)

    def _tried(
        self, read: _Read, before: Measurement, columns: Sequence[str], index: str | None
    ) -> Iterator[NarrowerRead]:
        table = read.wide.table
        spared = tuple(c.name for c in table.columns if c.name not in columns)
        text = read.wide.narrowed(columns) if columns and spared else None
        if text is None:
            return
        statement = Statement(text, read.statement.parameters)
        plan = explain(self._connection, text, statement.parameters)
        covered = indexes_used(plan) if any(_COVERING in step for step in plan.steps) else ()
        if index is not None and index not in covered:
            return
        after = self._measured(statement)
        if after is None or after.returned_rows != before.returned_rows:
            return
        sizes = self._sizes_of(table)
        yield NarrowerRead(
            shape_id=read.subject.shape.id,
            table=table.name,
            columns=tuple(columns),
            spared=tuple(sorted(spared, key=lambda name: -sizes.get(name, 0.0))),
            index=index,
            sql=text,
            rows=before.returned_rows,
            fetched_bytes=before.returned_rows * sum(sizes.values()),
            spared_bytes=before.returned_rows * sum(sizes.get(name, 0.0) for name in spared),
            cost_before_ns=before.cost_ns,
            cost_after_ns=after.cost_ns,
            page_fetches_before=before.page_fetches,
            page_fetches_after=after.page_fetches,
        )

    def _measured(self, statement: Statement) -> Measurement | None:
        # Preparing it loads the schema, whose pages must not count.
        explain(self._connection, statement.text, statement.parameters)
        run = measure(self._connection, statement, writes=False, max_vm_steps=_MOST_STEPS)
        return None if run.stopped or run.failure else run

    def _held(self, table: Table, index: str) -> frozenset[str]:
        """Return what an index holds of a row: its keys, and the key of the table."""
        rows = self._connection.execute("SELECT name FROM pragma_index_xinfo(?)", (index,))
        names = {str(name).lower() for (name,) in rows if name is not None}
        if table.rowid_alias is not None:
            names.add(table.rowid_alias.lower())
        return frozenset(names)

    def _sizes_of(self, table: Table) -> dict[str, float]:
        """Return the mean bytes of each column's values in the first rows of a table."""
        if table.name not in self._sizes:
            means = ", ".join(
                f"avg(length(CAST({quote_identifier(c.name)} AS BLOB)))" for c in table.columns
            )
            sample = f"SELECT * FROM {quote_identifier(table.name)} LIMIT {_ROWS_SAMPLED}"
            (row,) = self._connection.execute(f"SELECT {means} FROM ({sample})")
            names = (column.name for column in table.columns)
            self._sizes[table.name] = {n: m or 0.0 for n, m in zip(names, row, strict=True)}
        return self._sizes[table.name]


def _keys(table: Table) -> frozenset[str]:
    names = (*table.primary_key, *((table.rowid_alias,) if table.rowid_alias else ()))
    return frozenset(name.lower() for name in names)
