"""The pages of a history: all databases, one of them, and each run. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.model.page import Cell, Column, Fact, Facts, Link, Page, Section, Table, Text, Tone
from dbtune.model.run import Run
from dbtune.report.pages.cells import count_cell, duration_cell, ratio_cell, size_cell
from dbtune.report.pages.page_of import page_of
from dbtune.web.history import History, count_by_severity, steps
from dbtune.web.history_blocks import (
    FINDING_COLUMNS,
    history_blocks,
    severity_cells,
    step_blocks,
    when,
)
from dbtune.web.run_files import LeftOut
from dbtune.web.summary import RunSummary

_TITLE = "Runs of dbtune"
# All of a database's runs are on its own page.
_RUNS_ON_INDEX = 20
_ALL = Link("All databases", "../")
_HOW_TO = (
    "A run appears here as soon as a command writes it into the folder: "
    "dbtune analyze DB --queries FILE --output runs/NAME.json."
)


def index_page(histories: tuple[History, ...], left_out: tuple[LeftOut, ...]) -> Page:
    """Return the page that leads to all others."""
    runs = sum(len(history.runs) for history in histories)
    verdict, tone = _conclusion(histories)
    return Page(
        title=_TITLE,
        verdict=verdict,
        tone=tone,
        figures=(
            Fact("Databases", f"{len(histories):,}"),
            Fact("Runs", f"{runs:,}"),
            *((Fact("Files left out", f"{len(left_out):,}", tone="warning"),) if left_out else ()),
        ),
        actions=(),
        sections=(
            *((_databases(histories),) if histories else ()),
            *(_history_section(history) for history in histories),
            *((_left_out(left_out),) if left_out else ()),
            Section("more-runs", "More runs", (Text((_HOW_TO,)),)),
        ),
        footer=("Read from files on this machine each time the page is loaded.",),
    )


def database_page(history: History) -> Page:
    """Return the page of one database: its curves, its runs, and what opened and closed."""
    changes = tuple(step_blocks(steps(history.runs), "../"))
    nothing = "Nothing to compare yet: that takes two runs of the same command that look for any."
    return Page(
        title=f"Runs of {history.name}",
        verdict=_latest(history),
        tone=_tone(history.latest_analysis),
        figures=tuple(_figures(history)),
        actions=(),
        sections=(
            Section("runs", "Runs", tuple(history_blocks(history, "../"))),
            Section("changes", "Findings opened and closed", changes or (Text((nothing,)),)),
        ),
        footer=(history.database,) if history.database else (),
        trail=(_ALL,),
    )


def run_page(run: Run, summary: RunSummary, history: History) -> Page:
    """Return a run's own report, with the way back."""
    page = page_of(run, summary.path)
    return replace(
        page,
        # Two runs of one command on one database are told apart by their files.
        title=f"{page.title} ({page.label})",
        footer=(*page.footer, summary.path),
        trail=(_ALL, Link(history.name, f"../database/{history.id}")),
    )


def _conclusion(histories: tuple[History, ...]) -> tuple[str, Tone]:
    if not histories:
        return "No runs yet.", "neutral"
    latest = [history.latest_analysis for history in histories]
    worst = [run for run in latest if _tone(run) == "bad"]
    if worst:
        names = ", ".join(h.name for h in histories if h.latest_analysis in worst)
        return f"High findings are open in the latest analysis of {names}.", "bad"
    if any(run is not None for run in latest):
        tone: Tone = "warning" if any(_tone(run) == "warning" for run in latest) else "good"
        return "No high finding is open in the latest analysis of any database.", tone
    return "No database was analyzed yet.", "neutral"


def _tone(run: RunSummary | None) -> Tone:
    if run is None or run.findings is None:
        return "neutral"
    counts = count_by_severity(run.findings)
    return "bad" if counts["high"] else "warning" if counts["medium"] else "good"


def _latest(history: History) -> str:
    run = history.latest_analysis
    if run is None:
        return f"{history.name} was not analyzed yet. {history.runs[-1].told}"
    return f"{run.told} The latest analysis is of {when(run)} UTC."


def _figures(history: History) -> Iterator[Fact]:
    run = history.latest_analysis
    yield Fact("Runs", f"{len(history.runs):,}", f"since {when(history.runs[0])} UTC")
    if run is not None and run.findings is not None:
        counts = count_by_severity(run.findings)
        told = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
        yield Fact("Open findings", f"{len(run.findings):,}", told, _tone(run))
    if run is not None and run.cost_before is not None:
        yield Fact("Cost", duration_cell(run.cost_before).text, "of the recorded queries")
        yield Fact("Gain", ratio_cell(run.gain_ratio).text, "with what is recommended")


def _databases(histories: tuple[History, ...]) -> Section:
    columns = (
        Column("Database", "code"),
        Column("Runs", "number"),
        Column("Latest (UTC)"),
        Column("Cost", "number"),
        Column("Gain", "number"),
        *FINDING_COLUMNS,
        Column("Size", "number"),
    )
    rows = tuple(_database_row(history) for history in histories)
    caption = "Cost, gain and findings are of the latest analysis"
    return Section("databases", "Databases", (Table(caption, columns, rows),))


def _database_row(history: History) -> tuple[Cell, ...]:
    run, last = history.latest_analysis, history.runs[-1]
    sizes = [each.size_bytes for each in history.runs if each.size_bytes is not None]
    return (
        Cell(history.name, href=f"database/{history.id}"),
        count_cell(len(history.runs)),
        Cell(when(last), value=last.moment),
        duration_cell(None if run is None else run.cost_before),
        ratio_cell(None if run is None else run.gain_ratio),
        *severity_cells(run),
        size_cell(sizes[-1] if sizes else None),
    )


def _history_section(history: History) -> Section:
    path = (Facts((Fact("Path", history.database),)),) if history.database else ()
    return Section(
        f"database-{history.id}",
        history.name,
        (*path, *history_blocks(history, "", _RUNS_ON_INDEX)),
    )


def _left_out(files: tuple[LeftOut, ...]) -> Section:
    rows = tuple((Cell(file.path), Cell(file.reason)) for file in files)
    columns = (Column("File", "code"), Column("Why"))
    return Section("left-out", "Files left out", (Table("Not shown", columns, rows),))
