"""The application's recorded statements on both databases: which break, which give other rows.

A statement is translated as an application's own layer would send it to PostgreSQL: with types
and functions mended, but with PostgreSQL's order of texts and NULLs and its LIKE. Where the rows
then differ, the exact translation tells why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.query_check import DifferenceReason, QueryCheck, SequentialScan
from dbtune.model.transfer import MigrationPlan
from dbtune.model.workload import Parameters, QueryShape, Sample, Workload
from dbtune.postgres.queries.query_causes import explain_difference
from dbtune.postgres.queries.query_sides import (
    SideFailure,
    SideRows,
    SourceSide,
    TargetSide,
    open_sides,
)
from dbtune.postgres.queries.result_compare import canonical_rows, first_difference, likeness
from dbtune.postgres.queries.view_check import view_scopes
from dbtune.postgres.translation.parameters import UnfitValue, bound_values
from dbtune.postgres.translation.scope import Scope, table_scope
from dbtune.postgres.translation.statement_translation import translate_statement
from dbtune.postgres.translation.translator import Translation, TranslationOptions
from dbtune.sqlite.copies.scratch import ScratchCopy
from dbtune.sqlite.tokens import tokenize
from dbtune.workload.binding import bind

STAGE = "Checking queries"

# Below it a sequential scan is what PostgreSQL should do.
SCAN_ROWS = 1_000
_VARYING = ("RANDOM", "RANDOMBLOB", "CHANGES", "LAST_INSERT_ROWID", "TOTAL_CHANGES")


@dataclass(frozen=True)
class _Sides:
    """All that checking a shape needs."""

    source: SourceSide
    target: TargetSide
    scopes: tuple[Scope, ...]
    plan: MigrationPlan
    sampled: bool

    def translate(self, text: str, parameters: Parameters, *exact: str) -> Translation:
        """Return a statement with these of the exact options, as the application's otherwise."""
        options = TranslationOptions(
            server_version=self.target.server_version,
            byte_order="byte_order" in exact,
            nulls_order="nulls_order" in exact,
            ignore_case="ignore_case" in exact,
        )
        return translate_statement(text, self.scopes, options, parameters)


def check_queries(
    copy: ScratchCopy,
    conninfo: str,
    workload: Workload,
    plan: MigrationPlan,
    on_event: OnEvent = ignore_event,
) -> tuple[QueryCheck, ...]:
    """Check each recorded shape on a copy of the source and on the migrated target.

    Reads run on both, in READ ONLY transactions on the target, and their rows are compared;
    writes are only prepared and explained. Raises TargetError and SourceError where a side
    cannot be opened.
    """
    checks: list[QueryCheck] = []
    with open_sides(copy.path, conninfo, plan.schema_name) as (source, target):
        sides = _Sides(source, target, _scopes(source, plan), plan, bool(copy.sampled))
        for shape in workload.shapes:
            on_event(Event(STAGE, len(checks), len(workload.shapes)))
            checks.append(check_shape(sides, shape))
    on_event(Event(STAGE, len(checks), len(checks)))
    return tuple(checks)


def check_shape(sides: _Sides, shape: QueryShape) -> QueryCheck:
    """Check the samples of one shape; the first that does not come out the same tells."""
    samples = shape.samples
    if not samples or shape.kind == "other":
        why = "it is neither a read nor a write" if samples else "the recording holds no sample"
        return _blank(shape, why)
    best: QueryCheck | None = None
    for sample in samples:
        found = _check_sample(sides, shape, sample)
        if best is None or _badness(found) > _badness(best):
            best = found
    assert best is not None
    return replace(best, samples=len(samples))


def _blank(shape: QueryShape, why: str) -> QueryCheck:
    text = shape.samples[0].text if shape.samples else shape.template
    return QueryCheck(shape.id, text, shape.kind, shape.count, "not-checked", reasons=(why,))


_ORDER = ("same", "runs", "not-checked", "differs", "untranslated", "breaks")


def _badness(check: QueryCheck) -> int:
    return _ORDER.index(check.status)


def _check_sample(sides: _Sides, shape: QueryShape, sample: Sample) -> QueryCheck:
    bound = bind(sample)
    check = QueryCheck(shape.id, bound.text, shape.kind, shape.count, "not-checked")
    translation = sides.translate(bound.text, bound.parameters)
    check = replace(
        check,
        target_sql=translation.sql,
        differences=translation.differences,
        unchanged_error=_refusal(sides, bound.text),
    )
    if translation.sql is None:
        return replace(check, status="untranslated", reasons=translation.problems)
    try:
        values = bound_values(translation.parameters, bound.parameters)
        nodes = sides.target.explain(translation.sql, values)
    except (SideFailure, UnfitValue) as error:
        return replace(check, status="breaks", reasons=(str(error),))
    scans = tuple(_scans(sides, bound.text, nodes))
    if any(scan.source_index is not None for scan in scans):
        scans = _without_choices(sides, scans, translation.sql, values)
    check = replace(check, status="runs", scans=scans)
    why_not = _not_compared(sides, shape, bound.text, bound.parameters)
    if why_not:
        return replace(check, reasons=(why_not,))
    return _compare(sides, check, translation, bound.parameters, values)


def _refusal(sides: _Sides, text: str) -> str | None:
    try:
        return sides.target.refusal(text)
    except SideFailure as error:
        return str(error)


def _not_compared(
    sides: _Sides, shape: QueryShape, text: str, parameters: Parameters
) -> str | None:
    if shape.kind != "read":
        return "a write is prepared and explained only"
    if parameters is None:
        return "the recording holds no values for it, so it was explained only"
    if sides.sampled:
        return "the copy holds a sample of the rows, so it was explained only"
    if any(token.is_word(*_VARYING) for token in tokenize(text)):
        return "it gives other rows each time, so it was explained only"
    return None


def _compare(
    sides: _Sides,
    check: QueryCheck,
    translation: Translation,
    parameters: Parameters,
    values: Sequence[object],
) -> QueryCheck:
    assert translation.sql is not None
    try:
        mine = sides.source.run(check.text, parameters)
    except SideFailure as error:
        return replace(check, reasons=(str(error),))
    try:
        other = sides.target.run(translation.sql, values)
    except SideFailure as error:
        return replace(check, status="breaks", reasons=(str(error),))
    check = replace(
        check,
        rows=len(mine.rows),
        source_ms=sides.source.median_ms(check.text, parameters, mine),
        target_ms=sides.target.median_ms(translation.sql, values, other),
    )
    if not (mine.whole and other.whole):
        return replace(check, reasons=(f"it returns more than {len(mine.rows):,} rows",))
    rows = canonical_rows(mine.rows, other.rows, other.types, translation.outputs)
    if likeness(rows, ordered=translation.ordered) == "same":
        return replace(check, status="same")
    return _with_causes(
        sides,
        check,
        mine,
        translation,
        parameters,
        first_difference(rows, ordered=translation.ordered),
    )


def _with_causes(
    sides: _Sides,
    check: QueryCheck,
    mine: SideRows,
    translation: Translation,
    parameters: Parameters,
    shown: str,
) -> QueryCheck:
    def rerun(*exact: str) -> tuple[Translation, SideRows | None]:
        found = sides.translate(check.text, parameters, *exact)
        if found.sql is None:
            return found, None
        try:
            values = bound_values(found.parameters, parameters)
            return found, sides.target.run(found.sql, values)
        except (SideFailure, UnfitValue):
            return found, None

    def same_unlimited() -> bool | None:
        return _same_unlimited(sides, check.text, parameters)

    explained = explain_difference(check.text, mine, rerun, same_unlimited)
    reasons = (shown, *(_WORDS[cause] for cause in explained.causes))
    return replace(
        check,
        status="differs",
        causes=explained.causes,
        reasons=reasons,
        exact_sql=explained.exact_sql,
    )


def _same_unlimited(sides: _Sides, text: str, parameters: Parameters) -> bool | None:
    """Return whether both sides give the same rows without LIMIT, in whatever order."""
    longer, values = without_limit(text, parameters)
    translation = sides.translate(longer, values, "byte_order", "nulls_order", "ignore_case")
    if longer == text or translation.sql is None:
        return None
    try:
        mine = sides.source.run(longer, values)
        other = sides.target.run(translation.sql, bound_values(translation.parameters, values))
    except (SideFailure, UnfitValue):
        return None
    if not (mine.whole and other.whole):
        return None
    rows = canonical_rows(mine.rows, other.rows, other.types, translation.outputs)
    return likeness(rows, ordered=False) == "same"


def without_limit(text: str, parameters: Parameters) -> tuple[str, Parameters]:
    """Return a statement without the LIMIT and OFFSET at its end, and the values left."""
    depth, start = 0, None
    for token in tokenize(text):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "symbol" else 0
        if depth == 0 and token.is_word("LIMIT"):
            start = token.start
    if start is None:
        return text, parameters
    if isinstance(parameters, tuple):
        cut = sum(token.text == "?" for token in tokenize(text[start:]))
        parameters = parameters[: len(parameters) - cut]
    return text[:start].rstrip(), parameters


_WORDS: dict[DifferenceReason, str] = {
    "text order": 'texts sort by the database\'s collation; COLLATE "C" sorts as SQLite does',
    "null order": "NULLs sort last in ascending order; NULLS FIRST sorts as SQLite does",
    "letter case": "LIKE minds the case of letters; ILIKE does not",
    "ties in any order": "rows that sort equal come in any order; add a key to ORDER BY",
    "limit without order": "LIMIT without ORDER BY returns any of the rows",
    "text against number": "a value is text on one side and a number on the other",
    "rounding": "numbers differ in their last digits",
    "known difference": "a construct is not quite the same on PostgreSQL",
    "other": "no known reason explains it",
}


def _scans(
    sides: _Sides, text: str, nodes: Sequence[dict[str, object]]
) -> Iterator[SequentialScan]:
    """Yield the tables of some size that PostgreSQL filters or joins by reading them whole."""
    rows = {table.target: (table.source, table.rows) for table in sides.plan.tables}
    searched: dict[str, str] | None = None
    for node in nodes:
        table = rows.get(str(node.get("Relation Name")))
        if node.get("Node Type") != "Seq Scan" or table is None or table[1] < SCAN_ROWS:
            continue
        if searched is None:
            searched = sides.source.searched(text)
        alias = str(node.get("Alias", "")).lower()
        index = searched.get(alias) or searched.get(table[0].lower())
        if node.get("Filter") is not None or index is not None:
            yield SequentialScan(table[0], table[1], index)


def _without_choices(
    sides: _Sides, scans: tuple[SequentialScan, ...], sql: str, values: Sequence[object]
) -> tuple[SequentialScan, ...]:
    """Return scans with SQLite's index only where PostgreSQL has none that it could use instead.

    Reading a table whole is often its better plan, and then no index is missing.
    """
    nodes = sides.target.explain(sql, values, avoid_scans=True)
    forced = {n.get("Relation Name") for n in nodes if n.get("Node Type") == "Seq Scan"}
    targets = {table.source: table.target for table in sides.plan.tables}
    return tuple(
        scan if targets.get(scan.table) in forced else replace(scan, source_index=None)
        for scan in scans
    )


def _scopes(source: SourceSide, plan: MigrationPlan) -> tuple[Scope, ...]:
    return tuple(map(table_scope, plan.tables)) + view_scopes(source, plan)
