"""What a SELECT returns: its list of values, with names where they matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.coercion import as_text
from dbtune.postgres.translation.relations import Output, QueryNames
from dbtune.postgres.translation.terms import Term
from dbtune.postgres.translation.translator import Translator


@dataclass(frozen=True)
class Entry:
    """One returned value; `alias` where AS names it, `shown` what `*` prints for several."""

    output: Output
    alias: str | None = None
    shown: str | None = None

    def sql(self, term: Term, *, named: bool) -> str:
        """Return the entry as the list has it."""
        name = self.alias
        if name is None and (named or self._is_renamed()):
            name = self.output.name
        return term.sql if name is None else f"{term.sql} AS {quote_name(name)}"

    def _is_renamed(self) -> bool:
        column = self.output.term.column
        return column is not None and column.target != self.output.name


@dataclass(frozen=True)
class SelectBody:
    """A SELECT with its list apart, so that its values may still be converted."""

    entries: tuple[Entry, ...]
    distinct: bool
    tail: str
    single: bool = False

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What it returns."""
        return tuple(entry.output for entry in self.entries)

    def sql(self, terms: Sequence[Term] | None = None, *, named: bool = False) -> str:
        """Return the SELECT, with other values in its list where `terms` are given."""
        if self.tail.startswith("VALUES"):
            return self.tail
        word = "SELECT DISTINCT" if self.distinct else "SELECT"
        return f"{word} {', '.join(self._listed(terms, named)) or 'NULL'}{self.tail}"

    def _listed(self, terms: Sequence[Term] | None, named: bool) -> Iterator[str]:
        own = [entry.output.term for entry in self.entries]
        for entry, term in zip(self.entries, own if terms is None else terms, strict=True):
            if entry.shown is None or named or terms is not None:
                yield entry.sql(term, named=named)
            elif entry.shown:
                yield entry.shown


def select_entries(
    t: Translator, names: QueryNames, nodes: Sequence[exp.Expr], titles: Sequence[str] | None
) -> tuple[Entry, ...]:
    """Return what a list of a SELECT stands for; `titles` name all its values where given."""
    entries = [entry for node in nodes for entry in _entries(t, names, node)]
    if titles is None:
        return tuple(entries)
    if len(titles) != len(entries):
        t.problem(f"not translatable: {len(entries)} columns for {len(titles)} names")
    return tuple(
        replace(entry, output=replace(entry.output, name=title), alias=title, shown=None)
        for entry, title in zip(entries, titles, strict=False)
    )


def _entries(t: Translator, names: QueryNames, node: exp.Expr) -> Iterator[Entry]:
    star = node.this if isinstance(node, exp.Column) else node
    if isinstance(star, exp.Star):
        t.only(star)
        yield from _star(t, names, node)
        return
    if isinstance(node, exp.Alias):
        name = str(node.args["alias"].this)
        yield Entry(Output(name, settled(t, t.term(node.this))), alias=name)
        return
    is_column = isinstance(node, exp.Column)
    name = str(node.this.this) if is_column else node.sql(dialect="sqlite", comments=False)
    term = settled(t, t.term(node))
    name = term.column.source if is_column and term.column is not None else name
    yield Entry(Output(name, term))


def _star(t: Translator, names: QueryNames, node: exp.Expr) -> Iterator[Entry]:
    qualifier = None
    if isinstance(node, exp.Column) and node.args.get("table"):
        qualifier = str(node.args["table"].this)
    outputs = list(names.outputs(qualifier))
    if not outputs:
        t.problem(f"there is no table {qualifier or 'for *'}")
        return
    plain = not any(relation.merged for relation in names.relations) and all(
        output.term.column is None or output.term.column.target == output.name for output in outputs
    )
    if len(names.relations) == 1 and names.parent is None:
        short = [replace(o.term, sql=o.term.sql.split('".', 1)[1]) for o in outputs]
        outputs = [replace(o, term=term) for o, term in zip(outputs, short, strict=True)]
    shown = "*" if qualifier is None else f"{quote_name(qualifier)}.*"
    for position, output in enumerate(outputs):
        yield Entry(output, shown=None if not plain else shown if position == 0 else "")


def settled(t: Translator, term: Term) -> Term:
    """Return a value that a query may return: a parameter has to have a type there."""
    if term.placeholder is None:
        return term
    known = t.value_of(term)
    value = None if known is None else known.value
    if isinstance(value, (int, float)):
        return t.parameter(term, "double" if isinstance(value, float) else "integer")
    return t.parameter(term, "bytes") if isinstance(value, bytes) else as_text(t, term)
