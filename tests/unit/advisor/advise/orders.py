"""The orders that advice is given on, and what is read of it."""

from __future__ import annotations

from dbtune.advisor.advise import Advice
from dbtune.advisor.findings import missing_index_findings
from dbtune.advisor.time_limit import TimeLimit
from dbtune.model.advice import Finding
from tests.unit.advisor.workbench import (
    filled,
    shape,
)

ORDERS = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, status TEXT, total REAL,"
    " note TEXT, placed_at TEXT)",
    filled(
        "orders",
        "user_id, status, total, note, placed_at",
        "n * 7919 % 400, iif(n % 50, 'done', 'open'), n % 97, printf('%.60c', 'x'),"
        " date('2026-01-01', '+' || (n % 300) || ' days')",
        6_000,
    ),
)


BY_USER = shape("SELECT note FROM orders WHERE user_id = 7 ORDER BY placed_at DESC LIMIT 5")


def ticking(seconds: float) -> TimeLimit:
    """Return a limit whose clock goes on by a second each time somebody looks."""
    ticks = iter(range(10**9))
    return TimeLimit(seconds, lambda: float(next(ticks)))


def finding(advice: Advice) -> Finding:
    """Return the only finding."""
    (found,) = missing_index_findings(advice)
    return found


def evidence(found: Finding) -> dict[str, object]:
    """Return a finding's evidence by name."""
    return {item.name: item.value for item in found.evidence}
