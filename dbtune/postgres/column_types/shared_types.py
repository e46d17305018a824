"""One type for both sides of a foreign key, which PostgreSQL compares without converting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dbtune.model.schema import ForeignKey, Schema, Table, fold_name
from dbtune.postgres.column_types.held_values import HeldValues
from dbtune.postgres.column_types.type_fit import Fit, fit_type
from dbtune.postgres.column_types.type_names import parse_type
from dbtune.postgres.column_types.type_nouns import Choice, Notice

Key = tuple[str, str]


@dataclass(frozen=True)
class Member:
    """A column with the type chosen for it alone. `fixed` where that must not change: an identity,
    or the user's own choice."""

    held: HeldValues
    choice: Choice
    fixed: bool
    identity: bool = False


def share_types(schema: Schema, members: Mapping[Key, Member]) -> dict[Key, Choice]:
    """Return the new choices of columns whose foreign keys would have two types; pure.

    Keys are (table, column). Columns that have no type in common keep theirs: such a key cannot
    be created, which is for the plan of objects to report.
    """
    changed: dict[Key, Choice] = {}
    for group in _groups(schema, members):
        types = {_comparable(members[key].choice.pg_type) for key in group}
        if len(types) > 1:
            changed.update(_shared(group, members))
    return changed


def _groups(schema: Schema, members: Mapping[Key, Member]) -> Iterator[tuple[Key, ...]]:
    """Yield the columns that foreign keys tie together, those referred to first."""
    leader: dict[Key, Key] = {}

    def find(key: Key) -> Key:
        while leader.get(key, key) != key:
            key = leader[key]
        return key

    referred: list[Key] = []
    for child, parent in _links(schema):
        if child in members and parent in members:
            referred.append(parent)
            leader[find(child)] = find(parent)
            leader.setdefault(find(parent), find(parent))
    groups: defaultdict[Key, list[Key]] = defaultdict(list)
    for key in dict.fromkeys((*referred, *leader)):
        groups[find(key)].append(key)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)


def _links(schema: Schema) -> Iterator[tuple[Key, Key]]:
    for table in schema.tables:
        for key in table.foreign_keys:
            parent = schema.table(key.referenced_table)
            # A key that cannot be created, since nothing makes its parents unique, asks nothing.
            if parent is not None and _is_unique(parent, key.referenced_columns):
                yield from _columns_linked(table, parent, key)


def _is_unique(parent: Table, names: tuple[str, ...]) -> bool:
    wanted = {fold_name(name) for name in names}
    keys = [{fold_name(name) for name in parent.primary_key}]
    keys += [
        {fold_name(column.name or "") for column in index.columns}
        for index in parent.indexes
        if index.unique and index.where_sql is None
    ]
    return wanted in keys


def _columns_linked(table: Table, parent: Table, key: ForeignKey) -> Iterator[tuple[Key, Key]]:
    for own, referred in zip(key.columns, key.referenced_columns, strict=False):
        child_name, parent_name = _exact(table, own), _exact(parent, referred)
        if child_name is not None and parent_name is not None:
            yield (table.name, child_name), (parent.name, parent_name)


def _exact(table: Table, name: str) -> str | None:
    folded = fold_name(name)
    return next((c.name for c in table.columns if fold_name(c.name) == folded), None)


def _shared(group: tuple[Key, ...], members: Mapping[Key, Member]) -> dict[Key, Choice]:
    for candidate in _candidates(group, members):
        fits = {key: _fit(members[key], candidate) for key in group}
        if all(fit is not None for fit in fits.values()):
            return {
                key: _changed(members[key], fit, group)
                for key, fit in fits.items()
                if fit is not None and fit.pg_type != members[key].choice.pg_type
            }
    return {}


def _candidates(group: tuple[Key, ...], members: Mapping[Key, Member]) -> Iterator[str]:
    """Yield types to try: that of a column that must keep its own, else the parents' first."""
    fixed = [members[key].choice.pg_type for key in group if members[key].fixed]
    if fixed:
        yield fixed[0]
        return
    yield from dict.fromkeys(members[key].choice.pg_type for key in group)
    yield from ("double precision", "numeric", "text", "bytea")


def _fit(member: Member, candidate: str) -> Fit | None:
    """Return how a column becomes the type, None where it cannot or must not."""
    held, choice = member.held, member.choice
    if _comparable(choice.pg_type) == _comparable(candidate):
        return Fit(choice.pg_type, choice.conversion)
    wanted = parse_type(candidate)
    if member.fixed or wanted is None:
        return None
    if candidate == "citext" and held.profile.non_ascii:
        return None
    fit = fit_type(held, wanted)
    refused = fit.conversion == "text" and choice.conversion != "text" and held.profile.problems
    return None if fit.misfit or refused else fit


def _comparable(pg_type: str) -> str:
    """Return a type without what does not matter to equality."""
    name = pg_type.partition("(")[0]
    return "text" if name == "varchar" else name


def _changed(member: Member, fit: Fit, group: tuple[Key, ...]) -> Choice:
    held = member.held
    own = (held.table, held.column.name)
    others = ", ".join(f"{table}.{column}" for table, column in group if (table, column) != own)
    notice = Notice(
        "foreign-key-type",
        "low",
        f"{held.declared.words}, holds {held.description}; becomes {fit.pg_type} and not "
        f"{member.choice.pg_type}, as {others}, with which a foreign key compares it.",
        f"--type {held.subject}=TYPE chooses otherwise",
    )
    kept = tuple(n for n in member.choice.notices if n.code != "type-from-data")
    return replace(
        member.choice,
        pg_type=fit.pg_type,
        conversion=fit.conversion,
        reason=f"one type with {others}, by a foreign key",
        notices=(*kept, notice),
    )
