"""What became of each table of a migration, as a table of tables."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from dbtune.model.advice import TableOutcome
from dbtune.report.quantities import format_size
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.text import display_width, printable, shorten, wrap_text
from dbtune.report.wording.conclusion import counted_tables, migration_conclusion

_HEADERS = ("table", "rows", "size", "rejected", "types", "objects", "verified", "seconds")
_ALIGN = ("left", "right", "right", "right", "right", "right", "left", "right")
# What the other columns need, and those that a narrow terminal goes without.
_OTHERS = 64
_OTHERS_NARROW = 44
_LEFT_OUT = ("size", "types", "seconds")
_WIDE = 80
_MIN_NAME = 12


def outcome_lines(tables: tuple[TableOutcome, ...] | None, width: int, colors: Colors) -> list[str]:
    """Return the verdict, a line a table and one of sums; empty for other commands' reports."""
    if not tables:
        return []
    wide = width >= _WIDE
    longest = max(_MIN_NAME, width - (_OTHERS if wide else _OTHERS_NARROW))
    shown = [i for i, name in enumerate(_HEADERS) if wide or name not in _LEFT_OUT]
    rows = [*(_cells(table, longest) for table in tables), _sums(tables)]
    text = tabulate(
        [[row[i] for i in shown] for row in rows],
        headers=[_HEADERS[i] for i in shown],
        tablefmt="simple",
        colalign=[_ALIGN[i] for i in shown],
        disable_numparse=True,
    )
    return [*_verdict(tables, width, colors), "", *(line.rstrip() for line in text.splitlines())]


def _verdict(tables: tuple[TableOutcome, ...], width: int, colors: Colors) -> list[str]:
    """Return whether all is moved, in a line: it must not scroll away."""
    said = migration_conclusion(tables)
    lines = wrap_text(said.head, width)
    if said.tone == "bad":
        return [colors.severity("high", line) for line in lines]
    return [colors.good(line) for line in lines]


def _cells(table: TableOutcome, longest: int) -> Sequence[str]:
    name = printable(table.source)
    if table.target != table.source:
        name = f"{name} -> {printable(table.target)}"
    if display_width(name) > longest:
        name = shorten(name, longest)
    return (
        name,
        f"{table.rows:,}",
        format_size(table.size_bytes),
        f"{table.rejected:,}" if table.rejected else "",
        f"{table.type_changes}" if table.type_changes else "",
        f"{table.objects}",
        f"yes, {table.method}" if table.verified else "NO",
        f"{table.seconds:.2f}",
    )


def _sums(tables: tuple[TableOutcome, ...]) -> Sequence[str]:
    verified = sum(table.verified for table in tables)
    return (
        counted_tables(tables),
        f"{sum(table.rows for table in tables):,}",
        format_size(sum(table.size_bytes for table in tables)),
        f"{sum(table.rejected for table in tables):,}",
        f"{sum(table.type_changes for table in tables)}",
        f"{sum(table.objects for table in tables)}",
        f"{verified} of {len(tables)}",
        f"{sum(table.seconds for table in tables):.2f}",
    )
