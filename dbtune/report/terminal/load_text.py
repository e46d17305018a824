"""A load test as a person reads it in a terminal: what each configuration gave, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dbtune.model.latency import LatencySummary
from dbtune.model.load import LoadReport, LoadRun
from dbtune.report.plain_text import display_width, printable, wrap_text
from dbtune.report.quantities import format_count, format_duration
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.load_shapes import shape_section
from dbtune.report.terminal.low_screen import with_first_again
from dbtune.report.wording.load import (
    NOTHING_SENT,
    gains,
    rate_in_short,
    seen_failures,
    success,
    what_was_sent,
)

_GAP = "  "
_PROSE_WIDTH = 100


@dataclass(frozen=True)
class _Column:
    """A column; where the table is too wide those of the highest rank go first."""

    title: str
    cell: Callable[[LoadRun], str]
    rank: int = 0


def load_text(report: LoadReport, *, width: int, color: bool, height: int | None = None) -> str:
    """Return the load test as text of `width` columns, ending in a line break.

    On a screen of `height` lines that is too low for it, its table comes again at the end.
    """
    colors = Colors(color)
    prose = min(width, _PROSE_WIDTH)
    table = _nothing(report) or _table(report, width, colors)
    sections = (
        [colors.bold(line) for line in wrap_text(what_was_sent(report), prose)],
        table,
        list(_ratios(report, prose, colors)),
        shape_section(report, width, colors),
        _bullets("Failures", seen_failures(report), prose, colors),
        _bullets("Not sent", report.not_checked, prose, colors),
        _bullets("Notes", report.notes, prose, colors),
    )
    text = "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"
    return with_first_again(text, table, height)


def _nothing(report: LoadReport) -> list[str]:
    return [] if report.runs else [NOTHING_SENT]


def _table(report: LoadReport, width: int, colors: Colors) -> list[str]:
    columns = _fitting(_columns(report), report.runs, width)
    widths = _widths(columns, report.runs)
    lines = [_line([column.title for column in columns], widths)]
    lines.append(colors.dim(_GAP.join("-" * size for size in widths)))
    previous = None
    for run in report.runs:
        cells = [column.cell(run) for column in columns]
        if run.config == previous:
            cells[0] = ""
        previous = run.config
        lines.append(_line(cells, widths))
    return lines


def _columns(report: LoadReport) -> list[_Column]:
    opened = any(run.rate.clients is None for run in report.runs)
    return [
        _Column("config", lambda run: printable(run.config)),
        _Column("rate" if opened else "clients", lambda run: rate_in_short(run.rate)),
        _Column(f"{report.unit}s/s", lambda run: format_count(run.per_second)),
        _Column("success", lambda run: success(run.success_ratio)),
        _Column("locked", lambda run: f"{run.failures.locked:,}", 1),
        _Column("timeout", lambda run: f"{run.failures.timeout:,}", 2),
        _Column("constraint", lambda run: f"{run.failures.constraint:,}", 3),
        _Column("other", lambda run: f"{run.failures.other:,}", 4),
        _Column("waiting", lambda run: f"{run.unfinished:,}", 7),
        _Column("min", _timed(lambda latency: latency.min_ns), 10),
        _Column("mean", _timed(lambda latency: latency.mean_ns), 8),
        _Column("p50", _timed(lambda latency: latency.median_ns), 5),
        _Column("stdev", _timed(lambda latency: latency.stdev_ns), 9),
        _Column("p95", _timed(lambda latency: latency.p95_ns)),
        _Column("p99", _timed(lambda latency: latency.p99_ns)),
        _Column("max", _timed(lambda latency: latency.max_ns), 6),
    ]


def _fitting(columns: list[_Column], runs: Sequence[LoadRun], width: int) -> list[_Column]:
    """Return the columns that fit; failures that never happened go before all else."""
    while sum(_widths(columns, runs)) + len(_GAP) * (len(columns) - 1) > width:
        dropped = max(columns, key=lambda column: (_says_nothing(column, runs), column.rank))
        if not dropped.rank:
            break
        columns = [column for column in columns if column is not dropped]
    return columns


def _says_nothing(column: _Column, runs: Sequence[LoadRun]) -> bool:
    return column.rank > 0 and all(column.cell(run) == "0" for run in runs)


def _widths(columns: Sequence[_Column], runs: Sequence[LoadRun]) -> list[int]:
    return [
        max(display_width(text) for text in (column.title, *map(column.cell, runs)))
        for column in columns
    ]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    padded = [" " * (size - display_width(cell)) + cell for cell, size in rest]
    return _GAP.join([first[0] + " " * (first[1] - display_width(first[0])), *padded]).rstrip()


def _timed(take: Callable[[LatencySummary], float]) -> Callable[[LoadRun], str]:
    return lambda run: "-" if run.latency is None else format_duration(take(run.latency))


def _ratios(report: LoadReport, width: int, colors: Colors) -> Iterator[str]:
    for text in gains(report):
        yield from map(colors.good, wrap_text(text, width, "", "  "))


def _bullets(title: str, items: tuple[str, ...], width: int, colors: Colors) -> list[str]:
    if not items:
        return []
    lines = [line for item in items for line in wrap_text(f"- {item}", width, "  ", "    ")]
    return [colors.bold(title), *lines]
