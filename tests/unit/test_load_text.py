"""What a load test looks like in a terminal, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from dbtune.model.latency import LatencyHistogram
from dbtune.model.load import (
    Failures,
    LoadRate,
    LoadReport,
    LoadRun,
    LoadSettings,
    SeenError,
    ShapeLoad,
)
from dbtune.report.documents.load_to_csv import load_to_csv
from dbtune.report.documents.load_to_json import load_to_json
from dbtune.report.terminal.load_text import load_text
from tests.documents import ROOT, read, spans

QUERY = "SELECT name,\n email FROM users WHERE \x1b[31mid = ?"


def run(config: str, clients: int, succeeded: int, failures: Failures = Failures()) -> LoadRun:  # noqa: B008 - frozen
    """A run of a second."""
    latency = LatencyHistogram()
    for number in range(succeeded):
        latency.add(1_000_000 + number * 1_000)
    summary = latency.summary()
    shape = ShapeLoad("0123456789ab", QUERY, succeeded, Failures(), summary)
    errors = (SeenError("constraint", "UNIQUE constraint failed: \x1b[2Ja.b", 2),)
    return LoadRun(
        config, LoadRate(clients), 1.0, succeeded, failures, clients, succeeded, summary, (shape,),
        errors if failures.total else (),
    )  # fmt: skip


def report(*runs: LoadRun) -> LoadReport:
    """A report of these runs."""
    return LoadReport(
        dbtune_version="1",
        created_at="2026-01-01T00:00:00+00:00",
        database="/data/app.db",
        size_bytes=4096,
        settings=LoadSettings(),
        mix="recorded",
        unit="request",
        units=7,
        statements=3,
        runs=runs,
        not_checked=("1 x PRAGMA, which neither reads nor writes rows",),
    )


BOTH = report(
    run("as-is", 50, 20, Failures(locked=17, constraint=2)),
    run("as-is", 500, 10, Failures(timeout=3)),
    run("wal+hook+indexes", 50, 400),
    run("wal+hook+indexes", 500, 390),
)


@pytest.mark.parametrize("width", [72, 80, 100, 120, 160, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Whatever columns that takes, and nothing steers the terminal."""
    text = load_text(BOTH, width=width, color=False)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text


def test_failures_that_happened_outlast_other_columns() -> None:
    """At 80 columns locks and timeouts are there, and kinds that never came are not."""
    header = load_text(BOTH, width=80, color=False).splitlines()[2].split()
    assert {"success", "locked", "timeout", "p95", "p99"} <= set(header)
    assert "other" not in header


def test_the_first_and_the_last_configuration_are_compared() -> None:
    """For each load."""
    text = load_text(BOTH, width=160, color=False)
    assert "50 clients, as-is -> wal+hook+indexes: 20 requests/s, 51 % succeed" in text
    assert "20x as many" in text
    assert "500 clients, as-is -> wal+hook+indexes: " in text


def test_without_runs_it_is_said_that_nothing_was_sent() -> None:
    """With what was left out."""
    text = load_text(report(), width=80, color=False)
    assert "Nothing to send" in text
    assert "PRAGMA" in text


def test_one_configuration_alone_is_not_compared() -> None:
    """There is nothing beside it."""
    text = load_text(report(run("wal", 50, 20)), width=80, color=False)
    assert "->" not in text


def test_csv_has_the_same_figures() -> None:
    """A row for each run and shape, and a query on one line."""
    rows = list(csv.DictReader(io.StringIO(load_to_csv(BOTH))))
    assert [row["shape_id"] != "" for row in rows] == [False, True] * 4
    assert rows[0] | {"query": ""} == rows[0]
    assert (rows[0]["locked"], rows[0]["constraint"], rows[0]["unfinished"]) == ("17", "2", "50")
    assert rows[1]["query"].startswith("SELECT name, email FROM users")
    assert float(rows[0]["min_ms"]) == 1.0


def keys(value: Any) -> Iterator[str]:
    """Every key of a JSON value, wherever it is nested."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key
        yield from keys(inner)
    for inner in value if isinstance(value, list) else ():
        yield from keys(inner)


def test_all_keys_and_columns_of_the_files_are_documented() -> None:
    """And no others, in the section of docs/how-to/bench.md that is about them."""
    text = (
        read(ROOT / "docs" / "how-to" / "bench.md").partition("### Files")[2].partition("\n## ")[0]
    )
    document, _, columns = text.partition("`--csv FILE`")
    of_values = {"request", "transaction", "statement", "null", "--json", "--output FILE"}
    assert set(spans(document)) - of_values == set(keys(json.loads(load_to_json(BOTH))))
    header = next(csv.reader(io.StringIO(load_to_csv(BOTH))))
    assert list(spans(columns)) == header
