"""Recorded INSERTs that refer to rows which the copy has not got get rows that it has.

An order inserted in a request has another number on each copy, and the recording says which one
its lines had then. SQLite rarely minds, as few applications enforce foreign keys; PostgreSQL does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from dbtune.benchmark.insert_values import bound_columns, value_at, with_values
from dbtune.model.load import Call, LoadPlan, LoadTransaction, LoadUnit
from dbtune.model.schema import Schema, Table, fold_name
from dbtune.model.workload import SqlValue
from dbtune.sqlite.identifiers import quote_identifier

# Where a value of a call refers to: a table and its column.
_References = Mapping[int | str, tuple[str, str]]


class ParentRows:
    """Looks up on a copy which referenced rows there are."""

    def __init__(self, connection: sqlite3.Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema
        self._any: dict[tuple[str, str], SqlValue] = {}

    def mend(self, plan: LoadPlan) -> LoadPlan:
        """Return a plan whose INSERTs refer to rows of the copy."""
        references = {
            place: found
            for place, statement in enumerate(plan.statements)
            if statement.kind == "write" and (found := self._references(statement.text))
        }
        if not references:
            return plan
        units = tuple(self._unit(unit, references) for unit in plan.units)
        return replace(plan, units=units)

    def _unit(self, unit: LoadUnit, references: Mapping[int, _References]) -> LoadUnit:
        if not unit.writes:
            return unit
        return replace(
            unit, transactions=tuple(self._transaction(t, references) for t in unit.transactions)
        )

    def _transaction(
        self, transaction: LoadTransaction, references: Mapping[int, _References]
    ) -> LoadTransaction:
        return replace(
            transaction, calls=tuple(self._call(call, references) for call in transaction.calls)
        )

    def _call(self, call: Call, references: Mapping[int, _References]) -> Call:
        wanted = references.get(call.statement)
        if not wanted or call.values is None:
            return call
        new = {
            place: self._existing(table, column)
            for place, (table, column) in wanted.items()
            if not self._is_there(table, column, value_at(call.values, place))
        }
        return replace(call, values=with_values(call.values, new)) if new else call

    def _references(self, text: str) -> _References:
        found: dict[int | str, tuple[str, str]] = {}
        for table, places in bound_columns(text, self._schema):
            for column, (parent, key) in _foreign_keys(table).items():
                if self._schema.table(parent) is not None:
                    found.update(dict.fromkeys(places.get(column, ()), (parent, key)))
        return found

    def _is_there(self, table: str, column: str, value: SqlValue) -> bool:
        if value is None:
            return True
        query = f"SELECT 1 FROM {quote_identifier(table)} WHERE {quote_identifier(column)} = ?"
        return self._connection.execute(query, (value,)).fetchone() is not None

    def _existing(self, table: str, column: str) -> SqlValue:
        """Return the newest row's value, the likeliest one to be referred to; None without rows."""
        if (table, column) not in self._any:
            query = f"SELECT max({quote_identifier(column)}) FROM {quote_identifier(table)}"
            self._any[table, column] = self._connection.execute(query).fetchone()[0]
        return self._any[table, column]


def _foreign_keys(table: Table) -> dict[str, tuple[str, str]]:
    """Return the foreign keys of one column each, by that column."""
    return {
        fold_name(key.columns[0]): (key.referenced_table, key.referenced_columns[0])
        for key in table.foreign_keys
        if len(key.columns) == 1 and key.referenced_columns
    }
