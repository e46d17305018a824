"""The schema as a map of tables, keys and indexes, and the requests that use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.advice import Report
from dbtune.model.overview import TableOverview
from dbtune.model.page import (
    Block,
    Cell,
    Column,
    MapIndex,
    MapLink,
    MapTable,
    SchemaMap,
    Section,
    Table,
    Text,
)
from dbtune.model.schema import fold_name
from dbtune.model.workload import RouteQueries
from dbtune.report.pages.cells import count_cell
from dbtune.report.pages.index_sections import index_keys
from dbtune.report.quantities import format_count
from dbtune.report.wording.counted import counted

# More tables than this nobody takes in at a glance.
_TABLES = 30
_ROUTES = 60
_DROPS = frozenset({"unused-index", "duplicate-index", "redundant-prefix-index"})


def schema_section(report: Report) -> Section | None:
    """Return the map; tables that findings or keys are about come first where there are many."""
    if not report.overview:
        return None
    new, dropped = _new_indexes(report), _dropped_indexes(report)
    shown = _chosen(report.overview, new, dropped)
    names = {fold_name(table.name): table.name for table in shown}
    links = tuple(_links(shown, names, _new_keys(report)))
    tables = tuple(_map_table(table, new, dropped) for table in shown)
    blocks: list[Block] = [
        SchemaMap("Tables, foreign keys and indexes", _summary(tables, links), tables, links)
    ]
    left = len(report.overview) - len(shown)
    if left:
        words = f"Left out are {left:,} more tables, which no finding or larger table is about"
        blocks.append(Text((f"{words}: they are in the JSON.",)))
    return Section("schema", "Schema", tuple(blocks))


def routes_section(routes: tuple[RouteQueries, ...]) -> Section | None:
    """Return how many queries the requests of each route sent, the most in all first."""
    if not routes:
        return None
    ordered = sorted(routes, key=lambda route: (-route.queries, route.route))
    rows = tuple(
        (
            Cell(route.route),
            count_cell(route.requests),
            count_cell(route.queries),
            count_cell(route.queries / route.requests if route.requests else None),
            count_cell(route.most),
        )
        for route in ordered[:_ROUTES]
    )
    table = Table(
        "Queries that the requests of each route sent",
        (
            Column("route", "code"),
            Column("requests", "number"),
            Column("queries", "number"),
            Column("a request", "number"),
            Column("at most", "number"),
        ),
        rows,
    )
    left = len(ordered) - len(rows)
    more = (Text((f"And {left:,} more routes: they are in the JSON.",)),) if left else ()
    return Section("routes", "Routes", (table, *more))


def _new_indexes(report: Report) -> Mapping[str, tuple[MapIndex, ...]]:
    """Return the indexes that are recommended, or were applied, by their table's folded name."""
    found: dict[str, tuple[MapIndex, ...]] = {}
    for finding in report.findings:
        change = finding.change
        if finding.code != "missing-index" or change is None or change.index is None:
            continue
        table = fold_name(change.index.table)
        index = MapIndex(
            change.index_name or finding.subject,
            index_keys(change.index.terms, change.index.where),
            "new",
        )
        found[table] = (*found.get(table, ()), index)
    return found


def _dropped_indexes(report: Report) -> frozenset[str]:
    """Return the folded names of indexes that findings propose to drop."""
    changes = (found.change for found in report.findings if found.code in _DROPS)
    names = (change.index_name for change in changes if change is not None)
    return frozenset(fold_name(name) for name in names if name is not None)


def _chosen(
    tables: tuple[TableOverview, ...],
    new: Mapping[str, tuple[MapIndex, ...]],
    dropped: frozenset[str],
) -> tuple[TableOverview, ...]:
    parents = {fold_name(key.parent) for table in tables for key in table.foreign_keys}

    def place(table: TableOverview) -> tuple[bool, bool, int, str]:
        name = fold_name(table.name)
        goes = any(fold_name(index.name) in dropped for index in table.indexes)
        linked = bool(table.foreign_keys) or name in parents
        return not (name in new or goes), not linked, -table.rows, table.name

    return tuple(sorted(tables, key=place)[:_TABLES])


def _map_table(
    table: TableOverview, new: Mapping[str, tuple[MapIndex, ...]], dropped: frozenset[str]
) -> MapTable:
    there = {index.name for index in table.indexes}
    existing = tuple(
        MapIndex(
            index.name,
            index_keys(index.terms, index.where),
            "dropped" if fold_name(index.name) in dropped else "existing",
        )
        for index in table.indexes
        if not index.constraint
    )
    # What was applied before the overview was made is there already.
    added = tuple(i for i in new.get(fold_name(table.name), ()) if i.name not in there)
    return MapTable(table.name, _rows(table), (*existing, *added))


def _rows(table: TableOverview) -> str:
    if table.kind == "virtual":
        return "virtual"  # nobody counts its rows
    counted = "1 row" if table.rows == 1 else f"{format_count(table.rows)} rows"
    return counted if table.exact else f"about {counted}"


def _new_keys(report: Report) -> frozenset[tuple[str, frozenset[str]]]:
    """Return which columns of which tables new indexes begin with, names folded."""
    indexes = (
        found.change.index
        for found in report.findings
        if found.code == "missing-index" and found.change is not None
    )
    return frozenset(
        (fold_name(index.table), frozenset(map(fold_name, index.terms[:length])))
        for index in indexes
        # One for some rows only is none for a foreign key.
        if index is not None and index.where is None
        for length in range(1, len(index.terms) + 1)
    )


def _links(
    shown: tuple[TableOverview, ...],
    names: Mapping[str, str],
    new_keys: frozenset[tuple[str, frozenset[str]]],
) -> Iterator[MapLink]:
    for table in shown:
        for key in table.foreign_keys:
            parent = names.get(fold_name(key.parent))
            if parent is not None:
                own = (fold_name(table.name), frozenset(map(fold_name, key.columns)))
                indexed = key.indexed or own in new_keys
                yield MapLink(table.name, parent, ", ".join(key.columns), indexed)


def _summary(tables: tuple[MapTable, ...], links: tuple[MapLink, ...]) -> str:
    states = [index.state for table in tables for index in table.indexes]
    unindexed = sum(not link.indexed for link in links)
    parts = [
        counted(len(tables), "table"),
        counted(len(links), "foreign key")
        + (f", {unindexed:,} of them without an index" if unindexed else ""),
        counted(states.count("existing"), "index that stays", "indexes that stay"),
    ]
    for state, words in (("new", "new"), ("dropped", "to drop")):
        if state in states:
            parts.append(f"{states.count(state):,} {words}")
    return f"{'; '.join(parts)}."
