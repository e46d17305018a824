"""Candidates tried on a sample, so that few are built whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from dbtune.advisor.choosing.objective import Limits
from dbtune.advisor.choosing.pool_search import SearchLimits, Wanted
from dbtune.advisor.choosing.preselection import Links, Preselected, preselect
from dbtune.advisor.statements.select_access import Link
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event
from dbtune.model.workload import QueryShape
from tests.unit.advisor.test_selection_limits import stopped
from tests.unit.advisor.workbench import baseline_of, build, filled, read, shape

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
    "CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INTEGER, c INTEGER)",
    filled("t", "a, b, s", "n % 300, n % 700, printf('%.40c', 'x')", 4_000),
    filled("u", "t_id, c", "n * 37 % 4000, n % 500", 4_000),
)
BY_A = shape("SELECT s FROM t WHERE a = 7")
BY_C = shape("SELECT t.s FROM u JOIN t ON t.id = u.t_id WHERE u.c = 7")
# Together beyond what is built whole without a look.
LARGE = 60 << 20


def wanted(
    *terms: str, table: str = "t", size: int = LARGE, helps: QueryShape = BY_A, first: bool = False
) -> Wanted:
    """Return an index to be looked at."""
    return Wanted(IndexSpec(table, terms), size, frozenset({helps.id}), first)


GOOD = (wanted("a", first=True), wanted("c", table="u", helps=BY_C))
RIVAL = wanted("a", "b")
USELESS = (wanted("b"), wanted("s"), wanted("t_id", table="u", helps=BY_C))


def specs(indexes: Iterable[Wanted]) -> frozenset[IndexSpec]:
    """Return what indexes are on."""
    return frozenset(index.spec for index in indexes)


def tried(
    base: Path,
    indexes: Sequence[Wanted],
    *shapes: QueryShape,
    links: Links | None = None,
    room_bytes: int = 1 << 40,
    stop: Stop = never,
) -> tuple[Preselected, list[str]]:
    """Try candidates, and return what is said meanwhile as well."""
    events: list[str] = []

    def note(event: Event) -> None:
        events.append(event.stage)

    limits = SearchLimits(Limits(base.stat().st_size), room_bytes, (), stop)
    baseline = baseline_of(base, *(shapes or (BY_A, BY_C)))
    return preselect(base, read(base), links or {}, indexes, baseline, limits, note), events


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Two tables without indexes."""
    return build(tmp_path / "base.db", *DDL)


def test_small_candidates_are_all_built_without_a_look(base: Path) -> None:
    """A sample would take as long."""
    indexes = [wanted("a", size=1 << 20), wanted("b", size=1 << 20)]
    found, events = tried(base, indexes)
    assert found == Preselected(tuple(indexes)) and events == []


def test_the_best_go_on_first_and_then_what_comes_near(base: Path) -> None:
    """Each in the order of need; not what no plan takes on the sample."""
    found, events = tried(base, [USELESS[0], RIVAL, *GOOD, *USELESS[1:]])
    assert found.best == specs(GOOD)
    assert [i.spec for i in found.wanted] == [*(i.spec for i in GOOD), RIVAL.spec]
    assert [i.is_best for i in found.wanted] == [True, True, False] and not found.cut_short
    assert "Trying candidates on a sample" in events


def test_the_planners_first_choices_go_on_though_the_sample_does_not_take_them(
    base: Path,
) -> None:
    """Statistics of all rows may; as many as the best set has indexes, the dearest first."""
    firsts = [wanted("s", first=True), wanted("b", first=True), wanted("id", "s", first=True)]
    found, _ = tried(base, [*firsts, GOOD[1], wanted("a")])
    assert found.best == specs(GOOD)
    assert specs(found.wanted) == specs([*firsts[:2], *GOOD])


def test_nothing_is_left_of_the_sample_and_the_copy_is_as_it_was(base: Path) -> None:
    """It lies beside the copy, and is closed and gone."""
    before = base.read_bytes()
    tried(base, [*GOOD, *USELESS])
    assert [path.name for path in base.parent.iterdir()] == [base.name]
    assert base.read_bytes() == before


def test_without_room_nothing_was_looked_at_and_that_is_said(base: Path) -> None:
    """No index fits, so that none is known to be good."""
    found, _ = tried(base, [*GOOD, *USELESS], room_bytes=1)
    assert found.cut_short and not found.best


def test_without_time_nothing_is_ruled_out(base: Path) -> None:
    """The first of all are built then, without a word on which were best."""
    indexes = (*GOOD, *USELESS, RIVAL)
    found, events = tried(base, indexes, stop=stopped)
    assert found.wanted == indexes and found.best is None and events == []


def test_where_time_is_up_before_the_sample_is_measured_nothing_is_ruled_out(base: Path) -> None:
    """What no shape was measured with is not known to be useless."""
    looks = iter([False])
    indexes = (*GOOD, *USELESS)
    found, _ = tried(base, indexes, stop=lambda: next(looks, True))
    assert found == Preselected(indexes, None, cut_short=True)


def test_the_best_of_half_the_rows_are_those_of_all(tmp_path: Path) -> None:
    """A larger copy is sampled, with rows that the recording joins."""
    ddl = (
        *DDL[:2],
        filled("t", "a, b, s", "n % 900, n % 700, printf('%.1500c', 'x')", 12_000),
        filled("u", "t_id, c", "n * 37 % 12000, n % 500", 12_000),
    )
    base = build(tmp_path / "large.db", *ddl)
    assert base.stat().st_size > 16 << 20
    links = {"u": (Link("t_id", "t", "id"),), "t": (Link("id", "u", "t_id"),)}
    found, _ = tried(base, [*GOOD, RIVAL, *USELESS], links=links)
    assert found.best == specs(GOOD)
    assert specs(found.wanted) >= specs(GOOD) and USELESS[1].spec not in specs(found.wanted)
