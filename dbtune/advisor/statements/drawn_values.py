"""Values for statements recorded without any: frequent, median and rare ones of the column.

Seeded, so that the same database and recording get the same values and the same advice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import apsw

from dbtune.advisor.statements.placeholder_roles import Role, placeholder_roles
from dbtune.advisor.statements.runnable import readable_rows
from dbtune.model.schema import Schema
from dbtune.model.workload import Parameters, QueryShape, Sample, SqlValue
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.placeholders import placeholder_names
from dbtune.workload.binding import bind

DRAWS = 5
_SEED = 20240229
# Enough rows to know which values are frequent, few enough for a table of any size.
_ROWS_LOOKED_AT = 100_000
_PAGE_ROWS = 20
# Longer values are contents rather than something compared with, and reading many takes memory.
_LONGEST = 1_000


class ValueDrawer:
    """Draws values from a scratch copy; what a column holds is read once."""

    def __init__(self, connection: apsw.Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema
        self._columns: dict[tuple[str, str], tuple[SqlValue, ...]] = {}

    def fill(self, shape: QueryShape) -> tuple[Sample, ...]:
        """Return samples of the shape with values drawn from the columns they are compared with.

        A placeholder whose column cannot be told gets NULL.
        """
        if not shape.samples:
            return ()
        text, _ = bind(replace(shape.samples[0], parameters=None))
        roles = placeholder_roles(text, self._schema)
        names = placeholder_names(text)
        filled: dict[str, Sample] = {}
        for draw in range(DRAWS):
            values = tuple(
                self._value(roles.get(number, Role("value")), draw)
                for number in range(1, len(names) + 1)
            )
            filled.setdefault(repr(values), Sample(text, _by_name(names, values), drawn=True))
        return tuple(filled.values())

    def _value(self, role: Role, draw: int) -> SqlValue:
        if role.kind == "limit":
            return _PAGE_ROWS
        if role.kind == "offset":
            return 0
        if role.table is None or role.column is None:
            return None
        pool = self._pool(role.table, role.column)
        value = pool[draw % len(pool)] if pool else None
        if role.kind == "prefix" and isinstance(value, str):
            return value[:3] + "%"
        if role.kind in {"low", "high"}:
            # Two neighbours of the draw, the same for both ends.
            ends = sorted((value, pool[(draw + 1) % len(pool)] if pool else None), key=_as_stored)
            return ends[role.kind == "high"]
        return value

    def _pool(self, table: str, column: str) -> tuple[SqlValue, ...]:
        key = (table, column)
        if key not in self._columns:
            self._columns[key] = tuple(self._draw(table, column))
        return self._columns[key]

    def _draw(self, table: str, column: str) -> Iterator[SqlValue]:
        name, of = quote_identifier(column), quote_identifier(table)
        try:
            found = readable_rows(
                self._connection.execute(
                    f"SELECT {name} FROM (SELECT {name} FROM {of} LIMIT {_ROWS_LOOKED_AT})"
                    f" WHERE length({name}) <= {_LONGEST}"
                    f" GROUP BY {name} ORDER BY count(*) DESC, {name}"
                )
            )
            values = [row[0] for row in found if row is not None]
        except apsw.Error:  # a virtual table that cannot be scanned
            return
        if not values:
            return
        chooser = random.Random(f"{_SEED} {table} {column}")
        for position in (0, len(values) // 2, len(values) - 1):
            yield values[position]
        for _ in range(DRAWS - 3):
            yield chooser.choice(values)


def _by_name(names: tuple[str | None, ...], values: tuple[SqlValue, ...]) -> Parameters:
    if not names or None in names:
        return values
    return {name: value for name, value in zip(names, values, strict=True) if name is not None}


def _as_stored(value: SqlValue) -> tuple[int, float, str]:
    """Return a key that sorts values as SQLite does: NULL, numbers, text, blobs."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, (int, float)):
        return 1, float(value), ""
    if isinstance(value, str):
        return 2, 0.0, value
    return 3, 0.0, value.hex()
