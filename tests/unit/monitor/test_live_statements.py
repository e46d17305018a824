"""A recording is followed while it is written, rotated and spoilt."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest

from dbtune.monitor.follow import TAIL_BYTES, Follower
from dbtune.monitor.live_statements import LiveStatements

NOW = 1_800_000_000.0


def line(at: float | None = NOW, **more: object) -> str:
    """A statement's line at a time."""
    fields: dict[str, object] = {"db.query.text": "SELECT 1", **more}
    if at is not None:
        fields["ts"] = datetime.fromtimestamp(at, timezone.utc).isoformat()
    return json.dumps(fields) + "\n"


def append(path: Path, *lines: str) -> None:
    """Append to a file."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the recording comes to be."""
    return tmp_path / "app.jsonl"


@pytest.fixture
def live(path: Path, tmp_path: Path) -> Iterator[LiveStatements]:
    """The recording followed for a database, from before it exists."""
    with closing(LiveStatements(path, tmp_path / "a.db")) as statements:
        assert statements.read(NOW).per_second is None
        yield statements


@pytest.fixture
def follower(path: Path) -> Iterator[Follower]:
    """A file that is not there yet, followed."""
    with closing(Follower(path)) as following:
        assert following.read() == b""
        yield following


def test_quantiles_and_rates_are_of_the_last_minute(path: Path, live: LiveStatements) -> None:
    """What is older counts no longer."""
    append(path, *(line(NOW - 9, duration_ns=number * 1_000_000) for number in range(1, 101)))
    state = live.read(NOW)
    assert state.p95_seconds == pytest.approx(0.095, rel=0.01)
    assert state.p99_seconds == pytest.approx(0.099, rel=0.01)
    assert state.per_second == pytest.approx(100 / 9)
    append(path, line(NOW + 40, duration_ns=1_000_000), line(NOW - 100))
    assert live.read(NOW + 55).p99_seconds == pytest.approx(0.001, rel=0.01)
    assert live.read(NOW + 55).per_second == pytest.approx(1 / 59)


def test_failures_are_counted_and_locked_ones_among_them(path: Path, live: LiveStatements) -> None:
    """As the recorder writes them."""
    append(
        path,
        line(NOW - 10),
        line(error="database is locked"),
        line(error="no such table: t"),
    )
    state = live.read(NOW)
    assert state.failed_per_second == pytest.approx(0.2)
    assert state.locked_per_second == pytest.approx(0.1)
    assert state.p99_seconds is None


def test_counts_and_sample_rates_multiply(path: Path, live: LiveStatements) -> None:
    """As they do everywhere."""
    append(path, '{"dbtune.recording": 1, "sample_rate": 0.1}\n', line(NOW - 10, count=3))
    assert live.read(NOW).per_second == pytest.approx(3.0)


def test_statements_of_other_databases_are_left_out(
    path: Path, live: LiveStatements, tmp_path: Path
) -> None:
    """Those of this one count under any of its names, and those of an unknown one do."""
    (tmp_path / "a.db").touch()
    (tmp_path / "link.db").symlink_to("a.db")
    append(
        path,
        line(NOW - 10, **{"db.namespace": str(tmp_path / "a.db")}),
        line(NOW, **{"db.namespace": str(tmp_path / "link.db")}),
        line(NOW, **{"db.namespace": str(tmp_path / "b.db")}),
        line(NOW, **{"db.namespace": ":memory:"}),
        line(NOW),
    )
    assert live.read(NOW).per_second == pytest.approx(0.3)
    assert live.notes() == (f"statements of {tmp_path / 'b.db'} are left out",)


def test_lines_without_a_time_came_just_now(path: Path, live: LiveStatements) -> None:
    """Those that were there before we looked are of nobody knows when."""
    append(path, line(None))
    assert live.read(NOW).per_second == 1
    with closing(LiveStatements(path, path)) as later:
        assert later.read(NOW).per_second is None


def test_a_clock_that_is_ahead_counts_as_now(path: Path, live: LiveStatements) -> None:
    """And one that went back by less than a minute is no trouble."""
    append(path, line(NOW + 1000), line(NOW - 10))
    assert live.read(NOW).per_second == pytest.approx(0.2)
    assert live.read(NOW + 61).per_second == 0


def test_broken_lines_are_told_once(path: Path, live: LiveStatements) -> None:
    """And what is whole is used."""
    append(path, "{broken\n", "\x00\n", line(), '{"dbtune.dropped": 5}\n')
    assert live.read(NOW).per_second == 1
    notes = live.notes()
    assert len(notes) == 2
    assert "was left out: it is not JSON" in notes[0]
    append(path, "{broken\n")
    live.read(NOW)
    assert live.notes() == ()


def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    """A folder in its place, here."""
    with closing(LiveStatements(tmp_path, tmp_path / "a.db")) as live:
        assert live.read(NOW).per_second is None
        assert "Is a directory" in live.notes()[0]


def test_a_line_that_is_half_written_waits(path: Path, follower: Follower) -> None:
    """It comes whole with its rest."""
    append(path, "one\ntw")
    assert follower.read() == b"one\n"
    assert follower.read() == b""
    append(path, "o\n")
    assert follower.read() == b"two\n"


def test_rotation_loses_no_line(path: Path, follower: Follower) -> None:
    """What was still written to the old file comes first, then the new file from its start."""
    append(path, "one\n")
    assert follower.read() == b"one\n"
    append(path, "two\n")
    path.rename(f"{path}.1")
    append(Path(f"{path}.1"), "three\n")
    append(path, "four\n")
    assert follower.read() == b"two\nthree\nfour\n"


def test_of_a_huge_file_in_its_place_the_end_is_read(path: Path, follower: Follower) -> None:
    """All of it would take as much memory as it has on disk."""
    append(path, "one\n")
    assert follower.read() == b"one\n"
    other = path.with_name("other")
    append(other, "first\n")
    os.truncate(other, 100 << 20)
    append(other, "\ntwo\n")
    other.rename(path)
    assert follower.read() == b"two\n"


def test_a_file_taken_away_comes_again(path: Path, follower: Follower) -> None:
    """As another file of the name."""
    append(path, "one\n")
    follower.read()
    path.unlink()
    assert follower.read() == b""
    append(path, "two\n")
    assert follower.read() == b"two\n"


def test_a_file_emptied_in_its_place_is_read_from_its_start(path: Path, follower: Follower) -> None:
    """As logrotate's copytruncate leaves it."""
    append(path, "one\ntwo\ncut o")
    follower.read()
    os.truncate(path, 0)
    append(path, "three\n")
    assert follower.read() == b"three\n"


def test_of_a_long_file_the_end_is_read(path: Path) -> None:
    """Its first line too, which tells the sample rate, and no part of a line."""
    filler = "x" * 999 + "\n"
    append(path, "header\n", filler * (TAIL_BYTES // 1000 + 10), "last\n")
    with closing(Follower(path)) as follower:
        lines = follower.read().decode().splitlines()
    assert lines[0] == "header"
    assert lines[-1] == "last"
    assert {len(text) for text in lines[1:-1]} == {999}
    assert len(lines) < TAIL_BYTES // 1000 + 5


def test_a_pipe_in_its_place_is_refused_at_once(path: Path) -> None:
    """Nobody writes to it."""
    os.mkfifo(path)
    with closing(Follower(path)) as follower, pytest.raises(OSError, match="not a regular file"):
        follower.read()
