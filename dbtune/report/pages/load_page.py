"""A load test as a page: what each configuration gives as the load grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import get_args

from dbtune.model.load import FailureKind, LoadReport, LoadRun
from dbtune.model.page import Bullets, Cell, Column, Fact, Facts, Page, Section, Table, Tone
from dbtune.report.pages.cells import count_cell, duration_cell
from dbtune.report.pages.load_charts import load_charts
from dbtune.report.pages.load_shapes import shapes_section
from dbtune.report.pages.state_sections import notes_section, open_section
from dbtune.report.quantities import (
    format_count,
    format_duration,
    format_factor,
    format_moment,
    format_size,
)
from dbtune.report.wording.load import (
    NOTHING_SENT,
    gains,
    rate_in_short,
    seen_failures,
    success,
    what_was_sent,
)

_FAILURES: tuple[FailureKind, ...] = get_args(FailureKind)


def load_page(report: LoadReport) -> Page:
    """Return the page of a load test."""
    runs = report.runs
    sections = (
        Section("load", "As the load grows", tuple(load_charts(report))) if runs else None,
        _runs_section(report) if runs else None,
        shapes_section(report),
        _failures_section(report),
        open_section(report.not_checked),
        notes_section(report.notes),
        _settings_section(report),
    )
    return Page(
        title=f"dbtune bench: {PurePath(report.database).name}",
        verdict=_verdict(report),
        tone=_tone(report),
        figures=tuple(_figures(report)),
        actions=(),
        sections=tuple(section for section in sections if section is not None),
        footer=(
            f"{PurePath(report.database).name} {format_size(report.size_bytes)}",
            f"dbtune {report.dbtune_version}",
            format_moment(report.created_at),
        ),
    )


def _verdict(report: LoadReport) -> str:
    """Return what the last configuration gives over the first, at the highest load."""
    if not report.runs:
        return NOTHING_SENT
    told = list(gains(report))
    pair = _ends(report)
    if pair is None or not told:
        return f"{what_was_sent(report)}."
    return f"{_compared(*pair, f'{report.unit}s')} {told[-1]}."


def _compared(before: LoadRun, after: LoadRun, units: str) -> str:
    more = format_factor(after.per_second, before.per_second) if before.per_second else None
    fewer = format_factor(before.per_second, after.per_second) if after.per_second else None
    at = after.rate.words
    if more and more != "1.0x":
        return f"{after.config} answers {more} as many {units} as {before.config} at {at}."
    if fewer and fewer != "1.0x":
        return f"{before.config} answers {fewer} as many {units} as {after.config} at {at}."
    return f"{after.config} answers as many {units} as {before.config} at {at}."


def _tone(report: LoadReport) -> Tone:
    pair = _ends(report)
    if pair is None:
        failed = any(run.failures.total for run in report.runs)
        return "warning" if failed else "neutral"
    before, after = pair
    if after.per_second > before.per_second * 1.1:
        return "good"
    return "bad" if after.per_second < before.per_second / 1.1 else "neutral"


def _ends(report: LoadReport) -> tuple[LoadRun, LoadRun] | None:
    """Return the first and the last configuration at the last rate, where there are two."""
    if not report.runs:
        return None
    runs = [run for run in report.runs if run.rate == report.runs[-1].rate]
    return (runs[0], runs[-1]) if len(runs) > 1 else None


def _figures(report: LoadReport) -> Iterator[Fact]:
    pair = _ends(report)
    if pair is not None:
        before, after = pair
        words = after.rate.words
        rates = f"{format_count(before.per_second)} -> {format_count(after.per_second)}"
        factor = format_factor(after.per_second, before.per_second) if before.per_second else None
        note = f"{words}{f', {factor} as many' if factor else ''}"
        yield Fact(f"{report.unit.capitalize()}s a second", rates, note, _tone(report))
        if before.latency is not None and after.latency is not None:
            p99 = " -> ".join(
                format_duration(latency.p99_ns) for latency in (before.latency, after.latency)
            )
            yield Fact("p99", p99, words)
        succeed = dict.fromkeys(success(run.success_ratio) for run in pair)
        yield Fact("Succeed", " -> ".join(succeed), words)
    yield Fact("Sent", f"{report.units:,} recorded {report.unit}s", f"{report.mix} mix")
    yield Fact("Database", format_size(report.size_bytes))


def _runs_section(report: LoadReport) -> Section:
    opened = any(run.rate.clients is None for run in report.runs)
    # A kind of failure that never came would be a column of zeros.
    kinds = tuple(k for k in _FAILURES if any(getattr(run.failures, k) for run in report.runs))
    columns = (
        Column("configuration", "code"),
        Column("rate" if opened else "clients", "number"),
        Column(f"{report.unit}s/s", "number"),
        Column("success", "number"),
        Column("failed", "number"),
        *(Column(kind, "number") for kind in kinds),
        Column("waiting", "number"),
        *(
            Column(title, "number")
            for title in ("p50", "p95", "p99", "max", "mean", "stdev", "min")
        ),
    )
    rows = tuple(tuple(_cells(run, kinds)) for run in report.runs)
    table = Table(f"{what_was_sent(report)}", columns, rows)
    told = tuple(gains(report))
    blocks = (table, Bullets(told)) if told else (table,)
    return Section("runs", "All runs", blocks)


def _cells(run: LoadRun, kinds: tuple[str, ...]) -> Iterator[Cell]:
    rate = run.rate
    yield Cell(run.config)
    due = rate.per_second if rate.clients is None else rate.clients
    yield Cell(rate_in_short(rate), value=due)
    yield count_cell(run.per_second)
    ratio = run.success_ratio
    yield Cell(success(ratio), tone="neutral" if ratio in (None, 1.0) else "bad", value=ratio)
    failures = run.failures
    for count in (failures.total, *(int(getattr(failures, kind)) for kind in kinds)):
        yield count_cell(count, "bad" if count else "neutral")
    yield count_cell(run.unfinished)
    latency = run.latency
    for name in ("median", "p95", "p99", "max", "mean", "stdev", "min"):
        yield duration_cell(None if latency is None else float(getattr(latency, f"{name}_ns")))


def _failures_section(report: LoadReport) -> Section | None:
    told = seen_failures(report)
    return Section("failures", "Failures", (Bullets(told),)) if told else None


def _settings_section(report: LoadReport) -> Section:
    settings = report.settings
    facts = (
        Fact("Database", report.database, format_size(report.size_bytes)),
        Fact(
            "Each run", f"{settings.duration_s:g} s", f"after {settings.warm_up_s:g} s of warm-up"
        ),
        Fact(
            "Mix",
            report.mix,
            f"{report.units:,} {report.unit}s of {report.statements:,} statements",
        ),
        Fact("Think time", f"{settings.think_ms:g} ms"),
        Fact("A client gives up", f"after {settings.timeout_s:g} s"),
        Fact("Processes", f"{settings.processes:,}"),
        Fact("Connections of each", f"{settings.threads:,}"),
        Fact("Seed", f"{settings.seed}", "the same seed sends the same"),
    )
    return Section("settings", "Settings", (Facts(facts),))
