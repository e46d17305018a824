"""What a recorded statement compares, sorts and skips, as the rules need to know it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from dbtune.advisor.reading.affinity import Affinity
from dbtune.advisor.reading.columns import ColumnUse, TableUse
from dbtune.advisor.reading.statement_text import ParsedText
from dbtune.advisor.statements.dialect import to_sql
from dbtune.model.workload import SqlValue
from dbtune.sqlite.identifiers import quote_identifier

Verb = Literal["select", "insert", "replace", "update", "delete", "other"]
Operator = Literal["=", "<", "<=", ">", ">=", "in", "between", "like", "glob"]

_SWAPPED: dict[Operator, Operator] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    `bare` is the column where the side is nothing but one; `wrapped` is the column inside an
    expression about exactly one. `uses` are the tables it needs. `values` holds the literal or
    bound value as a tuple of one, empty where it is not known; `begins_with` is the text that a
    concatenation begins with.
    """

    node: exp.Expr
    bare: ColumnUse | None = None
    wrapped: ColumnUse | None = None
    uses: tuple[TableUse, ...] = ()
    affinity: Affinity | None = None
    collation: str | None = None
    values: tuple[SqlValue, ...] = ()
    begins_with: str | None = None

    @property
    def sql(self) -> str:
        """The side in the application's spelling, its column as the schema names it."""
        node = self.node.copy()
        own = self.bare or self.wrapped
        for column in [node] if isinstance(node, exp.Column) else list(node.find_all(exp.Column)):
            column.set("table", None)
            if own is not None:
                name = own.column.name
                column.set("this", exp.to_identifier(name, quoted=quote_identifier(name) != name))
        return to_sql(node)


@dataclass(frozen=True)
class Comparison:
    """A condition seen from one of its sides; `swapped` where that is the one on the right."""

    side: Side
    operator: Operator
    others: tuple[Side, ...]
    swapped: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether the other sides are the same for all rows of the statement."""
        return not any(other.uses for other in self.others)

    @property
    def is_null_test(self) -> bool:
        """Whether it asks for NULL, which most rows of a column like deleted_at are."""
        return any(other.values == (None,) for other in self.others)


@dataclass(frozen=True)
class Predicate:
    """A condition that compares. `required` is False in an arm of an OR: rows pass without it."""

    operator: Operator
    left: Side
    rights: tuple[Side, ...]
    required: bool

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The condition from its left, and from its right where that has one side too."""
        from_left = Comparison(self.left, self.operator, self.rights)
        if len(self.rights) != 1 or self.operator not in _SWAPPED:
            return (from_left,)
        swapped = Comparison(self.rights[0], _SWAPPED[self.operator], (self.left,), swapped=True)
        return (from_left, swapped)


@dataclass(frozen=True)
class OrderTerm:
    """One term of ORDER BY, GROUP BY or DISTINCT; `column` is None for an expression."""

    column: ColumnUse | None
    descending: bool = False
    collation: str | None = None


@dataclass(frozen=True)
class Statement:
    """One statement. Order, groups, limit, offset and aggregates are of the outermost SELECT."""

    verb: Verb
    uses: tuple[TableUse, ...]
    predicates: tuple[Predicate, ...]
    orders: tuple[OrderTerm, ...]
    groups: tuple[OrderTerm, ...]
    aggregates: bool
    limited: bool
    offset: Side | None
    parsed: ParsedText

    def filters(self, use: TableUse, *, required: bool = True) -> Iterator[Comparison]:
        """Yield the conditions on the table, seen from the side with its column.

        With `required`, only those that every row has to pass.
        """
        for predicate in self.predicates:
            if required and not predicate.required:
                continue
            for comparison in predicate.comparisons:
                own = comparison.side.bare or comparison.side.wrapped
                if own is not None and own.use == use:
                    yield comparison
