"""Thresholds: their grammar, and when they raise and clear an alert."""

from __future__ import annotations

import pytest

from dbtune.errors import ConfigurationError
from dbtune.model.metrics import Alert, Sample, Threshold
from dbtune.monitor.thresholds import Episode, parse_threshold, step


def samples(*values: float | None) -> list[Sample]:
    """Samples of the -wal's size, a second apart."""
    return [
        Sample(f"2026-01-02T03:04:{second:02}Z", "a.db", wal_size_bytes=value)
        for second, value in enumerate(values)
    ]


def told(threshold: Threshold, *values: float | None) -> list[tuple[int, str]]:
    """Return the second and the state of each alert that values raise and clear."""
    episode, alerts = Episode(), []
    for second, sample in enumerate(samples(*values)):
        episode, alert = step(threshold, episode, sample, 1000.0 + second)
        if alert is not None:
            alerts.append((second, alert.state))
    return alerts


@pytest.mark.parametrize(
    ("text", "limit", "for_seconds", "clear_at"),
    [
        ("wal_size_bytes>100", 100, 0, 90),
        ("wal_size_bytes > 64MB for 60s", 64e6, 60, 57.6e6),
        ("wal_size_bytes>1KiB for 2 min clear 512", 1024, 120, 512),
        ("WAL_SIZE_BYTES>1gib", 2**30, 0, 2**30 * 0.9),
        ("disk_free_ratio<10%", 0.1, 0, 0.11),
        ("disk_free_bytes<1GB clear 5GB", 1e9, 0, 5e9),
        ("oldest_reader_seconds>500ms for 1h", 0.5, 3600, 0.45),
        ("statement_p99_seconds>1.5e-3", 0.0015, 0, 0.00135),
        ("locked_per_second>0/s", 0, 0, 0),
        ("up<1", 1, 0, 1),
        ("file_cached_ratio<95%", 0.95, 0, 1),
        ("cpu_ratio>200%", 2, 0, 1.8),
    ],
)
def test_thresholds_are_read(text: str, limit: float, for_seconds: float, clear_at: float) -> None:
    """With the units that people write, and a tenth of room unless they say otherwise."""
    threshold = parse_threshold(text)
    assert threshold.limit == pytest.approx(limit)
    assert threshold.for_seconds == for_seconds
    assert threshold.clear_at == pytest.approx(clear_at)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no threshold"),
        ("wal_size_bytes", "is no threshold"),
        ("wal_size_bytes>=5", "is no threshold"),
        ("wal_size_bytes>5 for", "unit that does not fit"),
        ("wal_size_bytes>5; rm -rf /", "is no threshold"),
        ("wal_size>5", 'no metric "wal_size"'),
        ("wal_size_bytes<1e999", "beyond all numbers"),
        ("wal_size_bytes>5 for 1e999 h", "beyond all numbers"),
        ("wal_size_bytes>5s", "unit that does not fit"),
        ("busy_ratio>5MB", "unit that does not fit"),
        ("wal_size_bytes>5 for 3MB", "unit that does not fit"),
        ("wal_size_bytes>5 clear 6", "would clear while it is passed"),
        ("disk_free_ratio<10% clear 5%", "would clear while it is passed"),
    ],
)
def test_what_is_no_threshold_is_told(text: str, said: str) -> None:
    """With what is wrong in it."""
    with pytest.raises(ConfigurationError) as caught:
        parse_threshold(text)
    assert said in caught.value.message
    assert caught.value.hint


def test_a_name_nearly_right_is_suggested() -> None:
    """The unit is what people leave out."""
    with pytest.raises(ConfigurationError) as caught:
        parse_threshold("wal_size>5")
    assert caught.value.hint == "did you mean wal_size_bytes?"


@pytest.mark.parametrize(
    ("text", "values", "alerts"),
    [
        ("wal_size_bytes>100", (100, 101, 150), [(1, "raised")]),
        ("wal_size_bytes>100", (101, 95, 101, 91), [(0, "raised")]),
        ("wal_size_bytes>100", (101, 90), [(0, "raised"), (1, "cleared")]),
        ("wal_size_bytes>100", (101, 90, 101), [(0, "raised"), (1, "cleared"), (2, "raised")]),
        ("wal_size_bytes>100 clear 50", (101, 60, 50), [(0, "raised"), (2, "cleared")]),
        ("wal_size_bytes>100 for 2s", (101, 101, 101), [(2, "raised")]),
        ("wal_size_bytes>100 for 2s", (101, 100, 101, 101), []),
        ("wal_size_bytes>100 for 2s", (101, None, 101, 101), []),
        ("wal_size_bytes>100", (101, None, 101, 90), [(0, "raised"), (3, "cleared")]),
        ("wal_size_bytes>0", (1, 0), [(0, "raised"), (1, "cleared")]),
        ("wal_size_bytes<100", (100, 99, 105, 110), [(1, "raised"), (3, "cleared")]),
        ("wal_size_bytes<100", (None, None), []),
    ],
)
def test_an_episode_is_told_once_and_ends_once(
    text: str, values: tuple[float | None, ...], alerts: list[tuple[int, str]]
) -> None:
    """However long it lasts, and however close to the limit the value stays."""
    assert told(parse_threshold(text), *values) == alerts


def test_an_alert_says_since_when() -> None:
    """Its beginning is the first sample beyond the limit, not the one that raised it."""
    threshold = parse_threshold("wal_size_bytes>100 for 1s")
    first, second = samples(101, 102)
    episode, _ = step(threshold, Episode(), first, 0.0)
    _, alert = step(threshold, episode, second, 1.0)
    assert alert == Alert("raised", threshold, 102, second.ts, first.ts, "a.db")
