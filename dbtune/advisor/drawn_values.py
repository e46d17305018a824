"""Values for statements recorded without any: frequent, median and rare ones of the column.

Seeded, so that the same database and recording get the same values and the same advice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import apsw
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from dbtune.advisor.dialect import VerbatimSQLite
from dbtune.model.schema import Schema, Table
from dbtune.model.workload import Parameters, QueryShape, Sample, SqlValue
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.workload.binding import bind

DRAWS = 5
_SEED = 20240229
# Enough rows to know which values are frequent, few enough for a table of any size.
_ROWS_LOOKED_AT = 100_000
_PAGE_ROWS = 20
_PREFIX = "dbtune_"


@dataclass(frozen=True)
class _Role:
    """What a placeholder is compared with; `kind` is "value", "prefix", "limit" or "offset"."""

    kind: str
    table: str | None = None
    column: str | None = None


class ValueDrawer:
    """Draws values from a scratch copy; what a column holds is read once."""

    def __init__(self, connection: apsw.Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema
        self._columns: dict[tuple[str, str], tuple[SqlValue, ...]] = {}

    def fill(self, shape: QueryShape) -> tuple[Sample, ...]:
        """Return samples of the shape with values drawn from the columns they are compared with.

        A placeholder whose column cannot be told gets NULL. Returns the shape's own samples
        where there is nothing to draw for.
        """
        if not shape.samples:
            return ()
        text, _ = bind(replace(shape.samples[0], parameters=None))
        roles = placeholder_roles(text, self._schema)
        if not roles:
            return shape.samples
        named = all(not key.isdigit() for key in roles)
        filled: dict[str, Sample] = {}
        for draw in range(DRAWS):
            values = {key: self._value(role, draw) for key, role in roles.items()}
            parameters: Parameters = values if named else tuple(values.values())
            filled.setdefault(repr(values), Sample(text, parameters, drawn=True))
        return tuple(filled.values())

    def _value(self, role: _Role, draw: int) -> SqlValue:
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
        return value

    def _pool(self, table: str, column: str) -> tuple[SqlValue, ...]:
        key = (table, column)
        if key not in self._columns:
            self._columns[key] = tuple(self._draw(table, column))
        return self._columns[key]

    def _draw(self, table: str, column: str) -> Iterator[SqlValue]:
        name, of = quote_identifier(column), quote_identifier(table)
        rows = list(
            self._connection.execute(
                f"SELECT {name} FROM (SELECT {name} FROM {of} LIMIT {_ROWS_LOOKED_AT})"
                f" WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY count(*) DESC, {name}"
            )
        )
        if not rows:
            return
        chooser = random.Random(f"{_SEED} {table} {column}")
        for position in (0, len(rows) // 2, len(rows) - 1):
            yield rows[position][0]
        for _ in range(DRAWS - 3):
            yield chooser.choice(rows)[0]


def placeholder_roles(text: str, schema: Schema) -> dict[str, _Role]:
    """Return what each placeholder stands for, by its name or its position from "1", in order."""
    named = _name_placeholders(text)
    try:
        tree = sqlglot.parse_one(named, read=VerbatimSQLite)
    except (SqlglotError, RecursionError):
        return {}
    roles: dict[str, _Role] = {}
    for node in tree.find_all(exp.Placeholder, exp.Parameter):
        key = str(node.this.name if isinstance(node.this, exp.Expr) else node.this)
        roles.setdefault(key.removeprefix(_PREFIX), _role(node, tree, schema))
    return dict(sorted(roles.items(), key=lambda item: (not item[0].isdigit(), item[0].zfill(6))))


def _name_placeholders(text: str) -> str:
    """Give each bare `?` a name, as sqlglot's tree does not keep their order."""
    pieces: list[str] = []
    end = 0
    number = 0
    for token in VerbatimSQLite().tokenize(text):
        if token.token_type == TokenType.PLACEHOLDER:
            number += 1
            pieces += [text[end : token.start], f":{_PREFIX}{number}"]
            end = token.end + 1
    return "".join(pieces) + text[end:]


def _role(node: exp.Expr, tree: exp.Expr, schema: Schema) -> _Role:
    parent = node.parent
    while isinstance(parent, (exp.Paren, exp.Cast, exp.Neg)):
        parent = parent.parent
    if isinstance(parent, exp.Limit):
        return _Role("limit")
    if isinstance(parent, exp.Offset):
        return _Role("offset")
    if isinstance(parent, exp.Tuple) and isinstance(tree, exp.Insert):
        return _inserted(node, parent, tree, schema)
    column = (
        parent.find(exp.Column) if isinstance(parent, (exp.Binary, exp.In, exp.Between)) else None
    )
    if column is None:
        return _Role("value")
    table = _owner(column, tree, schema)
    kind = "prefix" if isinstance(parent, exp.Like) else "value"
    return _Role(kind, table.name, column.name) if table else _Role(kind)


def _inserted(node: exp.Expr, row: exp.Tuple, tree: exp.Insert, schema: Schema) -> _Role:
    target = tree.this
    named = target.find(exp.Table)
    table = schema.table(named.name) if named is not None else None
    if table is None:
        return _Role("value")
    listed = [c.name for c in target.expressions] if isinstance(target, exp.Schema) else []
    names = listed or [column.name for column in table.columns if not column.generated]
    position = next((i for i, value in enumerate(row.expressions) if node in value.walk()), -1)
    if not 0 <= position < len(names) or names[position] == table.rowid_alias:
        return _Role("value")
    return _Role("value", table.name, names[position])


def _owner(column: exp.Column, tree: exp.Expr, schema: Schema) -> Table | None:
    """Return the table a column belongs to, by its alias or as the only table that has it."""
    tables = {t.alias_or_name.lower(): schema.table(t.name) for t in tree.find_all(exp.Table)}
    alias = column.table.lower()
    candidates = [tables.get(alias)] if alias else list(tables.values())
    folded = column.name.lower()
    owners = [t for t in candidates if t and any(c.name.lower() == folded for c in t.columns)]
    return owners[0] if owners else None
