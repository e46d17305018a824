"""Proving a choice: what is left out, what stays, and when it is made anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from dbtune.advisor.choosing.search import Choosing, Known
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.oracle import Runs
from dbtune.advisor.proving.faults import HARMFUL
from dbtune.advisor.proving.library_check import KnownSteps
from dbtune.advisor.proving.proof import SlowerRead
from dbtune.advisor.repair import Proven, Prover, plan_indexes, prove_and_repair
from dbtune.advisor.time_limit import TimeLimit
from dbtune.model.advice import IndexSpec
from dbtune.model.event import ignore_event
from tests.unit.advisor.workbench import TIME, baseline_of, build, filled, read, shape

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
    filled("t", "a, b, s", "n % 300, n % 700, printf('%.40c', 'x')", 4_000),
)
BY_A, BY_B, USELESS = (IndexSpec("t", (column,)) for column in ("a", "b", "s"))
MUCH, NOTHING = 1e15, 0.0


class WatchedProver(Prover):
    """A prover that also finds the harm it is told of: `harm` of what was not chosen and was."""

    def watch(self, harm: Callable[[Sequence[IndexSpec]], float]) -> WatchedProver:
        """Set the harm that is found in a choice, blamed on its last index."""
        self.harm = harm
        self.proven: list[tuple[IndexSpec, ...]] = []
        return self

    def prove(self, specs: Sequence[IndexSpec]) -> Proven:
        """Return the proof with the harm."""
        self.proven.append(tuple(specs))
        found = super().prove(specs)
        harm = self.harm(specs)
        if not harm or not specs:
            return replace(found, harm_ns=found.harm_ns + harm)
        last = frozenset({found.proof.indexes[-1].name})
        slower = (*found.proof.slower, SlowerRead("somewhere", harm, last))
        return replace(
            found, proof=replace(found.proof, slower=slower), harm_ns=found.harm_ns + harm
        )


@dataclass
class Chooser:
    """Chooses the same indexes each time, without those banned; `asked` are the bans."""

    specs: tuple[IndexSpec, ...]
    burden_ns: float
    left_out: tuple[IndexSpec, ...] = ()
    asked: list[frozenset[IndexSpec]] = field(default_factory=list)

    def __call__(self, banned: frozenset[IndexSpec]) -> Choosing:
        """Return what is left."""
        self.asked.append(banned)
        rest = tuple(spec for spec in self.specs if spec not in banned)
        return Choosing(rest, self.burden_ns, self.left_out)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A table without indexes."""
    return build(tmp_path / "base.db", *DDL)


def measured(base: Path) -> Baseline:
    """Return two queries as they are."""
    return baseline_of(
        base, shape("SELECT s FROM t WHERE a = 7"), shape("SELECT s FROM t WHERE b = 7")
    )


def prover_of(
    base: Path,
    harm: Callable[[Sequence[IndexSpec]], float] = lambda specs: 0.0,
    time: TimeLimit = TIME,
) -> WatchedProver:
    """Return a prover with a baseline of two queries."""
    known = Known(Runs(), KnownSteps())
    prover = WatchedProver(base, read(base), measured(base), known, time, ignore_event)
    return prover.watch(harm)


def kept(proven: Proven) -> list[IndexSpec | None]:
    """Return the indexes of a choice."""
    return [index.planned.spec for index in proven.proof.indexes]


def reasons(proven: Proven) -> dict[str, str]:
    """Return why indexes were left out, by what they are on."""
    return {sql.partition(" ON ")[2]: reason for sql, reason in proven.left_out}


def test_a_choice_that_leaves_the_recording_dearer_is_none(base: Path) -> None:
    """As where statistics that come with an index lead the planner elsewhere."""
    prover = prover_of(base)
    proven = prover.prove((BY_A,))
    dearer = replace(proven.proof, after=tuple(reversed(prover.prove(()).proof.after)))
    assert prover.is_cheaper(proven)
    assert not prover.is_cheaper(replace(proven, proof=dearer))
    assert prover.is_cheaper(prover.prove(()))


def test_a_good_choice_is_proven_once(base: Path) -> None:
    """Nothing is repaired, and what it serves is timed."""
    prover, choose = prover_of(base), Chooser((BY_A, BY_B), MUCH)
    proven = prove_and_repair(prover, choose)
    assert kept(proven) == [BY_A, BY_B] and proven.left_out == ()
    assert len(prover.proven) == len(choose.asked) == 1
    assert len(proven.timed) == 2 and prover.copy_of(proven.proof) is not None


def test_a_proof_as_expected_is_not_repaired(base: Path) -> None:
    """Whatever harm it does was weighed when it was chosen."""
    prover = prover_of(base, lambda specs: 1e9 if BY_B in specs else 0.0)
    choose = Chooser((BY_A, BY_B), MUCH)
    assert kept(prove_and_repair(prover, choose)) == [BY_A, BY_B]
    assert choose.asked == [frozenset()] and len(prover.proven) == 1


def test_a_proof_worse_than_expected_is_made_anew_without_what_does_harm(base: Path) -> None:
    """With the reason for what went."""
    prover = prover_of(base, lambda specs: 1e9 if BY_B in specs else 0.0)
    choose = Chooser((BY_A, BY_B), NOTHING)
    proven = prove_and_repair(prover, choose)
    assert kept(proven) == [BY_A] and reasons(proven) == {"t (b)": HARMFUL}
    assert choose.asked == [frozenset(), frozenset({BY_B})]


def test_a_repair_that_makes_it_worse_is_not_taken(base: Path) -> None:
    """Of all that were proven, the cheapest is advised."""
    prover = prover_of(base, lambda specs: 1.0 if BY_B in specs else 1e9)
    proven = prove_and_repair(prover, Chooser((BY_A, BY_B), NOTHING))
    assert kept(proven) == [BY_A, BY_B] and proven.left_out == ()


def test_what_gains_nothing_is_left_out_though_the_proof_is_as_expected(base: Path) -> None:
    """Nobody should build it."""
    prover, choose = prover_of(base), Chooser((BY_A, USELESS, BY_B), MUCH)
    proven = prove_and_repair(prover, choose)
    assert kept(proven) == [BY_A, BY_B]
    assert reasons(proven) == {"t (s)": "it gains nothing once rebuilt"}
    assert prover.proven == [(BY_A, USELESS, BY_B), (BY_A, BY_B)]
    assert prover.copy_of(proven.proof) is not None


def test_an_index_that_keeps_the_other_library_from_a_slower_plan_stays(base: Path) -> None:
    """By itself it gains nothing; without it a read gets slow there."""
    prover = prover_of(base, lambda specs: 0.0 if USELESS in specs else 1e9)
    proven = prove_and_repair(prover, Chooser((BY_A, USELESS), MUCH))
    assert kept(proven) == [BY_A, USELESS] and proven.left_out == ()
    (guard,) = (index for index in proven.proof.indexes if index.planned.spec == USELESS)
    assert guard.gain_ns <= 0 and proven.harm_ns == 0


def test_without_time_to_prove_again_only_what_no_plan_uses_goes(base: Path) -> None:
    """That changes no plan."""
    ticks = iter(range(10**6))
    hurried = TimeLimit(1.0, lambda: float(next(ticks))).begin()
    prover = prover_of(base, time=hurried)
    proven = prove_and_repair(prover, Chooser((BY_A, USELESS), NOTHING))
    assert kept(proven) == [BY_A] and reasons(proven) == {"t (s)": "no plan uses it"}
    assert len(prover.proven) == 1


def test_what_mending_took_out_is_told_unless_it_came_back(base: Path) -> None:
    """Its reason is the harm that it did in the pool."""
    proven = prove_and_repair(prover_of(base), Chooser((BY_A,), MUCH, (BY_A, BY_B)))
    assert reasons(proven) == {"t (b)": HARMFUL}


def test_indexes_have_names_that_nothing_else_has(tmp_path: Path) -> None:
    """No table, no index, and not each other."""
    path = build(
        tmp_path / "named.db",
        *DDL,
        "CREATE TABLE ix_t_a (x)",
        "CREATE INDEX ix_t_b ON t (b)",
    )
    planned = plan_indexes([BY_A, BY_B, BY_B], read(path))
    names = [index.name for index in planned]
    assert len({*names, "ix_t_a", "ix_t_b"}) == 5
    assert [index.spec for index in planned] == [BY_A, BY_B, BY_B]
