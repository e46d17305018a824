"""When units are due, and that those nobody took are not forgotten."""

from __future__ import annotations

import random
from time import monotonic_ns

from dbtune.benchmark.schedule import Schedule, Window
from dbtune.model.load import LoadRate, LoadUnit

SECOND = 1_000_000_000
UNITS = (LoadUnit(1.0, ()), LoadUnit(0.0, ()))


def schedule(rate: LoadRate, length_ns: int = 60 * SECOND, think_ns: int = 0) -> Schedule:
    """A schedule whose window begins now."""
    now = monotonic_ns()
    window = Window(now, now + length_ns)
    return Schedule(rate, UNITS, window, think_ns=think_ns, chance=random.Random(1))


def test_each_client_is_due_once_until_it_is_answered() -> None:
    """Five clients, of whom two are served: three wait."""
    found = schedule(LoadRate(clients=5))
    taken = [found.take() for _ in range(2)]
    assert all(due is not None and due.unit == 0 for due in taken)
    assert len(list(found.waiting())) == 3
    found.answered(monotonic_ns())
    assert len(list(found.waiting())) == 4


def test_a_client_that_thinks_beyond_the_end_does_not_wait() -> None:
    """It has its answer."""
    found = schedule(LoadRate(clients=1), think_ns=3600 * SECOND)
    assert found.take() is not None
    found.answered(monotonic_ns())
    assert list(found.waiting()) == []


def test_arrivals_nobody_took_are_all_told() -> None:
    """100 a second for a minute, and no connection that is free: some 6,000 wait."""
    found = schedule(LoadRate(per_second=100))
    waiting = list(found.waiting())
    assert 5_500 < len(waiting) < 6_500
    assert waiting == sorted(waiting)


def test_arrivals_come_whether_or_not_answers_do() -> None:
    """The second is due although the first was not answered, and an answer brings no other one."""
    found = schedule(LoadRate(per_second=0.001))
    assert list(found.waiting()) == []
    found.answered(monotonic_ns())
    assert list(found.waiting()) == []
    found = schedule(LoadRate(per_second=1000))
    first, second = found.take(), found.take()
    assert first is not None
    assert second is not None
    assert first.at_ns < second.at_ns


def test_nothing_is_handed_out_after_the_end() -> None:
    """Threads that ask get None."""
    assert schedule(LoadRate(clients=3), length_ns=0).take() is None


def test_units_are_drawn_by_their_weight() -> None:
    """One of no weight never comes."""
    found = schedule(LoadRate(clients=50))
    assert {due.unit for due in (found.take() for _ in range(50)) if due} == {0}
