"""Foreign keys: resolved to the target's names and keys, or reported by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import ForeignKey, fold_name
from dbtune.model.transfer import ColumnPlan, ForeignKeyPlan
from dbtune.postgres.names import unique_name
from dbtune.postgres.objects.planned_table import PlannedTable
from dbtune.postgres.objects.source_facts import Rows, TableFacts
from dbtune.sqlite.schema.constraints import ForeignKeyText

Orphans = Literal["keep", "reject", "null", "fail"]

# Which types of a child PostgreSQL compares with a parent's: the same, or one that becomes the
# parent's without a cast. https://www.postgresql.org/docs/current/typeconv-oper.html
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_WIDER = {
    "bigint": _INTEGERS,
    "integer": _INTEGERS,
    "smallint": _INTEGERS,
    "numeric": _INTEGERS | {"numeric"},
    "double precision": _INTEGERS | {"numeric", "real", "double precision"},
    "text": frozenset({"text", "varchar", "citext"}),
    "varchar": frozenset({"text", "varchar", "citext"}),
}


# What a key of a generated column may do: https://www.postgresql.org/docs/18/sql-createtable.html
_ALLOWED = frozenset({"NO ACTION", "RESTRICT"})


@dataclass(frozen=True)
class PlannedForeignKeys:
    """Foreign keys to create, and what to report.

    `reject_where` are rows kept back, `null_where` pairs of a column (SQLite's name) and rows
    whose value becomes NULL: conditions of SQLite on the table.
    """

    keys: tuple[ForeignKeyPlan, ...] = ()
    warnings: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()
    reject_where: tuple[str, ...] = ()
    null_where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Parents:
    """What foreign keys may refer to, by folded name: the tables that move, and of each the sets
    of target columns that are a primary key or unique on PostgreSQL."""

    tables: Mapping[str, PlannedTable]
    unique_keys: Mapping[str, Collection[frozenset[str]]]


@dataclass(frozen=True)
class _Resolved:
    """A foreign key whose parent can be referred to."""

    key: ForeignKey
    text: ForeignKeyText | None
    parent: PlannedTable
    columns: tuple[str, ...]
    referenced: tuple[str, ...]


@dataclass(frozen=True)
class _Orphans:
    """The rows without a parent, and the condition that selects them."""

    rows: Rows
    where: str | None

    @classmethod
    def of(cls, facts: TableFacts, position: int) -> _Orphans:
        """Return those of one foreign key, none where nobody looked."""
        if position >= len(facts.orphans):
            return cls(Rows(), None)
        return cls(facts.orphans[position], facts.orphan_where[position])


def plan_foreign_keys(
    planned: PlannedTable,
    parents: Parents,
    facts: TableFacts,
    orphans: Orphans,
    names_taken: frozenset[str],
) -> PlannedForeignKeys:
    """Return the foreign keys of a table; `names_taken` are those of its other constraints."""
    found = PlannedForeignKeys()
    taken = set(names_taken)
    for position, key in enumerate(planned.table.foreign_keys):
        resolved = _resolve(planned, key, parents, _text_of(planned, position))
        if isinstance(resolved, str):
            skipped = _skipped(planned, key, resolved)
            found = _added(found, PlannedForeignKeys(warnings=(skipped,)))
            continue
        name = unique_name(_wanted_name(planned, resolved), taken)
        taken.add(name)
        made = _planned(planned, resolved, name, _Orphans.of(facts, position), orphans)
        if position in facts.unproven:
            made = _unproven(planned, resolved, made)
        if _is_generated(planned, key):
            made = _without_actions(planned, resolved, made)
        found = _added(found, made)
    return found


def types_meet(child: str, parent: str) -> bool:
    """Return whether PostgreSQL takes a foreign key of one type that refers to another."""
    child, parent = _plain(child), _plain(parent)
    return child == parent or child in _WIDER.get(parent, ())


def _plain(pg_type: str) -> str:
    return pg_type.partition("(")[0].strip()


def _text_of(planned: PlannedTable, position: int) -> ForeignKeyText | None:
    """Return what the statement says of a foreign key; both are in the order of declaration."""
    texts, keys = planned.constraints.foreign_keys, planned.table.foreign_keys
    if len(texts) != len(keys):
        return None
    text, key = texts[position], keys[position]
    same = tuple(map(fold_name, text.columns)) == tuple(map(fold_name, key.columns))
    return text if same else None


def _resolve(
    planned: PlannedTable,
    key: ForeignKey,
    parents: Parents,
    text: ForeignKeyText | None,
) -> _Resolved | str:
    """Return the key with the target's names, or in words why it cannot be."""
    parent = parents.tables.get(fold_name(key.referenced_table))
    if parent is None:
        return f'there is no table "{key.referenced_table}" to refer to'
    # The primary key where none is declared, of the parent that SQLite's rules of case find.
    names = key.referenced_columns or parent.table.primary_key
    columns, referenced = planned.targets(key.columns), parent.targets(names)
    if columns is None or referenced is None or len(columns) != len(referenced) or not columns:
        return f'"{parent.source}" has no such columns to refer to'
    if frozenset(referenced) not in parents.unique_keys.get(fold_name(parent.source), ()):
        listed = ", ".join(names)
        return f'({listed}) of "{parent.source}" is no primary key and not unique on PostgreSQL'
    for own, other in zip(key.columns, names, strict=True):
        child_type, parent_type = _type(planned.column(own)), _type(parent.column(other))
        if not types_meet(child_type, parent_type):
            return (
                f"{planned.source}.{own} is {child_type} and {parent.source}.{other} is "
                f"{parent_type}, which PostgreSQL does not compare"
            )
    return _Resolved(key, text, parent, columns, referenced)


def _planned(
    planned: PlannedTable,
    resolved: _Resolved,
    name: str,
    found: _Orphans,
    orphans: Orphans,
) -> PlannedForeignKeys:
    rows, where = found.rows, found.where
    if not rows.count and rows.error is None:
        return PlannedForeignKeys(keys=(_key_plan(resolved, name, validated=True),))
    if orphans == "fail":
        return PlannedForeignKeys(stops=(_orphans_stop(planned, resolved, rows),))
    if rows.error is not None or where is None or orphans == "keep":
        warning = _orphans_kept(planned, resolved, name, rows)
        return PlannedForeignKeys((_key_plan(resolved, name, validated=False),), (warning,))
    if orphans == "reject":
        warning = _orphans_changed(planned, resolved, rows, "are rejected", "is rejected")
        key = _key_plan(resolved, name, validated=True)
        return PlannedForeignKeys((key,), (warning,), reject_where=(where,))
    return _nulled(planned, resolved, name, rows, where)


def _unproven(
    planned: PlannedTable, resolved: _Resolved, made: PlannedForeignKeys
) -> PlannedForeignKeys:
    """Return a key NOT VALID, whose parent is on a circle with it and loses rows."""
    warning = Finding(
        code="foreign-key-not-valid",
        severity="medium",
        subject=_subject(planned, resolved.key),
        message=(
            f"{_described(planned, resolved.key)} is created NOT VALID: rows of "
            f"{resolved.parent.source} are rejected, and rows that refer to them are kept."
        ),
        help="Mend the rows on PostgreSQL, then ALTER TABLE ... VALIDATE CONSTRAINT ...",
    )
    keys = tuple(replace(key, validated=False) for key in made.keys)
    return replace(made, keys=keys, warnings=(*made.warnings, warning))


def _is_generated(planned: PlannedTable, key: ForeignKey) -> bool:
    columns = map(planned.column, key.columns)
    return any(column is not None and not column.loaded for column in columns)


def _without_actions(
    planned: PlannedTable, resolved: _Resolved, made: PlannedForeignKeys
) -> PlannedForeignKeys:
    """Return a key of a generated column: neither database can carry out what would set it."""
    keys = tuple(
        replace(
            key,
            on_update=key.on_update if key.on_update in _ALLOWED else "NO ACTION",
            on_delete=key.on_delete if key.on_delete in {*_ALLOWED, "CASCADE"} else "NO ACTION",
        )
        for key in made.keys
    )
    if keys == made.keys:
        return made
    warning = Finding(
        code="foreign-key-action",
        severity="low",
        subject=_subject(planned, resolved.key),
        message=(
            f"{_described(planned, resolved.key)} is created with NO ACTION: its column is "
            "generated, and PostgreSQL sets no such column."
        ),
    )
    return replace(made, keys=keys, warnings=(*made.warnings, warning))


def _nulled(
    planned: PlannedTable, resolved: _Resolved, name: str, rows: Rows, where: str
) -> PlannedForeignKeys:
    """Return the key with its orphans' columns NULL: of a composite key those that may be."""
    columns = [c for c in map(planned.column, resolved.key.columns) if c is not None]
    rowid = planned.table.rowid_alias
    free = [c for c in columns if c.loaded and not c.not_null and c.source != rowid]
    if not free:
        return PlannedForeignKeys(stops=(_orphans_stop(planned, resolved, rows, "NOT NULL"),))
    return PlannedForeignKeys(
        keys=(_key_plan(resolved, name, validated=True),),
        warnings=(
            _orphans_changed(
                planned, resolved, rows, "refer to nothing: NULL", "refers to nothing: NULL"
            ),
        ),
        null_where=tuple((column.source, where) for column in free),
    )


def _key_plan(resolved: _Resolved, name: str, *, validated: bool) -> ForeignKeyPlan:
    text = resolved.text
    return ForeignKeyPlan(
        target=name,
        columns=resolved.columns,
        referenced_table=resolved.parent.target,
        referenced_columns=resolved.referenced,
        on_update=resolved.key.on_update,
        on_delete=resolved.key.on_delete,
        deferrable=text is not None and text.deferrable,
        initially_deferred=text is not None and text.initially_deferred,
        validated=validated,
    )


def _wanted_name(planned: PlannedTable, resolved: _Resolved) -> str:
    if resolved.text is not None and resolved.text.name:
        return resolved.text.name
    return f"{planned.target}_{'_'.join(resolved.columns)}_fkey"


def _type(column: ColumnPlan | None) -> str:
    return column.pg_type if column is not None else ""


def _subject(planned: PlannedTable, key: ForeignKey) -> str:
    return f"{planned.source}.{key.columns[0]}" if len(key.columns) == 1 else planned.source


def _described(planned: PlannedTable, key: ForeignKey) -> str:
    referenced = f" ({', '.join(key.referenced_columns)})" if key.referenced_columns else ""
    return (
        f"The foreign key ({', '.join(key.columns)}) of {planned.source} to "
        f"{key.referenced_table}{referenced}"
    )


def _skipped(planned: PlannedTable, key: ForeignKey, why: str) -> Finding:
    return Finding(
        code="foreign-key-not-created",
        severity="medium",
        subject=_subject(planned, key),
        message=f"{_described(planned, key)} is not created: {why}.",
        evidence=(Evidence("referenced_table", key.referenced_table),),
        help="SQLite does not enforce it either; create it by hand once its parent is as it needs.",
    )


def _orphans_kept(planned: PlannedTable, resolved: _Resolved, name: str, rows: Rows) -> Finding:
    why = f"it could not be checked ({rows.error})" if rows.error else _without_parent(rows)
    return Finding(
        code="foreign-key-orphans",
        severity="medium",
        subject=_subject(planned, resolved.key),
        message=(
            f"{_described(planned, resolved.key)}: {why}. The key is created NOT VALID: "
            "PostgreSQL keeps the rows that are there, and checks new and changed ones."
        ),
        evidence=(Evidence("rows", rows.count), Evidence("first_rows", rows.first)),
        help=(
            f'Mend the rows, then ALTER TABLE ... VALIDATE CONSTRAINT "{name}"; or migrate with '
            "--orphans reject or null."
        ),
    )


def _orphans_changed(
    planned: PlannedTable, resolved: _Resolved, rows: Rows, many: str, one: str
) -> Finding:
    return Finding(
        code="foreign-key-orphans",
        severity="medium",
        subject=_subject(planned, resolved.key),
        message=(
            f"{_described(planned, resolved.key)}: {_without_parent(rows)} and "
            f"{one if rows.count == 1 else many}, as asked."
        ),
        evidence=(Evidence("rows", rows.count), Evidence("first_rows", rows.first)),
    )


def _orphans_stop(planned: PlannedTable, resolved: _Resolved, rows: Rows, why: str = "") -> Finding:
    because = f", and {', '.join(resolved.key.columns)} is {why}" if why else ""
    return Finding(
        code="foreign-key-orphans",
        severity="high",
        subject=_subject(planned, resolved.key),
        message=f"{_described(planned, resolved.key)}: {_without_parent(rows)}{because}.",
        evidence=(Evidence("rows", rows.count), Evidence("first_rows", rows.first)),
        help="Use --orphans keep (the key is created NOT VALID) or reject, or mend the rows.",
    )


def _without_parent(rows: Rows) -> str:
    return f"{rows.described} {'has' if rows.count == 1 else 'have'} no parent"


def _added(found: PlannedForeignKeys, more: PlannedForeignKeys) -> PlannedForeignKeys:
    return PlannedForeignKeys(
        found.keys + more.keys,
        found.warnings + more.warnings,
        found.stops + more.stops,
        found.reject_where + more.reject_where,
        found.null_where + more.null_where,
    )
