"""The report of a migration as a page: is all of it there, as what, and does it answer alike."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath

from dbtune.model.advice import REHEARSED, Report, TableOutcome
from dbtune.model.overview import ColumnDecision
from dbtune.model.page import (
    Action,
    Block,
    Cell,
    Column,
    Command,
    Commands,
    Details,
    Fact,
    Page,
    Section,
    Table,
    Text,
    Tone,
)
from dbtune.report.anchors import anchors
from dbtune.report.pages.cells import count_cell, duration_cell, size_cell
from dbtune.report.pages.finding_cards import counted_findings, findings_section
from dbtune.report.pages.migration_queries import outcome_counts, queries_section
from dbtune.report.pages.schema_section import schema_section
from dbtune.report.pages.size_budget import fitting
from dbtune.report.pages.state_sections import (
    environment_section,
    health_section,
    notes_section,
    open_section,
)
from dbtune.report.quantities import format_count, format_size
from dbtune.report.wording.conclusion import is_rehearsal, migration_conclusion
from dbtune.report.wording.counted import counted
from dbtune.report.wording.origin import origin

_MOVE = "Move it; leave the URL out for a PostgreSQL beside the file"
_FINDINGS_BYTES = 100_000
_TYPES_BYTES = 70_000
_TABLES_BYTES = 50_000
_NOT_CHECKED_METHODS = {
    "none": "No rows were compared.",
    "counts": "Rows were counted, and their values not compared.",
    "sample": "A sample of the rows was compared, not each of them.",
}
_METHODS = {
    "arrow": "each row, column by column",
    "rows": "each row, value by value",
    "multiset": "all rows, whatever their order",
    "counts": "their number alone",
    "arrow sample": "a sample, column by column",
    "rows sample": "a sample, value by value",
    "none": "not compared",
}


def migration_page(report: Report) -> Page:
    """Return the page of a migration, done or stopped."""
    verdict, tone = migration_verdict(report)
    return Page(
        title=f"dbtune {report.command}: {PurePath(report.source.path).name}",
        verdict=verdict,
        tone=tone,
        figures=tuple(_figures(report)),
        actions=tuple(_actions(report)),
        sections=tuple(section for section in _sections(report) if section is not None),
        footer=origin(report),
    )


def migration_verdict(report: Report) -> tuple[str, Tone]:
    """Return the verdict of the page and its tone."""
    if report.tables:
        said = migration_conclusion(report)
        return said.head, said.tone
    head = next(iter(report.notes), "") or "Nothing was moved."
    severities = {finding.severity for finding in report.findings}
    if "high" in severities:
        return head, "bad"
    # Nothing stops it, but nothing is moved yet either.
    return head, "warning" if "medium" in severities else "neutral"


def _figures(report: Report) -> Iterator[Fact]:
    tables = report.tables or ()
    if tables:
        verified = sum(table.verified for table in tables)
        tone: Tone = "good" if verified == len(tables) else "bad"
        if all(table.method == "none" for table in tables):
            tone = "neutral"
        yield Fact("Tables verified", f"{verified:,} of {len(tables):,}", "", tone)
        yield Fact("Rows", format_count(sum(table.rows for table in tables)))
        rejected = sum(table.rejected for table in tables)
        if rejected:
            yield Fact("Kept back", format_count(rejected), "rows, as asked", "warning")
    if report.queries:
        alike = sum(check.status in {"same", "runs"} for check in report.queries)
        of = f"{alike:,} of {len(report.queries):,} alike"
        yield Fact("Queries on PostgreSQL", of, outcome_counts(report.queries))
    if report.findings:
        yield Fact("Findings", f"{len(report.findings):,}", counted_findings(report.findings))
    yield Fact("SQLite file", format_size(report.source.size_bytes))


def _actions(report: Report) -> Iterator[Action]:
    """Yield the first things to do: what stops it, what answers otherwise, then the rest."""
    migrate = f"dbtune migrate-to-postgres {shlex.quote(report.source.path)}"
    high = sum(finding.severity == "high" for finding in report.findings)
    if high:
        what = counted(high, "difference" if report.tables else "stop")
        yield Action(f"Look at {what} under Findings, and resolve what they say")
    if report.tables:
        yield from _before_the_switch(report, migrate)
    elif high:
        yield Action("Look at the whole plan", f"{migrate} --plan")
    else:
        yield Action(
            "Rehearse it: all of it, on a server that is gone afterwards", f"{migrate} --rehearse"
        )
    if report.tables and is_rehearsal(report) and not high:
        yield Action(_MOVE, f"{migrate} '<URL>'")


def _before_the_switch(report: Report, migrate: str) -> Iterator[Action]:
    medium = sum(finding.severity == "medium" for finding in report.findings)
    if medium:
        what = counted(medium, "finding")
        yield Action(f"Go through {what} of medium severity before the switch")
    if report.queries is None:
        again = "--rehearse" if is_rehearsal(report) else "'<URL>' --verify-only"
        yield Action(
            "Try the application's recorded queries on PostgreSQL",
            f"{migrate} {again} --check-queries '<recording>.jsonl'",
        )


def _sections(report: Report) -> Iterator[Section | None]:
    yield findings_section(report, _FINDINGS_BYTES)
    yield _tables(report.tables or ())
    yield queries_section(report.queries)
    yield _types(report.columns)
    yield schema_section(report)
    yield health_section(report.health)
    yield open_section((*report.not_checked, *_not_compared(report)))
    # The first note of a plan is its verdict, and that of a rehearsal is in it.
    said = {REHEARSED} if report.tables else set(report.notes[:1])
    yield notes_section(tuple(note for note in report.notes if note not in said))
    yield _next(report)
    yield environment_section(report.environment, report.source)


def _tables(tables: tuple[TableOutcome, ...]) -> Section | None:
    if not tables:
        return None
    columns = tuple(_table_columns(tables))
    rows = fitting(
        (tuple(column.cell(table) for column in columns) for table in tables), _TABLES_BYTES
    )
    said = "What became of each table, and how its rows were compared"
    table = Table(said, tuple(column.column for column in columns), rows)
    left = len(tables) - len(rows)
    more = (Text((f"And {left:,} more tables: they are in the JSON.",)),) if left else ()
    return Section("verification", "Tables and their verification", (table, *more))


@dataclass(frozen=True)
class _TableColumn:
    column: Column
    cell: Callable[[TableOutcome], Cell]


def _table_columns(tables: tuple[TableOutcome, ...]) -> Iterator[_TableColumn]:
    """Yield the columns; those that would say nothing of any table are left out."""
    yield _TableColumn(Column("table", "code"), lambda table: Cell(table.source))
    if any(table.target != table.source for table in tables):
        yield _TableColumn(Column("in PostgreSQL", "code"), lambda table: Cell(table.target))
    yield _TableColumn(Column("rows", "number"), lambda table: count_cell(table.rows))
    yield _TableColumn(Column("verified"), _verified)
    yield _TableColumn(
        Column("compared"), lambda table: Cell(_METHODS.get(table.method, table.method))
    )
    if any(table.rejected for table in tables):
        yield _TableColumn(Column("kept back", "number"), _rejected)
    yield _TableColumn(Column("size", "number"), lambda table: size_cell(table.size_bytes))
    yield _TableColumn(
        Column("other types", "number"), lambda table: count_cell(table.type_changes)
    )
    yield _TableColumn(
        Column("keys, indexes, checks", "number"), lambda table: count_cell(table.objects)
    )
    yield _TableColumn(Column("time", "number"), lambda table: duration_cell(table.seconds * 1e9))


def _verified(table: TableOutcome) -> Cell:
    tone: Tone = "good" if table.verified else "bad"
    if table.method == "none":
        tone = "neutral"
    return Cell("yes" if table.verified else "NO", tone=tone)


def _rejected(table: TableOutcome) -> Cell:
    return count_cell(table.rejected, "warning" if table.rejected else "neutral")


def _types(columns: tuple[ColumnDecision, ...] | None) -> Section | None:
    """Return what each column becomes, a table behind a line each."""
    if not columns:
        return None
    groups = [(name, tuple(group)) for name, group in groupby(columns, lambda c: c.table)]
    names = anchors("type-of", (name for name, _ in groups))
    details = [
        Details(_counted(table, own), (_decisions(table, own),), name)
        for name, (table, own) in zip(names, groups, strict=True)
    ]
    shown = fitting(details, _TYPES_BYTES)
    said = "Types are chosen from what the columns really hold, not from what they declare."
    blocks: list[Block] = [Text((said,)), *shown]
    left = len(details) - len(shown)
    if left:
        blocks.append(Text((f"The columns of {left:,} more tables are in the JSON.",)))
    return Section("types", "Type decisions", tuple(blocks))


def _counted(table: str, columns: tuple[ColumnDecision, ...]) -> str:
    converted = sum(bool(column.conversion) for column in columns)
    more = f", {converted:,} of them converted" if converted else ""
    return f"{table}: {counted(len(columns), 'column')}{more}"


def _decisions(table: str, columns: tuple[ColumnDecision, ...]) -> Table:
    rows = tuple(
        (
            Cell(column.column),
            Cell(column.declared or "(none)"),
            Cell(f"{column.type}{' not null' if column.not_null else ''}"),
            Cell(column.reason),
            Cell(column.conversion),
        )
        for column in columns
    )
    return Table(
        f"Columns of {table}",
        (
            Column("column", "code"),
            Column("declared", "code"),
            Column("PostgreSQL", "code"),
            Column("why"),
            Column("stored values"),
        ),
        rows,
    )


def _not_compared(report: Report) -> Iterator[str]:
    methods = {table.method for table in report.tables or ()}
    for word, said in _NOT_CHECKED_METHODS.items():
        names = [t.source for t in report.tables or () if word in t.method]
        if names and any(word in method for method in methods):
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if names[5:] else "")
            yield f"{said} ({shown})"
    if report.tables and report.queries is None:
        yield "No recorded query was tried on PostgreSQL: --check-queries does that."


def _next(report: Report) -> Section | None:
    if not report.tables:
        return None
    database = shlex.quote(report.source.path)
    move = Command(_MOVE, f"dbtune migrate-to-postgres {database} '<URL>'")
    commands = Commands(
        (
            *((move,) if is_rehearsal(report) else ()),
            Command(
                "Once moved, compare again at any time, which changes nothing",
                f"dbtune migrate-to-postgres {database} '<URL>' --verify-only",
            ),
            Command(
                "Send the recorded load to both, side by side",
                f"dbtune bench {database} --queries '<recording>.jsonl' --postgres '<URL>'",
            ),
        )
    )
    back = Text(
        (
            "Before the switch: rewrite the queries that differ or break, and go through the "
            "checklist of dbtune help move-to-postgres. Stop all that "
            "write to the SQLite file while the last migration runs, then set DATABASE_URL.",
            "Going back: the SQLite file is as it was, byte for byte. Set DATABASE_URL to it "
            "again; what was written to PostgreSQL meanwhile is not in it.",
        )
    )
    return Section("next", "Next, and back", (commands, back))
