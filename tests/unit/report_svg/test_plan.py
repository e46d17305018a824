"""Plans: a list of steps within steps, each with the sign of its kind."""

from __future__ import annotations

import pytest

from dbtune.model.page import PlanStep, PlanTree, StepKind
from tests.unit.report_svg.drawn import draw, looks, read, text_of

SCAN = PlanStep("scan", "SCAN orders")
SEARCH = PlanStep("search", "SEARCH orders USING INDEX ix (user_id=?)")


def test_before_stands_beside_after() -> None:
    """Two lists with their headings, in this order."""
    root = read(PlanTree("t", "s", (SCAN,), (SEARCH,)))
    assert [each.text for each in root.iter("p")] == ["Before", "After"]
    assert [each.get("class") for each in root.iter("li")] == ["pc", "pf"]


def test_a_plan_that_did_not_change_is_drawn_once() -> None:
    """Without an after there is one list and no heading."""
    root = read(PlanTree("t", "s", (SEARCH,)))
    assert len(list(root.iter("ul"))) == 1
    assert not list(root.iter("p"))


def test_steps_lie_within_the_step_they_belong_to() -> None:
    """An arm of an OR holds its search."""
    arm = PlanStep("group", "INDEX 1", (SEARCH,))
    root = read(PlanTree("t", "s", (PlanStep("group", "MULTI-INDEX OR", (arm,)), SCAN)))
    (search,) = looks(root, "li", "pf")
    outer = [each for each in looks(root, "li", "pg") if search in each.iter()]
    assert len(outer) == 2


def test_steps_far_within_others_stay_on_the_screen() -> None:
    """A pile of 400 views is indented to a point, from where on it is read downwards."""
    step = SEARCH
    for rank in range(400):
        step = PlanStep("group", f"CO-ROUTINE view_{rank}", (step,))
    root = read(PlanTree("t", "s", (step,)))
    assert len(list(root.iter("ul"))) == 9
    texts = [(each.text or "").strip() for each in root.iter("li")]
    assert texts[:-1] == [f"CO-ROUTINE view_{rank}" for rank in reversed(range(400))]
    assert len(looks(root, "li", "pf")) == 1


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("scan", "SCAN orders", "SCAN orders"),
        ("scan", "reads all rows", "scan reads all rows"),
        ("sort", "USE TEMP B-TREE FOR ORDER BY", "sort USE TEMP B-TREE FOR ORDER BY"),
        ("search", "SEARCHING", "search SEARCHING"),
        ("scan", "SCAN", "SCAN"),
        ("group", "CO-ROUTINE x", "CO-ROUTINE x"),
    ],
)
def test_a_word_says_what_the_sign_says(kind: StepKind, text: str, shown: str) -> None:
    """What searches, scans or sorts says so once, also where the text of a step does not."""
    (step,) = read(PlanTree("t", "s", (PlanStep(kind, text),))).iter("li")
    assert "".join(step.itertext()) == shown


def test_a_long_step_is_cut_with_the_whole_in_its_tooltip() -> None:
    """Nothing is lost of a search by fifty columns."""
    whole = "SEARCH t USING INDEX ix (" + " AND ".join(f"column_{n}=?" for n in range(50)) + ")"
    (step,) = read(PlanTree("t", "s", (PlanStep("search", whole),))).iter("li")
    assert text_of(step).endswith("...")
    assert step.get("title") == whole


def test_a_usual_plan_is_small() -> None:
    """A page may have hundreds."""
    assert len(draw(PlanTree("t", "s", (SCAN, SEARCH, SCAN), (SEARCH, SEARCH, SEARCH)))) < 1000
