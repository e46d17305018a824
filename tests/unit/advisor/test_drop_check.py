"""Whether indexes can really go, all together: never one that something still needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.advisor.alternatives.drop_check import harmful_drops
from dbtune.advisor.proving.proof import PlannedIndex, prove
from dbtune.model.workload import QueryShape
from tests.unit.advisor.workbench import baseline_of, build, filled, shape

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
    "CREATE INDEX first ON t (a)",
    "CREATE INDEX second ON t (a)",
    "CREATE INDEX prefix ON t (b)",
    "CREATE INDEX longer ON t (b, a)",
    "CREATE INDEX idle ON t (s)",
    filled("t", "a, b, s", "n % 300, n % 500, 'x' || n", 4_000),
)
READ_A = shape("SELECT s FROM t WHERE a = 5")
READ_B = shape("SELECT s FROM t WHERE b = 5")


def harmful(
    folder: Path, names: list[str], *shapes: QueryShape, planned: tuple[PlannedIndex, ...] = ()
) -> frozenset[str]:
    """Return which of the drops would harm the shapes, with the planned indexes in place."""
    base = build(folder / "base.db", *DDL)
    baseline = baseline_of(base, *shapes)
    proof = prove(build(folder / "proof.db", *DDL), baseline, planned, ())
    before = base.read_bytes()
    found = harmful_drops(base, baseline, proof.after, planned, names)
    assert base.read_bytes() == before
    assert not (folder / "drops.db").exists()
    return found


DROPS = {
    "one of two duplicates": (["first"], frozenset()),
    "the other one": (["second"], frozenset()),
    "both of them": (["first", "second"], frozenset({"first", "second"})),
    "a prefix": (["prefix"], frozenset()),
    "what it is a prefix of": (["longer"], frozenset()),
    "the prefix and the longer": (["prefix", "longer"], frozenset({"prefix", "longer"})),
    "what nothing uses": (["idle"], frozenset()),
    "all that can go together": (["first", "prefix", "idle"], frozenset()),
    "none": ([], frozenset()),
    "one that is not there": (["nothing"], frozenset()),
}


@pytest.mark.parametrize(("names", "expected"), DROPS.values(), ids=DROPS)
def test_what_is_needed_is_harmful_to_drop(
    tmp_path: Path, names: list[str], expected: frozenset[str]
) -> None:
    """Duplicates and prefixes can go one at a time, and never with what stands in for them."""
    found = harmful(tmp_path, names, READ_A, READ_B)
    assert found <= set(names)
    assert bool(found) == bool(expected)
    assert found <= expected


def test_a_write_needs_its_index_too(tmp_path: Path) -> None:
    """An UPDATE that has to scan for its row is slower, however much upkeep it saves."""
    update = shape("UPDATE t SET s = 'y' WHERE a = 5 AND id % 2 = 0")
    assert harmful(tmp_path, ["first", "second"], update)
    insert = shape("INSERT INTO t (a) VALUES (5)", count=1_000)
    (tmp_path / "insert").mkdir()
    assert harmful(tmp_path / "insert", ["first", "second"], insert) == frozenset()


def test_a_statement_that_names_an_index_needs_it(tmp_path: Path) -> None:
    """INDEXED BY fails without it, also in a write."""
    for number, sql in enumerate(
        (
            "SELECT s FROM t INDEXED BY idle WHERE s = 'x5'",
            "DELETE FROM t INDEXED BY idle WHERE s = 'x'",
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert harmful(folder, ["idle", "first"], shape(sql)) >= {"idle"}


def test_a_new_index_may_take_an_old_one_s_place(tmp_path: Path) -> None:
    """The longer new one serves what the old ones did."""
    planned = PlannedIndex("new", "t", "CREATE INDEX new ON t (a, s)")
    assert harmful(tmp_path, ["first", "second"], READ_A, planned=(planned,)) == frozenset()
