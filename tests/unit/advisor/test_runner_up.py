"""What could stand in a recommended index's place, and what else was tried, on given costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from dbtune.advisor.choosing.choice import Choice
from dbtune.advisor.choosing.objective import Limits, Load
from dbtune.advisor.choosing.selection import Selection
from dbtune.advisor.explaining.runner_up import runners_up
from dbtune.advisor.explaining.tried import tried_indexes
from dbtune.advisor.measuring.cost import VM_STEP_NS, Measurement
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.model.advice import IndexSpec
from dbtune.model.explanation import RivalKind, TriedOutcome

MS = 1e6
DATABASE = 100_000_000
FREE = Limits(DATABASE)
SPECS = {
    "chosen": IndexSpec("orders", ("user_id", "created_at")),
    "narrow": IndexSpec("orders", ("user_id",)),
    "wide": IndexSpec("orders", ("user_id", "created_at", "total")),
    "turned": IndexSpec("orders", ("created_at", "user_id")),
    "partial": IndexSpec("orders", ("user_id", "created_at"), where="total > 0"),
    "other": IndexSpec("orders", ("total",)),
}


@dataclass(frozen=True)
class Costs:
    """Shape 0 reads for so many ms under an index; shape 1 writes for one ms, and its upkeep."""

    reads: Mapping[str, float]
    upkeep: Mapping[str, float] = field(default_factory=dict)
    scan: float = 100.0

    def table_of(self, name: str) -> str:
        """Return the one table of all."""
        return "t"

    def used(self, number: int, names: frozenset[str]) -> frozenset[str]:
        """Return what the plan uses."""
        return self.cost(number, names).used

    def relevant(self, number: int) -> frozenset[str]:
        """All indexes are on the one table."""
        return frozenset(SPECS)

    def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
        """Return the cheapest read, or the write with the upkeep of what is visible."""
        if number == 1:
            ms, used = 1.0 + sum(self.upkeep.get(name, 0.0) for name in names), ""
        else:
            plans = [(self.reads[name], name) for name in names if name in self.reads]
            ms, used = min([*plans, (self.scan, "")])
        steps = ms * MS / VM_STEP_NS
        return ShapeCost(Measurement(steps, 0), frozenset({used} - {""}), ())


LOADS = (Load(10.0, 100 * MS, writes=False), Load(10.0, 1 * MS, writes=True))


def choice_of(
    costs: Costs,
    *others: str,
    sizes: Mapping[str, int] = {},
    loads: Sequence[Load] = LOADS,
    limits: Limits = FREE,
) -> Choice:
    """Return the choice of `chosen` from a pool with it and the others, all for shape 0."""
    pool = ("chosen", *others)
    size = {name: sizes.get(name, 4_000_000) for name in pool}
    helps = {name: frozenset({0}) for name in pool}
    names = frozenset({"chosen"})
    rate = Selection(costs, loads, size, helps, limits).rating(names)
    return Choice(names, {n: SPECS[n] for n in pool}, costs, loads, size, helps, rate)


def test_no_index_is_the_rival_where_there_is_no_other() -> None:
    """What it saves is told, and what its queries and the writes would cost."""
    costs = Costs({"chosen": 1.0}, {"chosen": 0.25})
    ((spec, rival),) = runners_up(choice_of(costs))
    assert spec == SPECS["chosen"]
    assert (rival.kind, rival.sql, rival.size_bytes) == ("no-index", None, 0)
    assert rival.reason == (
        "no index would save 4.0 MB, but its queries would cost 100.0 times as much, and writes "
        "20.0 % less"
    )


@pytest.mark.parametrize(
    ("rival", "existing", "kind"),
    [
        ("narrow", (), "narrower"),
        ("wide", (), "wider"),
        ("turned", (), "other-order"),
        ("partial", (), "condition"),
        ("other", (), "other"),
        ("wide", (SPECS["narrow"],), "existing-widened"),
    ],
)
def test_a_rival_is_told_by_how_it_differs(
    rival: str, existing: tuple[IndexSpec, ...], kind: RivalKind
) -> None:
    """With its own DDL and size."""
    choice = choice_of(Costs({"chosen": 1.0, rival: 2.0}), rival, sizes={rival: 3_000_000})
    ((_, found),) = runners_up(choice, existing)
    assert (found.kind, found.size_bytes) == (kind, 3_000_000)
    assert found.sql is not None and ", ".join(SPECS[rival].terms) in found.sql
    assert found.cost_ratio == pytest.approx((2.0 * 10 + 0) / (1.0 * 10))


@pytest.mark.parametrize(
    ("ms", "size", "upkeep", "reason"),
    [
        (2.4, 900_000, {}, "orders(user_id) would be 3.1 MB smaller; its queries would cost 2.4 "
         "times as much"),
        (1.0, 5_000_000, {}, "orders(user_id) would be 1.0 MB larger; its queries would cost the "
         "same"),
        (0.996, 9_000_000, {}, "orders(user_id) would be 5.0 MB larger; its queries would cost the "
         "same"),
        (0.9, 9_000_000, {}, "orders(user_id) would be 5.0 MB larger; its queries would cost "
         "10.0 % less, at most 100.0 µs a call"),
        (1.1, 4_010_000, {"narrow": 0.5}, "orders(user_id) would be as large; its queries would "
         "cost 10.0 % more, and writes 50.0 % more"),
    ],
)  # fmt: skip
def test_why_a_rival_lost_is_told_by_size_and_cost(
    ms: float, size: int, upkeep: Mapping[str, float], reason: str
) -> None:
    """Each only as measured: the reader decides whether that is too little."""
    costs = Costs({"chosen": 1.0, "narrow": ms}, upkeep)
    ((_, found),) = runners_up(choice_of(costs, "narrow", sizes={"narrow": size}))
    assert found.reason == reason


def test_the_best_of_several_rivals_is_told() -> None:
    """Best by what the search minimises, so not simply the fastest."""
    costs = Costs({"chosen": 1.0, "narrow": 30.0, "wide": 0.999})
    huge = {"wide": 900_000_000}
    ((_, found),) = runners_up(choice_of(costs, "narrow", "wide", sizes=huge))
    assert found.kind == "wider"
    costs = replace(costs, reads={"chosen": 1.0, "narrow": 1.1, "wide": 0.999})
    ((_, found),) = runners_up(choice_of(costs, "narrow", "wide", sizes=huge))
    assert found.kind == "narrower"


def test_what_the_proof_took_out_is_no_rival() -> None:
    """It was built, and made something worse."""
    choice = choice_of(Costs({"chosen": 1.0, "narrow": 0.5}), "narrow")
    ((_, found),) = runners_up(choice, banned=frozenset({SPECS["narrow"]}))
    assert found.kind == "no-index"


def test_no_rivals_are_looked_for_once_time_is_up() -> None:
    """The advice does not wait for its explanation."""
    assert runners_up(choice_of(Costs({"chosen": 1.0})), stop=lambda: True) == ()
    assert tried_indexes(choice_of(Costs({})), FREE, stop=lambda: True) == ((), ())


@pytest.mark.parametrize(
    ("reads", "upkeep", "sizes", "limits", "outcome"),
    [
        ({"wide": 1.0}, {}, {}, {}, "no-gain"),
        ({"wide": 2.0}, {}, {}, {}, "no-gain"),
        ({"wide": 0.9}, {}, {}, {}, "gain-under-minimum"),
        ({"wide": 0.9}, {}, {}, {"min_gain_ratio": 0.05}, "not-chosen"),
        ({"wide": 0.5}, {}, {}, {"budget_bytes": 7_000_000}, "over-budget"),
        ({"wide": 0.5}, {"wide": 2.5}, {}, {"max_write_slowdown_ratio": 3.0}, "slows-a-write"),
        ({"wide": 0.5}, {"wide": 0.6}, {}, {}, "costs-writes"),
        ({"wide": 0.5}, {}, {"wide": 900_000_000}, {}, "too-large"),
    ],
)
def test_why_an_index_is_not_recommended_beside_the_chosen_one(
    reads: Mapping[str, float],
    upkeep: Mapping[str, float],
    sizes: Mapping[str, int],
    limits: Mapping[str, float],
    outcome: TriedOutcome,
) -> None:
    """The first limit that it breaks; what none forbids, the search did not come to."""
    allowed = Limits(DATABASE, **limits)  # type: ignore[arg-type]
    costs = Costs({"chosen": 1.0, **reads}, upkeep)
    choice = choice_of(costs, "wide", sizes=sizes, limits=allowed)
    (tried, _) = tried_indexes(choice, allowed)
    assert [t.outcome for t in tried] == ["recommended", outcome]
    assert tried[0].gain_ratio == pytest.approx(0.99)
    assert tried[1].gain_ratio == pytest.approx(max(0.0, 1 - reads["wide"]))


def test_what_the_proof_took_out_is_told_so() -> None:
    """With what it would have gained."""
    choice = choice_of(Costs({"chosen": 1.0, "wide": 0.5}), "wide")
    (tried, _) = tried_indexes(choice, FREE, frozenset({SPECS["wide"]}))
    assert [(t.outcome, round(t.gain_ratio, 3)) for t in tried][1] == ("failed-proof", 0.5)
