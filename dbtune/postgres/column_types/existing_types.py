"""How values get into the columns of tables that exist already, made by the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbtune.model.schema import Schema
from dbtune.model.transfer import TableProfile
from dbtune.postgres.column_types.date_types import with_truncation
from dbtune.postgres.column_types.held_values import HeldValues
from dbtune.postgres.column_types.overrides import read_overrides
from dbtune.postgres.column_types.refused_text import handle_refused_text
from dbtune.postgres.column_types.row_limits import value_limit_stops
from dbtune.postgres.column_types.shared_types import Member
from dbtune.postgres.column_types.type_choice import findings_of, held_values, table_types
from dbtune.postgres.column_types.type_fit import fit_type
from dbtune.postgres.column_types.type_names import parse_type
from dbtune.postgres.column_types.type_nouns import Choice, Notice, TypeChoices, TypeOptions


@dataclass(frozen=True)
class TargetColumn:
    """A column of the target: its type as format_type() prints it. `generated` by PostgreSQL."""

    pg_type: str
    not_null: bool = False
    generated: bool = False


def types_for_existing(
    schema: Schema,
    profiles: Mapping[str, TableProfile],
    targets: Mapping[tuple[str, str], TargetColumn],
    options: TypeOptions,
) -> TypeChoices:
    """Return how each column's values get into the target's own types.

    `targets` are by (table, column) as SQLite names them; a column without an entry is not there.
    Values that do not fit their type, or have no column, are stops. Everything has to be known of
    the columns: profile them as `wanted`.
    """
    overrides = read_overrides(schema, options)
    tables = tuple(t for t in schema.tables if t.kind == "table" and t.name in profiles)
    members = {
        (table.name, column.name): _member(
            held_values(table, column, profiles[table.name], overrides),
            targets.get((table.name, column.name)),
        )
        for table in tables
        for column in table.columns
    }
    chosen = {
        key: handle_refused_text(member.held, member.choice, options)
        for key, member in members.items()
    }
    return TypeChoices(
        tables=tuple(table_types(table, members, chosen) for table in tables),
        warnings=findings_of(members, chosen, "notices"),
        stops=(
            *findings_of(members, chosen, "stops"),
            *value_limit_stops(profiles[table.name] for table in tables),
        ),
    )


def _member(held: HeldValues, target: TargetColumn | None) -> Member:
    return Member(held, _choice(held, target), fixed=True)


def _choice(held: HeldValues, target: TargetColumn | None) -> Choice:
    if target is None or target.generated:
        lost = "the target has no such column" if target is None else "the target generates it"
        choice = Choice("text", "text", lost)
        return choice if target or not held.classes else _stopped(held, choice, f"{lost}.")
    wanted = parse_type(target.pg_type)
    if wanted is None:
        choice = Choice(target.pg_type, "text", "the target's type")
        if not held.classes:
            return choice
        return _stopped(held, choice, f"dbtune converts nothing to {target.pg_type}.")
    fit = fit_type(held, wanted)
    choice = Choice(fit.pg_type, fit.conversion, "the target's type")
    if fit.misfit:
        return _stopped(held, choice, f"does not fit {target.pg_type}: {fit.misfit}.")
    nulls = held.profile.counts.nulls + (held.count("empty") if held.empty_as_null else 0)
    if target.not_null and nulls:
        return _stopped(held, choice, f"{nulls:,} values are NULL, and the target is NOT NULL.")
    return with_truncation(held, choice)


def _stopped(held: HeldValues, choice: Choice, why: str) -> Choice:
    stop = Notice(
        "target-type",
        "high",
        f"{held.declared.words}, holds {held.description}; {why}",
        f"change the column in the target, or the values in SQLite, or --exclude {held.table}",
    )
    return Choice(choice.pg_type, choice.conversion, choice.reason, stops=(stop,))
