"""A whole comparison as text; `pytest --update-golden` writes it anew."""

from __future__ import annotations

import pytest

from dbtune.benchmark.regressions import GateLimits, compare
from dbtune.model.comparison import METRICS, MeasuredShape, Side, TimeInterval
from dbtune.model.workload import RouteQueries
from dbtune.report.terminal.comparison_text import comparison_text
from tests.conftest import CompareGolden

SEARCH = ("SEARCH o USING INDEX ix_orders_user_id (user_id=?)", "USE TEMP B-TREE FOR ORDER BY")
ORDERS = "SELECT id, total, created_at FROM orders AS o WHERE user_id = ? ORDER BY created_at DESC"
ITEMS = "SELECT o.id, i.name FROM orders o JOIN items i ON i.order_id = o.id WHERE o.user_id = ?"


def shape(
    number: int, text: str, steps: float, plan: tuple[str, ...], values: str = "00ff"
) -> MeasuredShape:
    """Return what was measured of a read."""
    return MeasuredShape(f"{number:012x}", text, "read", 100, steps, steps / 50, plan, values)


BASE = Side(
    "base.json",
    4_096_000,
    "sha",
    "3.50.4",
    (
        shape(1, ORDERS, 1_200, SEARCH),
        shape(2, ITEMS, 90_000, ("SCAN i", "SEARCH o USING INTEGER PRIMARY KEY (rowid=?)")),
        shape(3, "SELECT 1 FROM users WHERE email = ?", 40, ("SEARCH users",)),
        shape(4, "SELECT gone FROM users", 40, ("SCAN users",)),
    ),
    (RouteQueries("GET /orders", 40, 920, 26), RouteQueries("GET /users", 10, 30, 3)),
)
HEAD = Side(
    "head\x1b[31m.json",
    8_192_000,
    "sha",
    "3.50.4",
    (
        shape(1, ORDERS, 96_000, ("SCAN o", "USE TEMP B-TREE FOR ORDER BY")),
        shape(2, ITEMS, 60, ("SEARCH i USING INDEX ix_items", "SEARCH o")),
        shape(3, "SELECT 1 FROM users WHERE email = ?", 400, ("SEARCH users",), "1234"),
    ),
    (RouteQueries("GET /orders", 40, 1_080, 31), RouteQueries("GET /users", 8, 28, 3)),
)
TIMES = {"000000000001": TimeInterval(2e5, 1.4e7, 70.0, 66.1, 75.2, 28)}


@pytest.mark.parametrize("width", [80, 160])
def test_a_comparison_is_as_in_the_golden_file(width: int, compare_golden: CompareGolden) -> None:
    """The verdict first; nothing that a name holds reaches the terminal as it is."""
    text = comparison_text(
        compare(BASE, HEAD, GateLimits(METRICS, 0.1), TIMES), width=width, color=False
    )
    assert max(map(len, text.splitlines())) <= width
    compare_golden(f"comparison.{width}.txt", text)
