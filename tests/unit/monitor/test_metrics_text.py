"""Samples and alerts as people and programs read them."""

from __future__ import annotations

import json

import pytest

from dbtune.cli.monitor_live import curve
from dbtune.model.metrics import METRICS, Alert, Sample
from dbtune.monitor.thresholds import parse_threshold
from dbtune.report.documents.metrics_to_json import alert_to_json, sample_to_json
from dbtune.report.terminal.metrics_text import alert_line, heading, sample_line, sample_table

SAMPLE = Sample(
    "2026-01-02T03:04:05.678Z",
    "shop.db",
    oldest_reader_pid=42,
    up=1.0,
    file_size_bytes=49_258_496,
    wal_size_bytes=0,
    oldest_reader_seconds=0.25,
    busy_ratio=1 / 3,
    statements_per_second=887.5,
)
GONE = Sample("2026-01-02T03:04:05.678Z", "shop\x1b[2J.db", problem="is gone", up=0.0)


@pytest.mark.parametrize("width", [20, 40, 80, 120, 160, 400])
def test_lines_stand_under_their_names(width: int) -> None:
    """Each column ends where its name ends, and none is cut."""
    names, cells = heading(width), sample_line(SAMPLE, width)
    assert len(names) == len(cells) <= max(width, 17)
    assert cells.startswith("03:04:05    49 MB")
    for end in range(17, len(names) + 1, 9):
        assert names[end - 1] != " " and cells[end - 1] != " "


def test_a_line_says_why_there_are_no_figures() -> None:
    """And a name cannot steer the terminal."""
    assert sample_line(GONE, 80) == "03:04:05 shop\\x1b[2J.db is gone"
    assert sample_table(GONE) == "shop\\x1b[2J.db is gone\n"


def test_the_table_has_every_metric() -> None:
    """In its unit, with the process of the oldest reader."""
    lines = sample_table(SAMPLE).splitlines()
    assert len(lines) == len(METRICS)
    assert "oldest reader        250 ms  oldest_reader_seconds  (process 42)" in lines
    assert "checkpoint lag            -  checkpoint_lag_bytes" in lines


def test_a_sample_is_a_line_of_json() -> None:
    """What is not known is null, and whole numbers are whole."""
    fields = json.loads(sample_to_json(SAMPLE))
    assert fields["file_size_bytes"] == 49258496
    assert fields["busy_ratio"] == pytest.approx(1 / 3)
    assert fields["checkpoint_lag_bytes"] is None
    assert "problem" not in fields
    assert json.loads(sample_to_json(GONE))["problem"] == "is gone"
    assert "\n" not in sample_to_json(GONE)


def test_an_alert_says_value_and_beginning() -> None:
    """And its end does."""
    threshold = parse_threshold("oldest_reader_seconds>100ms for 1s")
    alert = Alert("raised", threshold, 0.25, SAMPLE.ts, "2026-01-02T03:04:04.500Z", "shop.db")
    assert alert_line(alert) == (
        "03:04:05 ALERT: shop.db: oldest_reader_seconds>100ms for 1s "
        "(now 250 ms, since 2026-01-02T03:04:04Z)"
    )
    fields = json.loads(alert_to_json(alert))
    assert (fields["schema_version"], fields["metric"]) == (1, "oldest_reader_seconds")
    assert (fields["value"], fields["limit"], fields["unit"]) == (0.25, 0.1, "seconds")


@pytest.mark.parametrize(
    ("values", "drawn"),
    [((), ""), ((None,), ""), ((5, 5), "11"), ((0, 1, 2), "123"), ((0, None, 2), "1 3")],
)
def test_a_curve_goes_from_the_least_to_the_most(
    values: tuple[float | None, ...], drawn: str
) -> None:
    """What was not known is left blank."""
    assert curve(values, "123") == drawn
