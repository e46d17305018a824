"""A MigrationPlan as a person reads it: each table's columns, objects, warnings and stops."""

from __future__ import annotations

from collections.abc import Iterator

from tabulate import tabulate

from dbtune.model.transfer import ColumnPlan, ForeignKeyPlan, MigrationPlan, TablePlan
from dbtune.report.plain_text import display_width, printable, wrap_text
from dbtune.report.quantities import format_duration, format_size
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.findings_text import finding_sections
from dbtune.report.terminal.low_screen import with_first_again
from dbtune.report.wording.counted import counted

_PROSE_WIDTH = 100
_MIN_REASON = 24
# A word of a type; wrapping never breaks one.
_MIN_COLUMN = 12
_GAP = "  "
_HEADERS = ("column", "declared", "PostgreSQL", "why")


def plan_to_terminal(
    plan: MigrationPlan, *, width: int, color: bool, height: int | None = None
) -> str:
    """Return the plan as text of `width` columns where names allow it, ending in a line break.

    On a screen of `height` lines that is too low for it, its first lines come again at the end.
    """
    colors = Colors(color)
    prose = min(width, _PROSE_WIDTH)
    first = [
        *(colors.bold(line) for line in wrap_text(_headline(plan), prose)),
        *_verdict(plan, prose, colors),
    ]
    sections = [
        first,
        *(_table(table, width, colors) for table in plan.tables),
        _views(plan, prose, colors),
        *finding_sections((*plan.stops, *plan.warnings), plan.source_path, prose, colors),
    ]
    text = "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"
    return with_first_again(text, first, height)


def _headline(plan: MigrationPlan) -> str:
    tables, rows = len(plan.tables), sum(table.rows for table in plan.tables)
    size = sum(table.size_bytes for table in plan.tables)
    version = plan.target.server_version // 10000
    return (
        f"{plan.source_path} to PostgreSQL {version}, schema {plan.schema_name}: "
        f"{counted(tables, 'table')}, {counted(rows, 'row')}, {format_size(size)}."
    )


def _table(table: TablePlan, width: int, colors: Colors) -> list[str]:
    renamed = "" if table.source == table.target else f" -> {table.target}"
    told = f"{table.source}{renamed}: {table.rows:,} rows, {format_size(table.size_bytes)}"
    head = [colors.bold(line) for line in wrap_text(told, width, "", "  ")]
    cells = [_column(column) for column in table.columns]
    most = [max(display_width(row[i]) for row in (_HEADERS, *cells)) for i in range(3)]
    widths = _fitting(most, width - _MIN_REASON - 3 * len(_GAP))
    widths.append(max(_MIN_REASON, width - sum(widths) - 3 * len(_GAP)))
    rows = [
        ["\n".join(wrap_text(text, room)) for text, room in zip(row, widths, strict=True)]
        for row in cells
    ]
    # As a header it would be padded by two columns that a narrow terminal has not got.
    body = tabulate([list(_HEADERS), *rows], tablefmt="plain", disable_numparse=True)
    lines = [line.rstrip() for line in body.splitlines()]
    return [*head, *lines, *_objects(table, width)]


def _fitting(widths: list[int], room: int) -> list[int]:
    """Return widths that fit into the room: the widest columns give way, down to a word."""
    fitting = list(widths)
    while sum(fitting) > room and max(fitting) > _MIN_COLUMN:
        fitting[fitting.index(max(fitting))] -= 1
    return fitting


def _column(column: ColumnPlan) -> tuple[str, str, str, str]:
    name = printable(column.source)
    if column.target != column.source:
        name = f"{name} -> {printable(column.target)}"
    kind = column.pg_type
    if column.identity:
        kind += " identity"
    if column.not_null:
        kind += " not null"
    if column.generated_sql is not None:
        kind += " generated"
    elif column.default_sql is not None:
        kind += f" default {printable(column.default_sql)}"
    return name, printable(column.declared_type) or "(none)", kind, column.reason


def _objects(table: TablePlan, width: int) -> Iterator[str]:
    told = []
    if table.primary_key:
        told.append(f"primary key ({', '.join(table.primary_key)})")
    for index in table.indexes:
        kind = "unique" if index.unique else "index"
        where = f" where {index.where_sql}" if index.where_sql else ""
        told.append(f"{kind} {index.target} ({', '.join(index.keys)}){where}")
    told += [f"check {check.target}: {check.sql}" for check in table.checks]
    told += [_foreign_key(key) for key in table.foreign_keys]
    for text in told:
        yield from wrap_text(text, width, "  ", "    ")


def _foreign_key(key: ForeignKeyPlan) -> str:
    state = "" if key.validated else ", not valid"
    return (
        f"foreign key {key.target} ({', '.join(key.columns)}) references "
        f"{key.referenced_table} ({', '.join(key.referenced_columns)}){state}"
    )


def _views(plan: MigrationPlan, width: int, colors: Colors) -> list[str]:
    if not plan.views:
        return []
    names = ", ".join(view.target for view in plan.views)
    return [colors.bold("Views"), *wrap_text(names, width, "  ")]


def _verdict(plan: MigrationPlan, width: int, colors: Colors) -> list[str]:
    if plan.stops:
        stops = counted(len(plan.stops), "stop")
        said = f"{stops}: nothing is written until each is resolved as its help says."
        return [colors.severity("high", line) for line in wrap_text(said, width)]
    estimate = ""
    if plan.estimated_seconds is not None:
        estimate = f" About {format_duration(plan.estimated_seconds * 1e9)}."
    count = len(plan.warnings)
    told = f"{count} things to know" if count != 1 else "one thing to know"
    said = f"Nothing stops this migration; {told}.{estimate}"
    return [colors.good(line) for line in wrap_text(said, width)]
