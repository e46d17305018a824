"""What is said of an index that gains nothing by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.advisor.advise import Advice
from dbtune.advisor.findings import missing_index_findings
from dbtune.model.advice import Finding
from tests.unit.advisor.workbench import advice_on, build, filled, shape

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, s TEXT)",
    filled("t", "a, s", "n % 300, printf('%.40c', 'x')", 4_000),
)


@pytest.fixture(scope="module")
def advice(tmp_path_factory: pytest.TempPathFactory) -> Advice:
    """Advice of one index."""
    base = build(tmp_path_factory.mktemp("guarding") / "base.db", *DDL)
    return advice_on(base, shape("SELECT s FROM t WHERE a = 7"))


def finding(advice: Advice, gain_ns: float) -> Finding:
    """Return what is said of the index as if it gained so much."""
    (index,) = advice.proof.indexes
    proof = replace(advice.proof, indexes=(replace(index, gain_ns=gain_ns),))
    (found,) = missing_index_findings(replace(advice, proof=proof))
    return found


@pytest.mark.parametrize("gain_ns", [0.0, -1.0])
def test_what_gains_nothing_is_said_to_keep_off_a_slower_plan(
    advice: Advice, gain_ns: float
) -> None:
    """Which library would take it is named, and no share that is saved."""
    found = finding(advice, gain_ns)
    assert found.change is not None and advice.library is not None
    for text in (found.message, found.change.reason):
        assert f"keeps SQLite {advice.library.version} from a slower plan" in text
        assert "saves 0" not in text and "%" not in text
    assert "t (a" in found.message and "saves nothing by itself" in found.message
    assert found.severity == "low"


def test_what_gains_is_said_to_save(advice: Advice) -> None:
    """As a share of the recording."""
    (index,) = advice.proof.indexes
    found = finding(advice, index.gain_ns)
    assert found.change is not None
    assert "of the recording" in found.message and "slower plan" not in found.message
    assert found.change.reason.startswith("saves 9")


def test_without_the_other_library_none_is_named(advice: Advice) -> None:
    """Where every query needs functions of the application."""
    found = finding(replace(advice, library=None), 0.0)
    assert "keeps SQLite from a slower plan" in found.message
