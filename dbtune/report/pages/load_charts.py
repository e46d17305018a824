"""The curves of a load test: answers a second, how long they take, and how many succeed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from dbtune.model.load import LoadReport, LoadRun
from dbtune.model.page import Block, LineChart, Point, Series
from dbtune.report.pages.latency_blocks import latency_histogram
from dbtune.report.quantities import format_count, format_duration
from dbtune.report.wording.load import success

_Value = Callable[[LoadRun], float | None]


def load_charts(report: LoadReport) -> Iterator[Block]:
    """Yield the curves over the load, and the distribution of each end at the highest one."""
    unit = f"{report.unit}s a second"
    yield _chart(report, unit.capitalize(), unit, _per_second, format_count)
    p99 = _chart(report, "How long the slowest 1 % take", "p99 in ms", _p99_ms, _milliseconds)
    if any(series.points for series in p99.series):
        yield replace(p99, scale="log")
    if any(run.success_ratio is not None and run.success_ratio < 1 for run in report.runs):
        yield _chart(report, "How many succeed", "success", _success, success)
    highest = [run for run in report.runs if run.rate == report.runs[-1].rate]
    for run in highest[:1] + highest[1:][-1:]:
        drawn = run.latency and latency_histogram(
            f"{run.config}, {run.rate.words}: how long a {report.unit} takes",
            run.latency,
            f"{report.unit}s",
        )
        if drawn:
            yield drawn


def _chart(
    report: LoadReport, title: str, label: str, value: _Value, form: Callable[[float], str]
) -> LineChart:
    configs = tuple(dict.fromkeys(run.config for run in report.runs))
    series = tuple(
        Series(config, tuple(_points(report.runs, config, value, form))) for config in configs
    )
    opened = any(run.rate.clients is None for run in report.runs)
    ends = [f"{s.name} {s.points[-1].text}" for s in series if s.points]
    return LineChart(
        title,
        f"At {report.runs[-1].rate.words}: {', '.join(ends) or 'nothing measured'}.",
        f"{report.unit}s due in a second" if opened else "clients",
        label,
        series,
    )


def _points(
    runs: tuple[LoadRun, ...], config: str, value: _Value, form: Callable[[float], str]
) -> Iterator[Point]:
    points = []
    for run in runs:
        y, x = value(run), _load(run)
        if run.config == config and y is not None and x is not None:
            points.append(Point(x, y, form(y)))
    yield from sorted(points, key=lambda point: point.x)


def _load(run: LoadRun) -> float | None:
    clients = run.rate.clients
    return run.rate.per_second if clients is None else float(clients)


def _per_second(run: LoadRun) -> float | None:
    return run.per_second


def _p99_ms(run: LoadRun) -> float | None:
    # A logarithm has no place for zero.
    return None if run.latency is None or run.latency.p99_ns <= 0 else run.latency.p99_ns / 1e6


def _milliseconds(duration_ms: float) -> str:
    return format_duration(duration_ms * 1e6)


def _success(run: LoadRun) -> float | None:
    return run.success_ratio
