"""Views as PostgreSQL's, those that read other views after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import View
from dbtune.model.transfer import ViewPlan
from dbtune.postgres.translation.from_clause import Tables
from dbtune.postgres.translation.relations import query_scope
from dbtune.postgres.translation.scope import Scope, fold
from dbtune.postgres.translation.sqlite_syntax import UnreadableSql, parse_statement
from dbtune.postgres.translation.statement_translation import (
    output_plans,
    statement_translator,
    translated_query,
)
from dbtune.postgres.translation.translator import Translation, TranslationOptions
from dbtune.sqlite.tokens import tokenize


@dataclass(frozen=True)
class TranslatedView:
    """A view's SELECT, and what statements see of the view; `scope` is None where it failed."""

    translation: Translation
    scope: Scope | None


@dataclass(frozen=True)
class PlannedViews:
    """Views in the order in which they can be created, and what is said of them all.

    `scopes` are the views as statements see them.
    """

    views: tuple[ViewPlan, ...] = ()
    scopes: tuple[Scope, ...] = ()
    findings: tuple[Finding, ...] = ()


def translate_view(
    view: View,
    scopes: Sequence[Scope],
    options: TranslationOptions | None = None,
    target: str | None = None,
) -> TranslatedView:
    """Return the SELECT of a view over planned tables and views; its columns keep their names."""
    body = view_select(view.sql)
    if body is None:
        return TranslatedView(Translation(None, ("not readable: it has no SELECT",)), None)
    try:
        parsed = parse_statement(body)
    except UnreadableSql as error:
        return TranslatedView(Translation(None, (f"not readable: {error}",)), None)
    tables = Tables({fold(scope.source): scope for scope in scopes})
    t = statement_translator(parsed, tables, options)
    query = translated_query(t, parsed, tables, view.columns)
    if t.parameters:
        t.problem("a view has no parameters")
    if not view.columns:
        t.problem("SQLite itself cannot read it")
    translation = t.result(query.sql, ordered=query.ordered, outputs=output_plans(query))
    if translation.sql is None:
        return TranslatedView(translation, None)
    return TranslatedView(translation, query_scope(view.name, target or view.name, query.outputs))


def plan_views(
    views: Sequence[View],
    scopes: Sequence[Scope],
    options: TranslationOptions | None = None,
    names: Mapping[str, str] | None = None,
) -> PlannedViews:
    """Translate all views; one that reads another view comes after it.

    `names` are the views' names on PostgreSQL by their names in SQLite. A view that does not
    translate is a finding whose subject is its name.
    """
    known = list(scopes)
    waiting = list(views)
    planned: list[ViewPlan] = []
    findings: list[Finding] = []
    made: list[Scope] = []
    failed: dict[str, Translation] = {}
    progress = True
    while waiting and progress:
        progress = False
        for view in tuple(waiting):
            target = (names or {}).get(view.name, view.name)
            found = translate_view(view, known, options, target)
            failed[view.name] = found.translation
            if found.scope is None or found.translation.sql is None:
                continue
            waiting.remove(view)
            progress = True
            known.append(found.scope)
            made.append(found.scope)
            planned.append(ViewPlan(view.name, target, found.translation.sql, view.sql))
            findings += _differences(view, found.translation)
    findings += [_not_created(view, failed[view.name]) for view in waiting]
    return PlannedViews(tuple(planned), tuple(made), tuple(findings))


def view_select(sql: str) -> str | None:
    """Return the SELECT of CREATE VIEW, None where there is none."""
    depth = 0
    for token in tokenize(sql):
        if token.kind == "symbol":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.is_word("AS"):
            return sql[token.end :].strip().rstrip(";") or None
    return None


def _not_created(view: View, translation: Translation) -> Finding:
    why = "; ".join(translation.problems)
    return Finding(
        code="view-not-translated",
        severity="medium",
        subject=view.name,
        message=f"the view {view.name} is not created on PostgreSQL: {why}",
        evidence=(Evidence("sql", view.sql), Evidence("problems", translation.problems)),
        help="write it anew for PostgreSQL; its SQL is in the report",
    )


def _differences(view: View, translation: Translation) -> list[Finding]:
    if not translation.differences:
        return []
    return [
        Finding(
            code="view-differs",
            severity="info",
            subject=view.name,
            message=f"the view {view.name} is not quite the same: "
            + "; ".join(translation.differences),
            evidence=(Evidence("differences", translation.differences),),
            help="compare its rows where this matters to the application",
        )
    ]
