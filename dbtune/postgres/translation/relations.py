"""Tables, subqueries and views in a FROM clause, and what names mean inside a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dbtune.model.transfer import ColumnPlan, Conversion, StorageCounts
from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.scope import ROWID_NAMES, Scope, fold
from dbtune.postgres.translation.terms import TYPE_NAMES, Kind, Term, column_term
from dbtune.postgres.translation.translator import Names

_CONVERSIONS: dict[Kind, Conversion] = {
    "integer": "integer",
    "double": "double",
    "numeric": "decimal",
    "boolean": "boolean",
    "bytes": "bytes",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "date": "date",
    "time": "time",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "jsonb",
}

# The reason of a view's column that is none of a table's.
COMPUTED = "computed by a query"


@dataclass(frozen=True)
class Output:
    """A column that a query returns: its name as SQLite has it, and its value."""

    name: str
    term: Term


@dataclass(frozen=True)
class Relation:
    """What a FROM clause names: `label` qualifies its columns on PostgreSQL.

    `columns` are (name in SQLite, name on PostgreSQL, value); `key` are the PostgreSQL names of a
    primary key that PostgreSQL knows, empty without one. `merged` are folded names of columns
    that USING or NATURAL took from an earlier relation.
    """

    name: str
    label: str
    columns: tuple[tuple[str, str, Term], ...]
    key: tuple[str, ...] = ()
    rowid: str | None = None
    merged: frozenset[str] = frozenset()

    def find(self, name: str) -> tuple[str, Term] | None:
        """Return a column's PostgreSQL name and value by its name in SQLite."""
        folded = fold(name)
        for source, target, term in self.columns:
            if fold(source) == folded:
                return target, term
        if folded in ROWID_NAMES and self.rowid is not None:
            return self.find(self.rowid)
        return None

    def reference(self, name: str, *, qualified: bool) -> Term | None:
        """Return a column as an expression refers to it."""
        found = self.find(name)
        if found is None:
            return None
        target, term = found
        sql = quote_name(target)
        return replace(term, sql=f"{quote_name(self.label)}.{sql}" if qualified else sql)

    def nullable(self) -> Relation:
        """Return the relation as the optional side of an outer join."""
        columns = tuple(
            (source, target, replace(term, never_null=False))
            for source, target, term in self.columns
        )
        return replace(self, columns=columns)


@dataclass(frozen=True)
class QueryNames:
    """The relations of one query, its output columns by alias, and the query around it.

    `qualify` writes each column with its table, though there be but one.
    """

    relations: tuple[Relation, ...]
    parent: Names | None = None
    aliases: Mapping[str, Term] | None = None
    qualify: bool = False

    def resolve(self, qualifier: str | None, name: str) -> Term | None:
        """Return what a column's name stands for: a column, else an output, else the outside."""
        several = self.qualify or len(self.relations) > 1 or self.parent is not None
        for relation in self.relations:
            if qualifier is not None and fold(relation.name) != fold(qualifier):
                continue
            if qualifier is None and fold(name) in relation.merged:
                continue
            found = relation.reference(name, qualified=several or qualifier is not None)
            if found is not None:
                return found
        if qualifier is None and self.aliases is not None and fold(name) in self.aliases:
            return self.aliases[fold(name)]
        return None if self.parent is None else self.parent.resolve(qualifier, name)

    def owner(self, qualifier: str | None, name: str) -> Relation | None:
        """Return the relation of this query that a column belongs to."""
        for relation in self.relations:
            if (qualifier is None or fold(relation.name) == fold(qualifier)) and relation.find(
                name
            ):
                return relation
        return None

    def outputs(self, qualifier: str | None = None) -> Iterator[Output]:
        """Yield what `*` or `qualifier.*` returns."""
        for relation in self.relations:
            if qualifier is not None and fold(relation.name) != fold(qualifier):
                continue
            for source, target, term in relation.columns:
                if qualifier is None and fold(source) in relation.merged:
                    continue
                sql = f"{quote_name(relation.label)}.{quote_name(target)}"
                yield Output(source, replace(term, sql=sql))


def table_relation(scope: Scope, alias: str | None) -> Relation:
    """Return a table of the plan under its alias or its own name."""
    return Relation(
        name=alias or scope.source,
        label=alias or scope.target,
        columns=tuple(
            (column.source, column.target, column_term(column, "")) for column in scope.columns
        ),
        key=scope.keys[0] if scope.has_primary_key and scope.keys else (),
        rowid=scope.rowid,
    )


def query_relation(name: str, outputs: Sequence[Output]) -> Relation:
    """Return a subquery or a common table under its name."""
    columns = tuple((output.name, output.name, output_term(output.term)) for output in outputs)
    return Relation(name, name, columns)


def output_term(term: Term) -> Term:
    """Return an output as the query around sees it: a value whose making is not known."""
    return Term(
        "",
        term.kind if term.kind not in {"any", "null"} else "text",
        column=term.column,
        affinity=term.affinity,
        collation=term.collation,
        extracted=term.extracted,
        numeric_text=term.numeric_text,
        never_null=term.never_null,
    )


def query_scope(source: str, target: str, outputs: Sequence[Output]) -> Scope:
    """Return a view as what statements see, its columns as planned ones."""
    return Scope(
        source=source,
        target=target,
        columns=tuple(_output_column(output) for output in outputs),
    )


def _output_column(output: Output) -> ColumnPlan:
    term = output.term
    if term.column is not None:
        return replace(term.column, source=output.name, target=output.name, not_null=False)
    kind: Kind = term.kind if term.kind in TYPE_NAMES else "text"
    return ColumnPlan(
        source=output.name,
        target=output.name,
        declared_type="",
        pg_type=TYPE_NAMES[kind],
        conversion=_CONVERSIONS.get(kind, "text"),
        reason=COMPUTED,
        counts=StorageCounts(),
    )
