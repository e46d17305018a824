"""A database's history as blocks of a page: curves, a table of runs, and what opened and closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from dbtune.model.advice import SEVERITIES
from dbtune.model.page import Block, Cell, Column, Details, LineChart, Point, Series, Table
from dbtune.report.pages.cells import UNKNOWN, count_cell, duration_cell, ratio_cell, size_cell
from dbtune.report.quantities import format_change, format_duration
from dbtune.web.history import History, Step, count_by_severity, measured
from dbtune.web.summary import RunSummary, SeenFinding

# Two points are the least that a curve says something with.
_LEAST_POINTS = 2
_TOLD_CHARACTERS = 140
# Earlier ones are told by their figures: nobody opens them, and each may list a hundred findings.
_STEPS_IN_FULL = 20
_WHEN = "%Y-%m-%d %H:%M"
_DAY, _YEAR = len("2026-03-01"), len("2026-")
# Low ones and those for information are told apart by the curves, and on the page of each run.
FINDING_COLUMNS = tuple(Column(title, "number") for title in ("High", "Medium", "Other"))


def history_blocks(history: History, prefix: str, most: int | None = None) -> Iterator[Block]:
    """Yield curves of cost and findings, and `most` runs or all of them, the latest first.

    `prefix` leads from the page to the pages of all runs.
    """
    yield from _cost_chart(history)
    yield from _findings_chart(history)
    yield _runs_table(history, prefix, most)


def when(run: RunSummary) -> str:
    """Return when a run was made, UTC; as the run has it where that is no time."""
    if run.moment is None:
        return run.created_at or "unknown"
    return datetime.fromtimestamp(run.moment, timezone.utc).strftime(_WHEN)


def _cost_chart(history: History) -> Iterator[LineChart]:
    runs = tuple(measured(history.runs))
    if len(runs) < _LEAST_POINTS:
        return
    before = [(run, run.cost_before) for run in runs if run.cost_before is not None]
    after = [(run, run.cost_after) for run in runs if run.cost_after is not None]
    first, last = before[0][1], before[-1][1]
    change = f", {format_change(last / first)}" if first else ""
    unit_ns, unit = (1e9, "s") if max(cost for _, cost in before) >= 1e9 else (1e6, "ms")
    yield LineChart(
        title="Cost of the recorded queries",
        summary=f"From {format_duration(first)} to {format_duration(last)} in {len(runs)} analyses"
        f"{change}. Recordings of other requests cost something else.",
        x_label="analysis",
        y_label=f"cost in {unit}",
        series=(
            _curve("as it was", before, unit_ns),
            _curve("as recommended", after, unit_ns),
        ),
    )


def _findings_chart(history: History) -> Iterator[LineChart]:
    runs = [run for run in history.runs if run.command == "analyze"]
    if len(runs) < _LEAST_POINTS:
        return
    counts = {run.id: count_by_severity(run.findings or ()) for run in runs}
    series = tuple(
        _curve(severity, [(run, float(counts[run.id][severity])) for run in runs])
        for severity in SEVERITIES
        if any(counts[run.id][severity] for run in runs)
    )
    if series:
        first, last = (len(run.findings or ()) for run in (runs[0], runs[-1]))
        yield LineChart(
            title="Open findings",
            summary=f"From {first} to {last} in {len(runs)} analyses.",
            x_label="analysis",
            y_label="findings",
            series=series,
        )


def _curve(
    name: str, values: Sequence[tuple[RunSummary, float]], unit_ns: float | None = None
) -> Series:
    """Return a curve of durations in a unit, or of counts without one."""
    runs = [run for run, _ in values]
    days = {when(run)[:_DAY] for run in runs}
    # A day has to be enough to tell them apart: there is little room below a curve.
    part = slice(0, _DAY) if len(days) == len(runs) else slice(_YEAR, None)
    points = (
        Point(
            place,
            value if unit_ns is None else value / unit_ns,
            f"{value:.0f}" if unit_ns is None else format_duration(value),
            when(run)[part],
        )
        for place, (run, value) in enumerate(values, start=1)
    )
    return Series(name, tuple(points))


def _runs_table(history: History, prefix: str, most: int | None) -> Table:
    runs = history.runs[::-1][:most]
    left = len(history.runs) - len(runs)
    more = f"; {left:,} earlier ones are on its own page" if left else ""
    return Table(
        f"Runs of {history.name}, the latest first{more}",
        (
            Column("Made (UTC)"),
            Column("Command", "code"),
            Column("Result"),
            Column("Cost", "number"),
            Column("Gain", "number"),
            *FINDING_COLUMNS,
            Column("Size", "number"),
        ),
        tuple(_run_row(run, prefix) for run in runs),
    )


def _run_row(run: RunSummary, prefix: str) -> tuple[Cell, ...]:
    return (
        Cell(when(run), href=f"{prefix}run/{run.id}", value=run.moment),
        Cell(run.command),
        Cell(_cut(run.told), tone=run.tone),
        duration_cell(run.cost_before),
        ratio_cell(run.gain_ratio),
        *severity_cells(run),
        size_cell(run.size_bytes),
    )


def severity_cells(run: RunSummary | None) -> tuple[Cell, ...]:
    """Return how many findings a run left open; unknown where it looked for none."""
    if run is None or run.findings is None:
        return (UNKNOWN,) * len(FINDING_COLUMNS)
    counts = count_by_severity(run.findings)
    high, medium = counts["high"], counts["medium"]
    return (
        count_cell(high, "bad" if high else "neutral"),
        count_cell(medium, "warning" if medium else "neutral"),
        count_cell(counts["low"] + counts["info"]),
    )


def step_blocks(steps: Sequence[Step], prefix: str) -> Iterator[Block]:
    """Yield what opened and closed with each run, the latest first: figures, then findings."""
    if not steps:
        return
    yield Table(
        "Findings opened and closed by each run, the latest first",
        (
            Column("Made (UTC)"),
            Column("Command", "code"),
            Column("Opened", "number"),
            Column("Closed", "number"),
            Column("Still open", "number"),
        ),
        tuple(_step_row(step, prefix) for step in reversed(steps)),
    )
    changed = [step for step in reversed(steps) if step.opened or step.closed]
    for step in changed[:_STEPS_IN_FULL]:
        title = f"{step.after.command} of {when(step.after)} beside {when(step.before)}"
        yield Details(title, (_changes_table(step),))


def _step_row(step: Step, prefix: str) -> tuple[Cell, ...]:
    opened, closed = len(step.opened), len(step.closed)
    return (
        Cell(when(step.after), href=f"{prefix}run/{step.after.id}", value=step.after.moment),
        Cell(step.after.command),
        count_cell(opened, "warning" if opened else "neutral"),
        count_cell(closed, "good" if closed else "neutral"),
        count_cell(step.still_open),
    )


def _changes_table(step: Step) -> Table:
    columns = (
        Column("Now"),
        Column("Severity"),
        Column("Finding", "code"),
        Column("About", "code"),
    )
    rows = [_change_row("opened", found) for found in step.opened]
    rows += [_change_row("closed", found) for found in step.closed]
    return Table("What opened and closed", (*columns, Column("What it says")), tuple(rows))


def _change_row(state: str, found: SeenFinding) -> tuple[Cell, ...]:
    return (
        Cell(state, tone="good" if state == "closed" else "warning"),
        Cell(found.severity, value=SEVERITIES.index(found.severity)),
        Cell(found.code),
        Cell(found.subject),
        Cell(_cut(found.message)),
    )


def _cut(text: str) -> str:
    return text if len(text) <= _TOLD_CHARACTERS else f"{text[: _TOLD_CHARACTERS - 3].rstrip()}..."
