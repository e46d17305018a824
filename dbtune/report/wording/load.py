"""A load test in words: what was sent, and what the last configuration gives over the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from dbtune.model.load import LoadRate, LoadReport, LoadRun, LoadSettings
from dbtune.report.quantities import (
    format_count,
    format_duration,
    format_factor,
    format_ratio,
    format_size,
)
from dbtune.report.wording.counted import counted

NOTHING_SENT = "Nothing to send: the recording holds no statement for this."
_ERRORS_SHOWN = 5


def what_was_sent(report: LoadReport) -> str:
    """Return the database, what was sent to it, for how long and on how many connections."""
    settings = report.settings
    what = counted(report.units, f"recorded {report.unit}")
    reads = ", reads only" if report.mix == "reads" else ""
    return (
        f"{PurePath(report.database).name} ({format_size(report.size_bytes)}), {what}{reads}: "
        f"{settings.duration_s:g} s each, {_connections(settings)}"
    )


def gains(report: LoadReport) -> Iterator[str]:
    """Yield, for each rate, what the first configuration gave and what the last one gives."""
    rates = dict.fromkeys(run.rate for run in report.runs)
    for rate in rates:
        before, *others = (run for run in report.runs if run.rate == rate)
        if not others:
            continue
        after = others[-1]
        text = (
            f"{rate.words}, {before.config} -> {after.config}: "
            f"{_said(before, report)} -> {_said(after, report)}"
        )
        factor = format_factor(after.per_second, before.per_second)
        yield text + (f", {factor} as many" if factor and before.per_second else "")


def rate_in_short(rate: LoadRate) -> str:
    """Return how much came as a table has it: the clients, or such as 100/s."""
    if rate.clients is not None:
        return f"{rate.clients:,}"
    return "-" if rate.per_second is None else f"{rate.per_second:g}/s"


def success(ratio: float | None) -> str:
    """Return the part that succeeded, where any ended."""
    return "-" if ratio is None else format_ratio(ratio)


def seen_failures(report: LoadReport) -> tuple[str, ...]:
    """Return what the databases said, without what the counts of failures say as well."""
    told = [
        f"{run.config}, {run.rate.words}: {error.count:,} x {error.message}"
        for run in report.runs
        for error in run.errors
        if error.kind in {"other", "constraint"}
    ]
    return tuple(told[:_ERRORS_SHOWN])


def _connections(settings: LoadSettings) -> str:
    if settings.processes == 1:
        return "1 connection" if settings.threads == 1 else f"{settings.threads} connections"
    return f"{settings.processes} x {settings.threads} connections"


def _said(run: LoadRun, report: LoadReport) -> str:
    p99 = "-" if run.latency is None else format_duration(run.latency.p99_ns)
    return (
        f"{format_count(run.per_second)} {report.unit}s/s, "
        f"{success(run.success_ratio)} succeed, p99 {p99}"
    )
