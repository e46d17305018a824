"""What the search expects of a choice is what the choice then measures, built anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.advise import Advice
from dbtune.advisor.findings import workload_cost_ns
from tests.unit.advisor.test_stability import DDL, recording
from tests.unit.advisor.workbench import advice_on, build, limits


def assert_as_predicted(advice: Advice) -> None:
    """Assert that cost and size are those predicted, to some percent."""
    assert advice.predicted is not None
    size_bytes = sum(index.size_bytes for index in advice.proof.indexes)
    cost_ns = workload_cost_ns(advice, advice.proof.after)
    assert advice.predicted.cost_ns == pytest.approx(cost_ns, rel=0.03)
    assert advice.predicted.size_bytes == pytest.approx(size_bytes, rel=0.05)


@pytest.mark.parametrize(
    "analyzed", [(), ("ANALYZE",), ("ANALYZE users", "ANALYZE orders")], ids=["never", "all", "two"]
)
def test_the_proof_of_a_choice_is_what_was_predicted(
    tmp_path: Path, analyzed: tuple[str, ...]
) -> None:
    """Whichever tables have statistics already: the revision analyses what it touches."""
    advice = advice_on(build(tmp_path / "base.db", *DDL, *analyzed), *recording())
    assert len(advice.proof.indexes) >= 8
    assert_as_predicted(advice)


def test_within_a_budget_the_prediction_holds_too(tmp_path: Path) -> None:
    """Fewer indexes serve more queries each."""
    base = build(tmp_path / "base.db", *DDL)
    advice = advice_on(base, *recording(), allowed=limits(budget_bytes=250_000))
    assert 0 < sum(index.size_bytes for index in advice.proof.indexes) <= 250_000
    assert_as_predicted(advice)


def test_without_advice_the_recording_is_predicted_to_cost_what_it_does(tmp_path: Path) -> None:
    """And to take no space."""
    base = build(tmp_path / "base.db", *DDL)
    writes = [replace(s, count=1.0) for s in recording() if s.kind == "write"][:2]
    advice = advice_on(base, *writes)
    assert advice.proof.indexes == ()
    assert_as_predicted(advice)
