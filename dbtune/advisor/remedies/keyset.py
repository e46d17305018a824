"""A page behind OFFSET as the page behind a row: the same query, keyset-paginated."""

from __future__ import annotations

from sqlglot import exp

from dbtune.advisor.reading.columns import ColumnUse, TableUse
from dbtune.advisor.reading.statement import OrderTerm, Statement
from dbtune.model.schema import Table
from dbtune.sqlite.identifiers import quote_identifier


def keyset_query(reading: Statement) -> str | None:
    """Return the query with a condition on the last row seen instead of OFFSET.

    None where its order is not by plain columns of one table, or its rows are no table's rows.
    """
    tree = reading.parsed.tree
    if not isinstance(tree, exp.Select) or reading.aggregates or reading.verb != "select":
        return None
    use = _ordered_use(reading)
    if use is None or not _stands_in_from(tree, use):
        return None
    terms = _terms(reading, use)
    if terms is None:
        return None
    page = tree.copy()
    page.set("offset", None)
    page.set("order", None)
    page = page.order_by(*(_ordered(term) for term in terms), dialect="sqlite")
    page = page.where(_behind(terms), dialect="sqlite")
    rewritten = reading.parsed.restored(page)
    return f"{rewritten};" if rewritten is not None else None


def _ordered_use(reading: Statement) -> TableUse | None:
    """Return the one table sorted by, or the only table where nothing is sorted."""
    if not reading.orders:
        return reading.uses[0] if len(reading.uses) == 1 else None
    column = reading.orders[0].column
    return column.use if column is not None else None


def _stands_in_from(tree: exp.Select, use: TableUse) -> bool:
    """Return whether the outermost FROM names the table itself, not a subquery or view on it."""
    clause = tree.args.get("from_") or tree.args.get("from")
    sources = [clause.this] if clause is not None else []
    sources += [join.this for join in tree.args.get("joins") or ()]
    return any(
        isinstance(source, exp.Table)
        and source.alias_or_name == use.alias
        and source.name.lower() == use.table.name.lower()
        for source in sources
    )


def _terms(reading: Statement, use: TableUse) -> tuple[OrderTerm, ...] | None:
    """Return the order with the table's key behind it, so that no two rows are equal."""
    terms = list(reading.orders)
    if any(term.column is None or term.column.use != use or term.collation for term in terms):
        return None
    names = {term.column.column.name.lower() for term in terms if term.column is not None}
    if _is_unique(use.table, names):
        return tuple(terms)
    descending = bool(terms) and terms[-1].descending
    for column in use.table.columns:
        if column.name in _key(use.table) and column.name.lower() not in names:
            terms.append(OrderTerm(ColumnUse(use, column), descending))
    return tuple(terms) if _key(use.table) else None


def _key(table: Table) -> tuple[str, ...]:
    return (table.rowid_alias,) if table.rowid_alias else table.primary_key


def _is_unique(table: Table, names: set[str]) -> bool:
    not_null = {column.name.lower() for column in table.columns if column.not_null}
    keys = [{name.lower() for name in _key(table)}]
    for index in table.indexes:
        columns = {(column.name or "").lower() for column in index.columns}
        if index.unique and not index.where_sql and columns <= not_null:
            keys.append(columns)
    return any(key and key <= names for key in keys)


def _behind(terms: tuple[OrderTerm, ...]) -> str:
    """Return the condition that a row comes after the last one seen."""
    names = [_name(term) for term in terms]
    values = [_value(term) for term in terms]
    directions = {term.descending for term in terms}
    if len(terms) == 1:
        return f"{names[0]} {_comparator(terms[0])} {values[0]}"
    if len(directions) == 1:
        left, right = ", ".join(names), ", ".join(values)
        return f"({left}) {_comparator(terms[0])} ({right})"
    arms = []
    for position, term in enumerate(terms):
        equal = [f"{n} = {v}" for n, v in zip(names[:position], values[:position], strict=True)]
        arms.append(" AND ".join((*equal, f"{names[position]} {_comparator(term)} {_value(term)}")))
    return " OR ".join(f"({arm})" for arm in arms)


def _comparator(term: OrderTerm) -> str:
    return "<" if term.descending else ">"


def _ordered(term: OrderTerm) -> str:
    return f"{_name(term)} DESC" if term.descending else _name(term)


def _name(term: OrderTerm) -> str:
    assert term.column is not None
    use, name = term.column.use, quote_identifier(term.column.column.name)
    return f"{quote_identifier(use.alias)}.{name}"


def _value(term: OrderTerm) -> str:
    assert term.column is not None
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in term.column.column.name)
    return f":last_{plain}"
