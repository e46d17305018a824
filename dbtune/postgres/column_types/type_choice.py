"""Which PostgreSQL type each column gets, from its declared type and from what it holds.

Pure. No type chosen here loses anything but fraction digits beyond microseconds, which is warned
of with counts: where no type has all values in common it is text, or bytea.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from dbtune.model.advice import Finding
from dbtune.model.schema import Column, Schema, Table
from dbtune.model.transfer import ColumnPlan, StorageCounts, TableProfile
from dbtune.postgres.column_types.data_types import colliding_type
from dbtune.postgres.column_types.date_types import DateRules, date_type
from dbtune.postgres.column_types.declared_type import declared_type
from dbtune.postgres.column_types.held_values import HeldValues
from dbtune.postgres.column_types.nocase import nocase_type
from dbtune.postgres.column_types.number_types import decimal_type, integer_type, real_type
from dbtune.postgres.column_types.orm_profiles import application_finding, orm_type, profile_of
from dbtune.postgres.column_types.overrides import (
    Overrides,
    empty_as_null_stops,
    overridden_type,
    read_overrides,
)
from dbtune.postgres.column_types.refused_text import RefusedText, handle_refused_text
from dbtune.postgres.column_types.row_limits import row_limit_stops, value_limit_stops
from dbtune.postgres.column_types.shared_types import Key, Member, share_types
from dbtune.postgres.column_types.text_types import (
    any_type,
    blob_type,
    boolean_type,
    json_type,
    other_type,
    text_type,
    uuid_type,
)
from dbtune.postgres.column_types.type_nouns import Choice, TableTypes, TypeChoices, TypeOptions

Storage = Literal["none", "integer", "real", "text", "blob", "mixed"]
_IDENTITY_TYPES = frozenset({"smallint", "integer", "bigint"})


def choose_types(
    schema: Schema, profiles: Mapping[str, TableProfile], options: TypeOptions
) -> TypeChoices:
    """Return the types of all tables that have a profile, in the schema's order.

    Columns have the source's names as target names, and no defaults. Raises ConfigurationError
    where an option names a column that is not there, or a type that PostgreSQL does not have.
    """
    overrides = read_overrides(schema, options)
    profile_name = profile_of(schema, options.profile_name)
    tables = tuple(t for t in schema.tables if t.kind == "table" and t.name in profiles)
    members = {
        (table.name, column.name): _choose_alone(
            held_values(table, column, profiles[table.name], overrides),
            table,
            overrides,
            options,
            profile_name,
        )
        for table in tables
        for column in table.columns
    }
    shared = share_types(schema, members)
    chosen = {
        key: handle_refused_text(member.held, shared.get(key, member.choice), options)
        for key, member in members.items()
    }
    types = tuple(table_types(table, members, chosen) for table in tables)
    return TypeChoices(
        tables=types,
        warnings=(
            *application_finding(schema, profile_name, options.application_version),
            *findings_of(members, chosen, "notices"),
        ),
        stops=(
            *findings_of(members, chosen, "stops"),
            *row_limit_stops(types),
            *value_limit_stops(profiles[table.name] for table in tables),
        ),
        extensions=_extensions(types),
        profile_name=profile_name,
    )


def held_values(
    table: Table, column: Column, profile: TableProfile, overrides: Overrides
) -> HeldValues:
    """Return what a column is declared as, and holds."""
    return HeldValues(
        table=table.name,
        column=column,
        declared=declared_type(column, table),
        profile=profile.column(column.name),
        empty_as_null=overrides.is_empty_as_null(table.name, column.name),
    )


def _choose_alone(
    held: HeldValues,
    table: Table,
    overrides: Overrides,
    options: TypeOptions,
    profile_name: str,
) -> Member:
    """Return the choice for one column, whatever others it is compared with."""
    column = held.column.name
    wanted = overrides.type_of(table.name, column)
    if wanted is not None:
        choice = overridden_type(held, wanted)
    elif (table.name, column) in options.keep_text:
        choice = colliding_type(held)
    else:
        choice = orm_type(held, table, profile_name) or type_by_family(
            held, options, _date_rules(options, profile_name)
        )
        choice = nocase_type(held, choice, options.target)
    stops = (*choice.stops, *empty_as_null_stops(held))
    identity = column == table.rowid_alias
    return Member(held, replace(choice, stops=stops), wanted is not None or identity, identity)


def type_by_family(held: HeldValues, options: TypeOptions, dates: DateRules) -> Choice:
    """Return the type by the kind of value that the declared type promises, and the data."""
    match held.declared.family:
        case "integer":
            return integer_type(held)
        case "real":
            return real_type(held)
        case "decimal":
            return decimal_type(held)
        case "boolean":
            return boolean_type(held)
        case "text":
            return text_type(held, varchar_keep=options.varchar_keep)
        case "blob":
            return blob_type(held)
        case "json":
            return json_type(held)
        case "uuid":
            return uuid_type(held)
        case "any":
            return any_type(held)
        case "other":
            return other_type(held)
        case _:
            return date_type(held, dates)


def _date_rules(options: TypeOptions, profile_name: str) -> DateRules:
    return DateRules(
        subsecond_text=options.subsecond == "text",
        naive_is_utc=profile_name == "django",
        core_data=profile_name == "core-data",
        convert_cocoa=options.profile_name == "core-data",
    )


def table_types(
    table: Table, members: Mapping[Key, Member], chosen: Mapping[Key, RefusedText]
) -> TableTypes:
    """Return a table's columns as planned, from each one's choice."""
    keys = [(table.name, column.name) for column in table.columns]
    return TableTypes(
        table=table.name,
        columns=tuple(_column_plan(members[key], chosen[key]) for key in keys),
        reject_where=tuple(where for key in keys for where in chosen[key].reject_where),
    )


def _column_plan(member: Member, refused: RefusedText) -> ColumnPlan:
    held, choice = member.held, refused.choice
    column, profile = held.column, held.profile
    storage = _storage(profile.counts)
    repaired = refused.nul_repair or refused.encoding_repair or refused.reject_where
    return ColumnPlan(
        source=column.name,
        target=column.name,
        declared_type=column.declared_type,
        pg_type=choice.pg_type,
        conversion=choice.conversion,
        reason=f"holds {held.description}: {choice.reason}",
        counts=profile.counts,
        not_null=column.not_null,
        identity=member.identity and choice.pg_type in _IDENTITY_TYPES,
        empty_as_null=held.empty_as_null,
        nul_repair=refused.nul_repair,
        encoding_repair=refused.encoding_repair,
        clean=storage != "mixed" and not repaired and not held.empty_as_null,
        storage=storage,
        uniform_bytes=profile.uniform_bytes,
        longest_bytes=profile.longest_bytes,
        collation=column.collation,
    )


def _storage(counts: StorageCounts) -> Storage:
    found: list[Storage] = []
    if counts.integers:
        found.append("integer")
    if counts.reals:
        found.append("real")
    if counts.texts:
        found.append("text")
    if counts.blobs:
        found.append("blob")
    if not found:
        return "none"
    return found[0] if len(found) == 1 else "mixed"


def findings_of(
    members: Mapping[Key, Member],
    chosen: Mapping[Key, RefusedText],
    kind: Literal["notices", "stops"],
) -> tuple[Finding, ...]:
    """Return the notices, or stops, of all choices as findings about their columns."""
    return tuple(
        Finding(
            code=notice.code,
            severity=notice.severity,
            subject=member.held.subject,
            message=notice.message,
            help=notice.help,
        )
        for key, member in members.items()
        for notice in getattr(chosen[key].choice, kind)
    )


def _extensions(tables: Iterable[TableTypes]) -> tuple[str, ...]:
    used = any(column.pg_type == "citext" for table in tables for column in table.columns)
    return ("citext",) if used else ()
