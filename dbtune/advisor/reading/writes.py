"""What a statement writes: a cheaper reading than that of its conditions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from dbtune.advisor.reading.statement import Verb
from dbtune.advisor.reading.statement_text import parse
from dbtune.model.workload import QueryShape


@dataclass(frozen=True)
class Write:
    """A statement's verb, the table or view it writes, and the columns an UPDATE assigns."""

    verb: Verb
    target: str | None
    assigned: tuple[str, ...]


def read_write(shape: QueryShape) -> Write | None:
    """Return what a shape writes, or None where sqlglot cannot read it."""
    texts = (*(sample.text for sample in shape.samples[:1]), shape.template)
    parsed = next((found for text in texts if (found := parse(text)) is not None), None)
    if parsed is None:
        return None
    return Write(verb_of(parsed.tree), _target(parsed.tree), _assigned(parsed.tree))


def verb_of(root: exp.Expr) -> Verb:
    """Return what kind of statement a syntax tree is."""
    if isinstance(root, exp.Insert):
        return "replace" if str(root.args.get("alternative")).lower() == "replace" else "insert"
    if isinstance(root, exp.Update):
        return "update"
    if isinstance(root, exp.Delete):
        return "delete"
    return "select" if isinstance(root, exp.Query) else "other"


def _target(root: exp.Expr) -> str | None:
    if not isinstance(root, (exp.Insert, exp.Update, exp.Delete)):
        return None
    table = root.this.this if isinstance(root.this, exp.Schema) else root.this
    return table.name if isinstance(table, exp.Table) else None


def _assigned(root: exp.Expr) -> tuple[str, ...]:
    if not isinstance(root, exp.Update):
        return ()
    return tuple(e.this.name for e in root.expressions if isinstance(e, exp.EQ))
