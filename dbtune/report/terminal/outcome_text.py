"""What became of each table of a migration, as a table of tables."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.model.advice import Report, TableOutcome
from dbtune.report.plain_text import printable, wrap_text
from dbtune.report.quantities import format_duration, format_size
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.text_table import draw_table
from dbtune.report.wording.conclusion import counted_tables, migration_conclusion

_HEADERS = ("rows", "size", "rejected", "types", "objects", "verified", "time", "table")
# What a narrow terminal goes without, and what is only said where there is any.
_LEFT_OUT = ("size", "types", "time")
_RARE = ("rejected", "types")
_WIDE = 80


def outcome_lines(report: Report, width: int, colors: Colors) -> list[str]:
    """Return the verdict, a line a table and one of sums; empty for other commands' reports."""
    tables = report.tables
    if not tables:
        return []
    rows = [*map(_cells, tables), _sums(tables)]
    shown = [
        index
        for index, name in enumerate(_HEADERS[:-1])
        if (width >= _WIDE or name not in _LEFT_OUT)
        and (name not in _RARE or any(row[index] for row in rows))
    ]
    drawn = draw_table(
        [*(_HEADERS[index] for index in shown), _HEADERS[-1]],
        [[row[index] for index in shown] for row in rows],
        [row[-1] for row in rows],
        width,
        colors,
        left=("verified",),
    )
    return [*_verdict(report, width, colors), "", *drawn]


def _verdict(report: Report, width: int, colors: Colors) -> list[str]:
    """Return whether all is moved, in a line: it must not scroll away."""
    said = migration_conclusion(report)
    lines = wrap_text(said.head, width)
    if said.tone == "bad":
        return [colors.severity("high", line) for line in lines]
    return [colors.good(line) for line in lines]


def _cells(table: TableOutcome) -> Sequence[str]:
    name = printable(table.source)
    if table.target != table.source:
        name = f"{name} -> {printable(table.target)}"
    return (
        f"{table.rows:,}",
        format_size(table.size_bytes),
        _if_any(table.rejected),
        _if_any(table.type_changes),
        f"{table.objects:,}",
        f"yes, {printable(table.method)}" if table.verified else "NO",
        format_duration(table.seconds * 1e9),
        name,
    )


def _sums(tables: tuple[TableOutcome, ...]) -> Sequence[str]:
    verified = sum(table.verified for table in tables)
    return (
        f"{sum(table.rows for table in tables):,}",
        format_size(sum(table.size_bytes for table in tables)),
        _if_any(sum(table.rejected for table in tables)),
        _if_any(sum(table.type_changes for table in tables)),
        f"{sum(table.objects for table in tables):,}",
        f"{verified} of {len(tables)}",
        format_duration(sum(table.seconds for table in tables) * 1e9),
        counted_tables(tables),
    )


def _if_any(count: int) -> str:
    return f"{count:,}" if count else ""
