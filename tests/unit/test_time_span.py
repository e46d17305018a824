"""The time that a recording spans, whatever form its timestamps have."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dbtune.workload.sources import read_workload
from dbtune.workload.time_span import TimeSpan
from dbtune.workload.timestamps import FIRST_NANOSECONDS, LAST_NANOSECONDS, normalise_timestamp

NOON = 1_780_272_000_000_000_000


def test_nanoseconds_span_what_their_texts_span() -> None:
    """In any order, and read in between."""
    chance = random.Random(7)
    times = [NOON + chance.randrange(-(10**15), 10**15) for _ in range(200)]
    span, expected = TimeSpan(), TimeSpan()
    for number, time in enumerate(times):
        span.note_nanoseconds(time)
        expected.note(str(normalise_timestamp(time)))
        if number % 17 == 0:
            assert (span.earliest, span.latest) == (expected.earliest, expected.latest)
    assert (span.earliest, span.latest) == (expected.earliest, expected.latest)


@pytest.mark.parametrize("time", [FIRST_NANOSECONDS, LAST_NANOSECONDS])
def test_the_bounds_of_nanoseconds_are_times(time: int) -> None:
    """What lies between them need not be looked at."""
    assert normalise_timestamp(time) is not None


def test_a_recording_may_mix_forms_of_time(tmp_path: Path) -> None:
    """dbtune writes nanoseconds, and others what they like."""
    path = tmp_path / "queries.jsonl"
    times = (NOON + 5, '"2026-05-31T23:59:59.5Z"', NOON, NOON + 2 * 10**9, "1780272001")
    path.write_text("".join(f'{{"db.query.text": "SELECT 1", "ts": {time}}}\n' for time in times))
    workload = read_workload([path])
    assert (workload.started_at, workload.ended_at) == (
        "2026-05-31T23:59:59.500000Z",
        "2026-06-01T00:00:02.000000Z",
    )


@pytest.mark.parametrize("time", ["99999999999999999999999", "-1", '"noon"', "true"])
def test_what_is_no_time_leaves_its_line_out(time: str, tmp_path: Path) -> None:
    """Also a number that no calendar reaches."""
    path = tmp_path / "queries.jsonl"
    path.write_text(f'{{"db.query.text": "SELECT 1", "ts": {time}}}\n')
    assert read_workload([path]).broken_count == 1
