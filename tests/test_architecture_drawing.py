"""The drawing of the architecture: as its script writes it, and as the layers are."""

from __future__ import annotations

import runpy
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.test_layers import ALLOWED, TOP

SCRIPT = Path(__file__).resolve().parent.parent / "docs" / "draw_architecture.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_the_drawing_is_up_to_date(script: dict[str, Any]) -> None:
    """Run python docs/draw_architecture.py where it is not."""
    drawn = script["TARGET"].read_text(encoding="utf-8")
    assert drawn == script["render"]()
    assert ElementTree.fromstring(drawn).tag.endswith("}svg")
    assert len(drawn) < 30_000


def test_each_part_lies_above_all_that_it_may_import(script: dict[str, Any]) -> None:
    """And each part of the layers is drawn once."""
    parts = {TOP if part.name == "dbtune" else part.name: part for part in script["PARTS"]}
    assert parts.keys() == ALLOWED.keys()
    for name, part in parts.items():
        # That the entry point starts the command line is no layer.
        lower = ALLOWED[name] - {"cli"} if name == TOP else ALLOWED[name]
        assert [other for other in lower if parts[other].row < part.below] == [], name


def test_no_two_boxes_lie_over_each_other(script: dict[str, Any]) -> None:
    """Names would hide each other."""
    for one, other in combinations(script["PARTS"], 2):
        beside = one.left + one.width <= other.left or other.left + other.width <= one.left
        assert beside or one.below <= other.row or other.below <= one.row, (one, other)
