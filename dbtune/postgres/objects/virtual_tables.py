"""Virtual tables: their modules exist in SQLite only; what lives only in them is named."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import Schema, Table, fold_name
from dbtune.postgres.objects.source_facts import SourceFacts
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.declarations import virtual_module

_FULL_TEXT = {"fts3", "fts4", "fts5"}
_TREES = {"rtree", "rtree_i32", "geopoly"}
_CONTENT = re.compile(r"\bcontent\s*=\s*(?P<name>'[^']*'|\"[^\"]*\"|[^\s,)]*)", re.IGNORECASE)


def report_virtual_tables(schema: Schema, facts: SourceFacts) -> tuple[Finding, ...]:
    """Return a finding for each virtual table, and for shadow tables that belong to none."""
    virtual = tuple(table for table in schema.tables if table.kind == "virtual")
    shadows = tuple(table for table in schema.tables if table.kind == "shadow")
    owned = {table.name for owner in virtual for table in _shadows_of(owner, shadows)}
    return tuple(_finding(table, shadows, facts) for table in virtual) + tuple(
        _orphaned(table) for table in shadows if table.name not in owned
    )


def _finding(table: Table, shadows: Iterable[Table], facts: SourceFacts) -> Finding:
    own = tuple(shadow.name for shadow in _shadows_of(table, shadows))
    module = virtual_module(table.sql) or "unknown"
    rows = facts.virtual_rows(table.name)
    kept = f" Its tables {', '.join(own)} are not copied either." if own else ""
    return Finding(
        code="virtual-table",
        severity="medium",
        subject=table.name,
        message=f"{table.name} is a virtual table ({module}) and does not move: "
        f"{_what_is_lost(table, module, rows)}.{kept}",
        evidence=(Evidence("module", module), Evidence("rows", rows), Evidence("sql", table.sql)),
        help=_help(table, module),
    )


def _what_is_lost(table: Table, module: str, rows: int | None) -> str:
    if rows is None:
        lost = "what it holds lives only there and is not carried"
    elif not rows:
        lost = "it is empty"
    elif rows == 1:
        lost = "its 1 row lives only there and is not carried"
    else:
        lost = f"its {rows:,} rows live only there and are not carried"
    if module in _FULL_TEXT:
        content = _external_content(table.sql)
        if content == "":
            return "it holds a search index without texts"
        if content is not None:
            return f'it is a search index over "{content}", and holds no texts of its own'
    return lost


def _help(table: Table, module: str) -> str:
    name = quote_identifier(f"{table.name}_rows")
    carry = (
        f"To carry its contents, copy them into a table first: CREATE TABLE {name} AS SELECT "
        f"rowid AS id, * FROM {quote_identifier(table.name)}"
    )
    if module in _FULL_TEXT:
        search = "On PostgreSQL a GIN index over to_tsvector(...) or pg_trgm searches texts."
        return search if _external_content(table.sql) is not None else f"{carry}. {search}"
    if module in _TREES:
        return f"{carry}. On PostgreSQL a GiST index over box or PostGIS searches ranges."
    return f"{carry}."


def _external_content(sql: str) -> str | None:
    """Return the table that FTS takes its texts from, "" for contentless, None for its own."""
    found = _CONTENT.search(sql)
    return None if found is None else found["name"].strip("'\"`[]")


def _shadows_of(owner: Table, shadows: Iterable[Table]) -> tuple[Table, ...]:
    prefix = fold_name(f"{owner.name}_")
    return tuple(table for table in shadows if fold_name(table.name).startswith(prefix))


def _orphaned(table: Table) -> Finding:
    return Finding(
        code="virtual-table",
        severity="medium",
        subject=table.name,
        message=(
            f"{table.name} belongs to a virtual table's module that is not loaded or not there, "
            "and is not carried."
        ),
        evidence=(Evidence("sql", table.sql),),
        help="Rename the table in SQLite if it is an ordinary one.",
    )
