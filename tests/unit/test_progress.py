"""Progress where there is no terminal: few lines, and how long still."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dbtune.advisor.time_limit import TimeLimit
from dbtune.cli.progress import ProgressLines
from dbtune.cli.progress_words import how_far, seconds_text
from dbtune.model.event import Event


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at 100 s."""
    return Clock()


@pytest.fixture
def written() -> list[str]:
    """The lines that were written."""
    return []


@pytest.fixture
def on_event(clock: Clock, written: list[str]) -> ProgressLines:
    """What the core reports to."""
    return ProgressLines(written.append, clock)


def test_a_stage_is_one_line_however_many_events_it_has(
    on_event: Callable[[Event], None], written: list[str]
) -> None:
    """It begins with a capital."""
    for done in range(1000):
        on_event(Event("profile", done, 1000))
    on_event(Event("plan"))
    assert written == ["Profile ...", "Plan ..."]


def test_a_long_stage_tells_every_five_seconds_how_long_still(
    on_event: Callable[[Event], None], written: list[str], clock: Clock
) -> None:
    """By what it did so far."""
    for second in range(13):
        clock.now = 100.0 + second
        on_event(Event("Copying the database", second * 5, 100))
    assert written == [
        "Copying the database ...",
        "Copying the database ... 25 %, about 15 s left",
        "Copying the database ... 50 %, about 10 s left",
    ]


def test_tables_are_told_together(
    on_event: ProgressLines, written: list[str], clock: Clock
) -> None:
    """A line every five seconds and one at the end, not one a table."""
    for number in range(100):
        clock.now += 0.07
        on_event(Event("load", 50, 50, subject=f"t{number}"))
    on_event(Event("verify"))
    assert written == [
        "Load ...",
        "Load ... 73 tables, 3,650 rows in 5 s",
        "Load ... 100 tables, 5,000 rows in 7 s",
        "Verify ...",
    ]
    on_event.end_stage()
    assert len(written) == 4


@pytest.mark.parametrize(
    ("done", "total", "elapsed", "told"),
    [
        (None, None, 3.0, ""),
        (5, None, 3.0, ""),
        (0, 100, 3.0, "0 %"),
        (50, 100, 3.0, "50 %, about 3 s left"),
        (100, 100, 3.0, "100 %"),
        (120, 100, 3.0, "100 %"),
        (99, 100, 3.0, "99 %"),
        (1, 1000, 10.0, "0 %, about 2 h 46 min left"),
    ],
)
def test_how_far_it_is(done: float | None, total: float | None, elapsed: float, told: str) -> None:
    """Less than half a second is no time to tell of."""
    assert how_far(Event("x", done, total), elapsed) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (9999, "2 h 46 min")],
)
def test_times_are_told_as_one_waits(seconds: float, told: str) -> None:
    """In seconds, minutes and hours."""
    assert seconds_text(seconds) == told


def test_a_stage_under_a_limit_of_time_says_how_long_it_lasts_at_most(
    on_event: ProgressLines, written: list[str]
) -> None:
    """Nobody knows how long a search takes, only when it is ended."""
    on_event(Event("Choosing indexes", most_seconds=63.2))
    on_event(Event("Proving on a fresh copy", most_seconds=0.0))
    assert written == ["Choosing indexes ... at most 1 min 3 s left", "Proving on a fresh copy ..."]
    assert how_far(Event("x", most_seconds=63.2), 13.0) == "at most 50 s left"
    assert how_far(Event("x", 50, 100, most_seconds=63.2), 3.0) == "50 %, about 3 s left"


def test_the_limit_of_the_advice_counts_from_its_begin(clock: Clock) -> None:
    """Each event gets what is left of it, and nothing once it is over."""
    told: list[Event] = []
    tell = TimeLimit(90.0, clock).begin().telling(told.append)
    for seconds in (0.0, 30.0, 70.0):
        clock.now += seconds
        tell(Event("x"))
    assert [event.most_seconds for event in told] == [90.0, 60.0, 0.0]
