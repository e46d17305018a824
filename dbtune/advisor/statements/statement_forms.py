"""Every statement as the SELECTs hidden in it: what an UPDATE or DELETE has to find."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

_TRIGGER_BODY = re.compile(r"\bBEGIN\b(.*)\bEND\b", re.IGNORECASE | re.DOTALL)
_TRIGGER_ROW = re.compile(
    r"\b(?:NEW|OLD)\s*\.\s*(?:\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|\w+)", re.I
)


def trigger_body(sql: str) -> str:
    """Return a trigger's statements with NEW.x and OLD.x as placeholders; empty if unreadable."""
    match = _TRIGGER_BODY.search(sql)
    return _TRIGGER_ROW.sub("?", match.group(1)).strip() if match else ""


def as_selects(root: exp.Expr | None) -> Iterator[tuple[exp.Expr, bool]]:
    """Yield (query, cover): `cover` is False where the rows found are written.

    INSERT ... VALUES finds nothing and yields nothing.
    """
    if isinstance(root, exp.Query):
        yield root, True
    elif isinstance(root, exp.Insert):
        if isinstance(root.expression, exp.Query) and not isinstance(root.expression, exp.Values):
            yield root.expression, True
    elif isinstance(root, exp.Update):
        yield _found_by(root, [assignment.expression for assignment in root.expressions]), False
    elif isinstance(root, exp.Delete):
        yield _found_by(root, []), False


def _found_by(root: exp.Expr, values: list[exp.Expr]) -> exp.Select:
    # The values assigned may hold subqueries, which are then read as part of the SELECT list.
    projections = [value.copy() for value in values] or [exp.Literal.number(1)]
    select = exp.Select(expressions=projections).from_(root.this.copy())
    source = root.args.get("from_") or root.args.get("from")
    if source is not None:
        select = select.join(source.this.copy(), join_type="cross")
    where = root.args.get("where")
    if where is not None:
        select = select.where(where.this.copy())
    ctes = root.args.get("with_") or root.args.get("with")
    if ctes is not None:
        select.set("with_" if "with_" in exp.Select.arg_types else "with", ctes.copy())
    return select
