"""The numbers of a chart as a table, to be read, copied and sorted."""

from __future__ import annotations

from dbtune.model.page import (
    Bar,
    BarChart,
    Cell,
    Column,
    Histogram,
    LineChart,
    SchemaMap,
    ShareChart,
    Table,
)

_INDEX_STATES = {"existing": "there", "new": "new", "dropped": "dropped"}


def numbers_of(
    chart: BarChart | ShareChart | Histogram | LineChart | SchemaMap,
) -> Table:
    """Return what a chart shows as a table with its title, a row for each thing drawn."""
    if isinstance(chart, BarChart):
        return _bars(chart)
    if isinstance(chart, ShareChart):
        return _shares(chart)
    if isinstance(chart, Histogram):
        return _histogram(chart)
    if isinstance(chart, LineChart):
        return _lines(chart)
    return _schema(chart)


def _bars(chart: BarChart) -> Table:
    if all(bar.after is None for bar in chart.bars):
        rows = tuple((_label(bar), Cell(bar.text_before, value=bar.before)) for bar in chart.bars)
        return Table(chart.title, (Column(""), Column(chart.unit, "number")), rows)
    columns = (
        Column(""),
        Column(f"before ({chart.unit})", "number"),
        Column(f"after ({chart.unit})", "number"),
        Column("change", "number"),
    )
    return Table(chart.title, columns, tuple(_bar_row(bar) for bar in chart.bars))


def _bar_row(bar: Bar) -> tuple[Cell, ...]:
    return (
        _label(bar),
        Cell(bar.text_before, value=bar.before),
        Cell(bar.text_after, value=bar.after),
        Cell(bar.note),
    )


def _label(bar: Bar) -> Cell:
    return Cell(bar.label, anchor=bar.anchor)


def _shares(chart: ShareChart) -> Table:
    rows = tuple(
        (Cell(part.label, anchor=part.anchor), Cell(part.text, value=part.ratio))
        for part in chart.parts
    )
    return Table(chart.title, (Column("part"), Column("share", "number")), rows)


def _histogram(chart: Histogram) -> Table:
    columns = (Column("from"), Column("below"), Column("count", "number"))
    bins = tuple(
        (Cell(bin.from_text), Cell(bin.below_text), Cell(f"{bin.count:,.0f}", value=bin.count))
        for bin in chart.bins
    )
    markers = tuple((Cell(marker.label), Cell(marker.text), Cell("")) for marker in chart.markers)
    return Table(chart.title, columns, bins + markers)


def _lines(chart: LineChart) -> Table:
    columns = (
        Column(chart.x_label, "number"),
        *(Column(series.name, "number") for series in chart.series),
    )
    points = [{point.x: point for point in series.points} for series in chart.series]
    rows = []
    for x in sorted({x for series in points for x in series}):
        cells = (
            Cell(series[x].text, value=series[x].y) if x in series else Cell("-")
            for series in points
        )
        rows.append((Cell(f"{x:g}", value=x), *cells))
    return Table(f"{chart.title}: {chart.y_label}", columns, tuple(rows))


def _schema(chart: SchemaMap) -> Table:
    rows = []
    for table in chart.tables:
        rows.append((Cell(table.name), Cell("table"), Cell(table.rows)))
        rows += [
            (
                Cell(table.name),
                Cell(f"index, {_INDEX_STATES[index.state]}"),
                Cell(f"{index.name} ({index.keys})"),
            )
            for index in table.indexes
        ]
        rows += [
            (
                Cell(table.name),
                Cell("foreign key, " + ("indexed" if link.indexed else "not indexed")),
                Cell(f"{link.columns} -> {link.parent}"),
            )
            for link in chart.links
            if link.child == table.name
        ]
    return Table(
        chart.title, (Column("table", "code"), Column("what"), Column("detail")), tuple(rows)
    )
