"""A load test as CSV: a row a run, and one for each query shape of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from dbtune.model.latency import LatencySummary
from dbtune.model.load import Failures, LoadReport, LoadRun

_HEADER = (
    "config", "clients", "rate", "shape_id", "succeeded", "per_second", "success_ratio", "locked",
    "timeout", "constraint", "other", "unfinished", "min_ms", "mean_ms", "median_ms", "stdev_ms",
    "p95_ms", "p99_ms", "max_ms", "query",
)  # fmt: skip

_Cell = str | int | float | None


def load_to_csv(report: LoadReport) -> str:
    """Return the table; a row without a shape is of the whole run, its units and their latency."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_HEADER)
    for run in report.runs:
        writer.writerows(_rows(run))
    return file.getvalue()


def _rows(run: LoadRun) -> Iterator[tuple[_Cell, ...]]:
    which = (run.config, run.rate.clients, run.rate.per_second)
    yield (
        *which,
        "",
        run.succeeded,
        run.per_second,
        run.success_ratio,
        *_failures(run.failures),
        run.unfinished,
        *_times(run.latency),
        "",
    )
    for shape in run.shapes:
        succeeded = shape.calls - shape.failures.total
        yield (
            *which,
            shape.shape_id,
            succeeded,
            succeeded / run.seconds,
            succeeded / shape.calls if shape.calls else None,
            *_failures(shape.failures),
            None,
            *_times(shape.latency),
            _plain(shape.text),
        )


def _failures(failures: Failures) -> tuple[_Cell, ...]:
    return failures.locked, failures.timeout, failures.constraint, failures.other


def _times(latency: LatencySummary | None) -> tuple[_Cell, ...]:
    if latency is None:
        return (None,) * 7
    times = (
        latency.min_ns, latency.mean_ns, latency.median_ns, latency.stdev_ns, latency.p95_ns,
        latency.p99_ns, latency.max_ns,
    )  # fmt: skip
    return tuple(round(time / 1e6, 6) for time in times)


def _plain(text: str) -> str:
    """Return SQL on one line that no spreadsheet takes for a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line[:1] in {"=", "+", "-", "@"} else line
