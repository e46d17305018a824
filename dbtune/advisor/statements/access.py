"""How a statement reaches each table: the columns it compares, joins, sorts and reads.

Pure: SQL text and a Schema go in, `TableAccess` comes out. Views are expanded, subqueries are
looked at both as written and as SQLite's query flattener would merge them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from dbtune.advisor.statements.dialect import VerbatimSQLite, name_placeholders
from dbtune.advisor.statements.mergeable import merged, with_owned_columns
from dbtune.advisor.statements.select_access import SelectReader, TableAccess
from dbtune.advisor.statements.statement_forms import as_selects, trigger_body
from dbtune.model.schema import Schema
from dbtune.sqlite.unreadable import UNREADABLE

_DIALECT = VerbatimSQLite
# Optimised variants cost time and find little in statements of this many nodes.
_MAX_NODES_TO_MERGE = 2_000


class AccessReader:
    """Reads statements against one schema; the schema is prepared once."""

    def __init__(self, schema: Schema) -> None:
        self._tables = {t.name.lower(): t for t in schema.tables if t.kind == "table"}
        self._mapping = MappingSchema(_column_types(schema), dialect=_DIALECT, normalize=True)
        self._views: dict[str, exp.Query | Callable[[], exp.Query]] = dict(_parsed_views(schema))
        self._triggers = schema.triggers
        self._of_triggers: dict[str, tuple[TableAccess, ...]] = {}

    def read(self, sql: str) -> tuple[TableAccess, ...]:
        """Return the accesses of one statement; empty where sqlglot cannot read it."""
        found: dict[TableAccess, None] = {}
        try:
            for root in sqlglot.parse(name_placeholders(sql), read=_DIALECT):
                for tree, cover in as_selects(root):
                    self._read_tree(tree, cover, found)
        except UNREADABLE:
            pass  # what was found in a plainer form of the statement holds
        return tuple(found)

    def read_triggers(self, table: str) -> tuple[TableAccess, ...]:
        """Return the accesses of the statements in a table's triggers.

        A plan does not show them, but every write to the table runs them.
        """
        folded = table.lower()
        if folded not in self._of_triggers:
            bodies = (trigger_body(t.sql) for t in self._triggers if t.table.lower() == folded)
            self._of_triggers[folded] = tuple(a for body in bodies for a in self.read(body))
        return self._of_triggers[folded]

    def _read_tree(self, tree: exp.Expr, cover: bool, found: dict[TableAccess, None]) -> None:
        for variant in self._variants(tree):
            for scope in traverse_scope(variant):
                if isinstance(scope.expression, exp.Select):
                    # Only the outermost SELECT stands for the rows an UPDATE or DELETE writes.
                    covered = cover or not scope.is_root
                    for access in SelectReader(scope, self._tables, covered).read():
                        found.setdefault(access)

    def _variants(self, tree: exp.Expr) -> Iterator[exp.Expr]:
        expanded = exp.expand(tree, self._views, dialect=_DIALECT) if self._views else tree
        qualified = qualify(
            with_owned_columns(expanded),
            schema=self._mapping,
            dialect=_DIALECT,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
            # Of a table function, or a rowid, sqlglot knows nothing.
            allow_partial_qualification=True,
        )
        yield qualified
        nested = qualified.find(exp.Subquery, exp.CTE)
        if nested and sum(1 for _ in qualified.walk()) <= _MAX_NODES_TO_MERGE:
            yield merged(qualified)


def _column_types(schema: Schema) -> dict[str, object]:
    # The types play no part in finding columns, and SQLite's may be any words at all.
    return {
        table.name: {column.name: "TEXT" for column in table.columns}
        for table in schema.tables
        if table.columns
    }


def _parsed_views(schema: Schema) -> Iterator[tuple[str, exp.Query]]:
    for view in schema.views:
        try:
            create = sqlglot.parse_one(view.sql, read=_DIALECT)
        except UNREADABLE:
            continue
        if isinstance(create, exp.Create) and isinstance(create.expression, exp.Query):
            yield view.name.lower(), _with_names(create.expression, create.this)


def _with_names(query: exp.Query, target: exp.Expr) -> exp.Query:
    """Return a view's query with the columns called as in CREATE VIEW name (a, b)."""
    names = [column.name for column in target.expressions] if isinstance(target, exp.Schema) else []
    if isinstance(query, exp.Select) and len(names) == len(query.expressions):
        columns = zip(query.expressions, names, strict=True)
        query.set("expressions", [exp.alias_(c.unalias(), name) for c, name in columns])
    return query
