"""examples/before_and_after.py, with which `make demo` ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dbtune.report.documents.to_json import to_json
from tests.reports import APPLIED, FULL

EXAMPLE = Path(__file__).parents[2] / "examples" / "before_and_after.py"


def printed(path: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, EXAMPLE, path],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    return done.stdout.splitlines()


def test_the_costliest_query_comes_first_with_cost_time_and_plans(tmp_path: Path) -> None:
    """What is printed of a query: its calls, both costs, both times and both plans."""
    path = tmp_path / "report.json"
    path.write_text(to_json(FULL), encoding="utf-8")
    lines = printed(path)
    start = lines.index("") + 1
    assert lines[start : start + 5] == [
        "0a1b2c3d4e5f  SELECT ... FROM bookings "
        "WHERE user_id = ? ORDER BY created_at DESC LIMIT 20",
        "  12,345 calls, each: cost 12 ms -> 41 µs, measured 11 ms -> 38 µs",
        "  - SCAN bookings",
        "  - USE TEMP B-TREE FOR ORDER BY",
        "  + SEARCH bookings USING INDEX ix_bookings_user_id_created_at (user_id=?)",
    ]


def test_the_sum_of_cost_and_time_comes_before_the_queries(tmp_path: Path) -> None:
    """The first line is what the whole recording costs, before and after."""
    path = tmp_path / "report.json"
    path.write_text(to_json(APPLIED), encoding="utf-8")
    assert printed(path)[0].startswith("Cost of the recording: ")


def test_a_query_text_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    """An escape sequence in a statement is shown, not sent."""
    path = tmp_path / "report.json"
    path.write_text(to_json(FULL), encoding="utf-8")
    assert "\x1b" not in "\n".join(printed(path))
