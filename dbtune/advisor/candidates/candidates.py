"""Which indexes could help a statement: every sensible key order, covering and partial form.

Pure. Heads (what is compared for equality) x tails (one range, a sort or group order, an
extreme, a LIKE prefix), then each widened to cover the query, then each made partial where a
literal is the same in all samples. Too many on purpose: the planner itself decides later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

from dbtune.advisor.statements.select_access import TableAccess, Term
from dbtune.model.advice import IndexSpec
from dbtune.model.schema import Schema, Table
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.tokens import tokenize

# Wider keys than this cost every write more than any seek gains.
MAX_KEYS = 6
# A covering index wider than this nearly copies the table.
MAX_COVERING = 7
# More conditions than this hold for one statement only.
MAX_CONDITIONS = 3
# Permutations of equality columns are settled by popularity beyond this many heads.
MAX_HEADS = 14

# Any other collation is the application's own: nothing else could build or check such an index.
_BUILT_IN = frozenset({"BINARY", "NOCASE", "RTRIM"})
_COLLATE = " COLLATE "
_BACKWARDS = " desc"


@dataclass(frozen=True)
class Candidate:
    """An index that could help the shapes named; `covering` where columns only widen it."""

    spec: IndexSpec
    shape_ids: frozenset[str]
    covering: bool


def enumerate_candidates(
    accesses: Mapping[str, Iterable[TableAccess]], schema: Schema, weights: Mapping[str, float]
) -> tuple[Candidate, ...]:
    """Return the candidates of all shapes, merged; existing indexes are left out.

    `accesses` maps a shape's id to what its statement asks of each table, `weights` to how much
    it matters (count x cost), which settles the order of equality columns.
    """
    popularity = _popularity(accesses, weights)
    found: dict[IndexSpec, set[str]] = {}
    covering: dict[IndexSpec, bool] = {}
    tables = {table.name.lower(): table for table in schema.tables}
    for shape_id, uses in accesses.items():
        for access in uses:
            table = tables.get(access.table.lower())
            if table is None:
                continue
            for spec, widened in _specs(access, table, popularity):
                found.setdefault(spec, set()).add(shape_id)
                covering[spec] = covering.get(spec, True) and widened
    present = {
        existing
        for name in {s.table for s in found}
        for existing in existing_specs(tables[name.lower()])
    }
    return tuple(
        Candidate(spec, frozenset(ids), covering[spec])
        for spec, ids in found.items()
        if _identity(spec) not in present
    )


def existing_specs(table: Table) -> Iterator[IndexSpec]:
    """Yield the table's indexes in the form that candidates are compared in."""
    for index in table.indexes:
        terms = []
        for column in index.columns:
            sql = quote_identifier(column.name) if column.name else (column.expression or "")
            declared = next((c.collation for c in table.columns if c.name == column.name), "BINARY")
            collate = (
                ""
                if column.collation.upper() == declared.upper()
                else (f" COLLATE {column.collation.upper()}")
            )
            terms.append(sql + collate + (" DESC" if column.descending else ""))
        yield _identity(IndexSpec(table.name, tuple(terms), index.where_sql))


def _identity(spec: IndexSpec) -> IndexSpec:
    """Return the spec without what makes no other index: case, white space, direction."""
    terms = tuple(_plain(term) for term in spec.terms)
    if all(term.endswith(_BACKWARDS) for term in terms):
        terms = tuple(term.removesuffix(_BACKWARDS) for term in terms)
    return IndexSpec(spec.table.lower(), terms, _plain(spec.where) if spec.where else None)


@lru_cache(maxsize=50_000)
def _plain(sql: str) -> str:
    return " ".join(t.text if t.kind == "string" else t.text.lower() for t in tokenize(sql))


def _popularity(
    accesses: Mapping[str, Iterable[TableAccess]], weights: Mapping[str, float]
) -> Counter[tuple[str, str]]:
    popularity: Counter[tuple[str, str]] = Counter()
    for shape_id, uses in accesses.items():
        for access in uses:
            for term in {*access.equalities, *access.joins}:
                popularity[access.table, term.sql] += int(weights.get(shape_id, 1.0)) + 1
    return popularity


def _specs(
    access: TableAccess, table: Table, popularity: Counter[tuple[str, str]]
) -> Iterator[tuple[IndexSpec, bool]]:
    """Yield (index, whether it only widens another) for one use of a table."""
    for keys in _base_keys(access, popularity):
        if len(keys) > MAX_KEYS:
            continue
        yield from _emit(access, table, keys, None)
        for condition, column in access.conditions:
            if column in _own_collation(table):
                continue
            rest = tuple(term for term in keys if term.column != column)
            if rest:
                yield from _emit(access, table, rest, condition)
            elif len(keys) == 1:
                yield from _emit(access, table, keys, condition)
        yield from _with_several_conditions(access, table, keys)


def _with_several_conditions(
    access: TableAccess, table: Table, keys: tuple[Term, ...]
) -> Iterator[tuple[IndexSpec, bool]]:
    """Yield the indexes of the rows for which two conditions hold, or three."""
    by_column = {column: condition for condition, column in reversed(access.conditions)}
    columns = sorted(by_column.keys() - _own_collation(table))
    if len(columns) > MAX_CONDITIONS:
        return
    for size in range(2, len(columns) + 1):
        for held in combinations(columns, size):
            rest = tuple(term for term in keys if term.column not in held)
            if rest:
                together = " AND ".join(by_column[column] for column in held)
                yield from _emit(access, table, rest, together)


def _emit(
    access: TableAccess, table: Table, keys: tuple[Term, ...], condition: str | None
) -> Iterator[tuple[IndexSpec, bool]]:
    trimmed = _without_rowid(keys, table)
    if not trimmed or not all(_can_be_key(term, table) for term in trimmed):
        return
    yield IndexSpec(table.name, _key_sql(trimmed), condition), False
    if not access.cover:
        return
    covered = {term.column for term in trimmed}
    # What every entry of an index holds anyway.
    held = set(table.primary_key) if table.without_rowid else {table.rowid_alias}
    rest = access.needed - covered - held
    # Since 3.41 an indexed expression stands for itself: its columns need not be there as well.
    inner = frozenset[str]().union(*(term.inner for term in trimmed))
    for names in dict.fromkeys((rest, rest - inner)):
        if _own_collation(table) & names:
            continue
        if names and len(trimmed) + len(names) <= MAX_COVERING:
            widened = (*trimmed, *(Term(quote_identifier(name), name) for name in sorted(names)))
            yield IndexSpec(table.name, _key_sql(widened), condition), True


def _base_keys(
    access: TableAccess, popularity: Counter[tuple[str, str]]
) -> Iterator[tuple[Term, ...]]:
    seen: set[tuple[Term, ...]] = set()
    for head in _heads(access, popularity):
        for tail in _tails(access):
            used = {term.sql for term in head}
            keys = (*head, *(term for term in tail if term.sql not in used))
            if keys and keys not in seen:
                seen.add(keys)
                yield keys
    for keys in _filtering(access, popularity):
        if keys not in seen:
            seen.add(keys)
            yield keys


def _filtering(
    access: TableAccess, popularity: Counter[tuple[str, str]]
) -> Iterator[tuple[Term, ...]]:
    """Yield key orders that end in what the statement only filters by.

    A row that the index can tell to be unwanted is not fetched from the table.
    """
    equal, _, both = _equalities(access, popularity)
    runs = [_directed(order) for order in access.orders]
    runs += [(term,) for term in access.ranges]
    for head in dict.fromkeys((equal, both, ())):
        for run in runs or [()]:
            keys = dict.fromkeys((*head, *run))
            names = {term.column for term in keys}
            rest = [term for term in access.filters if term.column not in names]
            if keys and rest:
                yield (*keys, *sorted(rest, key=lambda term: term.sql))


def _heads(access: TableAccess, popularity: Counter[tuple[str, str]]) -> Iterator[tuple[Term, ...]]:
    equal, joined, both = _equalities(access, popularity)
    heads: dict[tuple[Term, ...], None] = {}
    for head in (equal, both, joined):
        heads.setdefault(head)
    for term in both:
        heads.setdefault((term,))
    for term in joined:
        heads.setdefault((term, *(t for t in equal if t.sql != term.sql)))
    for arm in access.arms:
        heads.setdefault(arm)
        heads.setdefault((*equal, *(t for t in arm if t not in equal)))
    for pair in _pairs(both):
        heads.setdefault(pair)
    heads.setdefault(())
    yield from list(heads)[:MAX_HEADS]
    if len(heads) > MAX_HEADS:
        yield ()


def _equalities(
    access: TableAccess, popularity: Counter[tuple[str, str]]
) -> tuple[tuple[Term, ...], tuple[Term, ...], tuple[Term, ...]]:
    """Return what is compared with values, with other tables, and both, the popular ones first."""

    def ordered(terms: Iterable[Term]) -> tuple[Term, ...]:
        return tuple(sorted(terms, key=lambda t: (-popularity[access.table, t.sql], t.sql)))

    equal, joined = ordered(access.equalities), ordered(access.joins)
    return equal, joined, (*equal, *(term for term in joined if term not in equal))


def _pairs(terms: tuple[Term, ...]) -> Iterator[tuple[Term, ...]]:
    for first in terms:
        for second in terms:
            if first.sql != second.sql:
                yield first, second


def _tails(access: TableAccess) -> Iterator[tuple[Term, ...]]:
    yield ()
    for term in access.ranges:
        yield (term,)
    for order in map(_directed, access.orders):
        yield order
        if len(order) == 1:
            yield from ((*order, term) for term in access.ranges if term.sql != order[0].sql)
    yield from access.groups
    for term in (*access.extremes, *access.prefixes):
        yield (term,)


def _directed(order: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return the order with its directions where they differ.

    All DESC is the same index read backwards; a mix needs its directions.
    """
    mixed = len({term.descending for term in order}) > 1
    return tuple(replace(term, descending=mixed and term.descending) for term in order)


def _without_rowid(keys: tuple[Term, ...], table: Table) -> tuple[Term, ...]:
    """Drop repeated keys and a trailing rowid.

    Empty where the keys are those the table itself is sorted by: useless.
    """
    kept: list[Term] = []
    for term in keys:
        if term.column is None or all(term.sql != other.sql for other in kept):
            kept.append(term)
    while kept and kept[-1].column is not None and kept[-1].column == table.rowid_alias:
        kept.pop()
    if kept and kept[0].column is not None and kept[0].column == table.rowid_alias:
        return ()
    sorted_by = table.primary_key if table.without_rowid else ()
    names = tuple(term.sql for term in kept)
    if names == tuple(quote_identifier(name) for name in sorted_by[: len(names)]):
        return ()
    return tuple(kept)


def _can_be_key(term: Term, table: Table) -> bool:
    collation = term.sql.rpartition(_COLLATE)[2] if _COLLATE in term.sql else None
    if collation is not None:
        return collation in _BUILT_IN
    return term.column not in _own_collation(table)


def _own_collation(table: Table) -> frozenset[str]:
    return frozenset(c.name for c in table.columns if c.collation.upper() not in _BUILT_IN)


def _key_sql(keys: Iterable[Term]) -> tuple[str, ...]:
    return tuple(term.sql + (" DESC" if term.descending else "") for term in keys)
