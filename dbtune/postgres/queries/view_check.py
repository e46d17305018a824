"""Views with their rows on both sides: a translated SELECT proves itself by what it returns."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from dbtune.model.query_check import ViewCheck
from dbtune.model.schema import View
from dbtune.model.transfer import MigrationPlan, ViewPlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.queries.query_sides import (
    Connection,
    SideFailure,
    SideRows,
    SourceSide,
    TargetSide,
)
from dbtune.postgres.queries.result_compare import canonical_rows, first_difference, likeness
from dbtune.postgres.translation.relations import COMPUTED
from dbtune.postgres.translation.scope import Scope, table_scope
from dbtune.postgres.translation.translator import OutputPlan
from dbtune.postgres.translation.views import plan_views


def check_views(
    source: sqlite3.Connection, target: Connection, schema: str, plan: MigrationPlan
) -> tuple[ViewCheck, ...]:
    """Compare the rows of each planned view in the source and in a schema of the target.

    Nothing is changed on either side. Rows beyond 20,000 are only counted.
    """
    if not plan.views:
        return ()
    ours, theirs = SourceSide(source), TargetSide(target, schema)
    try:
        scopes = view_scopes(ours, plan)
        outputs = {scope.source: _outputs(scope) for scope in scopes}
        return tuple(
            _check(ours, theirs, view, outputs.get(view.source, ())) for view in plan.views
        )
    finally:
        ours.release()


def view_scopes(source: SourceSide, plan: MigrationPlan) -> tuple[Scope, ...]:
    """Return the planned views as statements see them."""
    views = [
        View(view.source, source.view_columns(view.source), view.source_sql) for view in plan.views
    ]
    names = {view.source: view.target for view in plan.views}
    return plan_views(views, tuple(map(table_scope, plan.tables)), names=names).scopes


def _outputs(scope: Scope) -> tuple[OutputPlan, ...]:
    return tuple(
        OutputPlan(column.source, extracted=column.conversion == "jsonb")
        if column.reason == COMPUTED
        else OutputPlan(column.source, column.conversion)
        for column in scope.columns
    )


def _check(
    source: SourceSide, target: TargetSide, view: ViewPlan, outputs: Sequence[OutputPlan]
) -> ViewCheck:
    try:
        mine = source.run(f"SELECT * FROM {quote_name(view.source)}", ())
    except SideFailure as error:
        return ViewCheck(view.source, "not-compared", detail=str(error))
    try:
        other = target.run(f"SELECT * FROM {quote_name(view.target)}", ())
        if not (mine.whole and other.whole):
            return _counted(source, target, view)
    except SideFailure as error:
        return ViewCheck(view.source, "not-compared", len(mine.rows), str(error))
    return _compared(view, mine, other, outputs)


def _compared(
    view: ViewPlan, mine: SideRows, other: SideRows, outputs: Sequence[OutputPlan]
) -> ViewCheck:
    rows = canonical_rows(mine.rows, other.rows, other.types, outputs)
    count = len(mine.rows)
    if likeness(rows, ordered=False) == "same":
        return ViewCheck(view.source, "same", count)
    return ViewCheck(view.source, "differs", count, first_difference(rows, ordered=False))


def _counted(source: SourceSide, target: TargetSide, view: ViewPlan) -> ViewCheck:
    counts = [
        side.rows[0][0]
        for side in (
            source.run(f"SELECT count(*) FROM {quote_name(view.source)}", ()),
            target.run(f"SELECT count(*) FROM {quote_name(view.target)}", ()),
        )
    ]
    if counts[0] == counts[1]:
        return ViewCheck(view.source, "same", counts[0], "its rows were counted only")
    detail = f"{counts[0]:,} rows in SQLite, {counts[1]:,} on PostgreSQL"
    return ViewCheck(view.source, "differs", counts[0], detail)
