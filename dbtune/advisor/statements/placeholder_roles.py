"""What each placeholder of a statement stands for: the column it is compared with, or a limit."""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from dbtune.advisor.statements.dialect import PREFIX, VerbatimSQLite, name_placeholders
from dbtune.model.schema import Schema, Table
from dbtune.sqlite.unreadable import UNREADABLE

# Parsing takes seconds beyond it, and such a statement is a list of values.
_LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Role:
    """What a placeholder is compared with.

    `kind` is "value", "prefix" of LIKE, "low" or "high" of a range, "limit" or "offset".
    """

    kind: str
    table: str | None = None
    column: str | None = None


def placeholder_roles(text: str, schema: Schema) -> dict[int, Role]:
    """Return what each placeholder stands for, by its number from 1 as SQLite counts them.

    Empty for a statement that sqlglot cannot read.
    """
    if len(text) > _LONGEST_TEXT:
        return {}
    try:
        tree = sqlglot.parse_one(name_placeholders(text), read=VerbatimSQLite)
        roles: dict[int, Role] = {}
        for node in tree.find_all(exp.Placeholder, exp.Parameter):
            key = str(node.this.name if isinstance(node.this, exp.Expr) else node.this)
            roles.setdefault(int(key.removeprefix(PREFIX)), _role(node, tree, schema))
    except UNREADABLE:
        return {}
    return roles


def _role(node: exp.Expr, tree: exp.Expr, schema: Schema) -> Role:
    parent = node.parent
    while isinstance(parent, (exp.Paren, exp.Cast, exp.Neg)):
        parent = parent.parent
    if isinstance(parent, exp.Limit):
        return Role("limit")
    if isinstance(parent, exp.Offset):
        return Role("offset")
    if isinstance(parent, exp.Tuple) and isinstance(tree, exp.Insert):
        return _inserted(node, parent, tree, schema)
    if not isinstance(parent, (exp.Binary, exp.In, exp.Between)):
        return Role("value")
    column = parent.find(exp.Column)
    if column is None:
        return Role("value")
    table = _owner(column, tree, schema)
    kind = _kind(node, parent)
    return Role(kind, table.name, column.name) if table else Role(kind)


def _kind(node: exp.Expr, parent: exp.Expr) -> str:
    if isinstance(parent, exp.Like):
        return "prefix"
    if isinstance(parent, exp.Between):
        for kind in ("low", "high"):
            if any(part is node for part in parent.args[kind].walk()):
                return kind
    return "value"


def _inserted(node: exp.Expr, row: exp.Tuple, tree: exp.Insert, schema: Schema) -> Role:
    target = tree.this
    named = target.find(exp.Table)
    table = schema.table(named.name) if named is not None else None
    if table is None:
        return Role("value")
    listed = [c.name for c in target.expressions] if isinstance(target, exp.Schema) else []
    names = listed or [column.name for column in table.columns if not column.generated]
    position = next(
        (i for i, v in enumerate(row.expressions) if any(part is node for part in v.walk())), -1
    )
    if not 0 <= position < len(names) or names[position] == table.rowid_alias:
        return Role("value")
    return Role("value", table.name, names[position])


def _owner(column: exp.Column, tree: exp.Expr, schema: Schema) -> Table | None:
    """Return the table a column belongs to, by its alias or as the only table that has it."""
    tables = {t.alias_or_name.lower(): schema.table(t.name) for t in tree.find_all(exp.Table)}
    alias = column.table.lower()
    candidates = [tables.get(alias)] if alias else list(tables.values())
    folded = column.name.lower()
    owners = [t for t in candidates if t and any(c.name.lower() == folded for c in t.columns)]
    return owners[0] if owners else None
