"""Which columns recorded statements ask for by name, and which reads list all of a table.

Pure. A recording does not show what an application does with a row. That no other statement names
a column is a hint, and the findings made of it say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from dbtune.advisor.reading.statement_text import parse
from dbtune.model.schema import Schema, Table

# A table this narrow has no list of columns worth shortening.
_LEAST_COLUMNS = 3


@dataclass(frozen=True)
class WideRead:
    """A read of all columns of one table. `others` are those it names elsewhere, as in WHERE."""

    table: Table
    text: str
    others: frozenset[str]

    def narrowed(self, columns: Sequence[str]) -> str | None:
        """Return the statement with these columns only; None where it cannot be printed."""
        parsed = parse(self.text)
        if parsed is None:
            return None
        tree = parsed.tree.copy()
        tree.set("expressions", [exp.column(exp.to_identifier(c, quoted=True)) for c in columns])
        return parsed.restored(tree)


def wide_read(schema: Schema, text: str) -> WideRead | None:
    """Return a statement that reads all columns of one table and no other; else None."""
    parsed = parse(text)
    if parsed is None or not isinstance(parsed.tree, exp.Select):
        return None
    select = parsed.tree
    sources = list(select.find_all(exp.Table))
    if len(sources) != 1 or any(select.args.get(key) for key in ("distinct", "group", "with_")):
        return None
    table = schema.table(sources[0].name)
    if table is None or table.kind != "table" or len(table.columns) < _LEAST_COLUMNS:
        return None
    if not all(projection.is_star or _is_plain(projection) for projection in select.expressions):
        return None
    whole = _whole_lists(select, (table,))
    if not whole:
        return None
    named = (c for c in select.find_all(exp.Column) if id(c) not in whole and not c.is_star)
    return WideRead(table, text, frozenset(column.name.lower() for column in named))


def named_columns(schema: Schema, text: str) -> frozenset[str] | None:
    """Return the names of columns, in lower case, that a statement asks for; None if not known.

    Lists of all columns of a table, and what an UPDATE sets, say nothing.
    """
    parsed = parse(text)
    if parsed is None:
        return None
    tree = parsed.tree
    silent = {id(one.this) for one in tree.expressions} if isinstance(tree, exp.Update) else set()
    for select in tree.find_all(exp.Select):
        names = (source.name for source in select.find_all(exp.Table))
        tables = [table for table in map(schema.table, names) if table is not None]
        silent |= _whole_lists(select, tables)
    columns = (column for column in tree.find_all(exp.Column) if id(column) not in silent)
    return frozenset(column.name.lower() for column in columns if not column.is_star)


def _whole_lists(select: exp.Select, tables: Sequence[Table]) -> set[int]:
    """Return the nodes of a SELECT's list that stand for all columns of one of the tables."""
    whole: set[int] = set()
    listed: dict[str, list[exp.Expr]] = {}
    for projection in select.expressions:
        if projection.is_star:
            whole.add(id(projection))
        elif _is_plain(projection):
            listed.setdefault(projection.unalias().table.lower(), []).append(projection.unalias())
    for columns in listed.values():
        names = {column.name.lower() for column in columns}
        if any(_names_of(table) <= names for table in tables):
            whole.update(map(id, columns))
    return whole


def _names_of(table: Table) -> frozenset[str]:
    return frozenset(column.name.lower() for column in table.columns)


def _is_plain(projection: exp.Expr) -> bool:
    return isinstance(projection.unalias(), exp.Column)
