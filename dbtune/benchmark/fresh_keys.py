"""Which values of a recorded INSERT must be new each time it is sent, and new values for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dbtune.benchmark.insert_values import bound_columns, value_at, with_values
from dbtune.model.load import FreshKey
from dbtune.model.schema import Schema, Table, fold_name
from dbtune.model.workload import Parameters, SqlValue

# Far above what tables hold, and every number still fits the four bytes of PostgreSQL's integer.
_FIRST_NUMBER = 1_000_000_000
_NUMBERS = 1_000_000_000
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\Z")


def fresh_keys(text: str, schema: Schema) -> tuple[FreshKey, ...]:
    """Return the values of a plain INSERT that a unique key would refuse a second time.

    Of a key of several columns one value is enough: the last that refers to no other table. An
    INSERT with OR or ON CONFLICT says itself what becomes of a second one. The rowid is not among
    them: see `numbered_rowid`.
    """
    return tuple(
        FreshKey(place)
        for table, places in bound_columns(text, schema)
        for place in _keyed(table, places)
    )


def numbered_rowid(text: str, schema: Schema) -> tuple[int | str, ...]:
    """Return the values that are the rowid: NULL there lets the database number the row itself."""
    return tuple(
        place
        for table, places in bound_columns(text, schema)
        if table.rowid_alias is not None
        for place in places.get(fold_name(table.rowid_alias), ())
    )


def with_nulls(values: Parameters, places: Sequence[int | str]) -> Parameters:
    """Return values with NULL at these places."""
    return with_values(values, dict.fromkeys(places)) if places else values


class FreshValues:
    """Makes values that no other slot makes; each of a load's connections is one of `slots`."""

    def __init__(self, slot: int = 0, slots: int = 1) -> None:
        self._numbers = range(_FIRST_NUMBER + slot, _FIRST_NUMBER + _NUMBERS, slots)
        self._made = 0

    def renew(self, values: Parameters, keys: Sequence[FreshKey]) -> Parameters:
        """Return the values with new ones at the keys; NULL stays, as it is unique anyway."""
        if not keys or values is None:
            return values
        self._made = (self._made + 1) % len(self._numbers)
        new = {key.place: self._new(value_at(values, key.place)) for key in keys}
        return with_values(values, new)

    def _new(self, value: SqlValue) -> SqlValue:
        if value is None:
            return None
        number = self._numbers[self._made]
        if isinstance(value, (int, float)):
            return number
        if isinstance(value, bytes):
            return value + number.to_bytes(8, "big")
        if _UUID.match(value):
            return f"{value[:-12]}{number:012x}"
        return f"{value}~{number}"


def _keyed(table: Table, places: Mapping[str, Sequence[int | str]]) -> Iterator[int | str]:
    alias = None if table.rowid_alias is None else fold_name(table.rowid_alias)
    keys = [tuple(map(fold_name, table.primary_key))] + [
        tuple(fold_name(column.name or "") for column in index.columns)
        for index in table.indexes
        if index.unique
    ]
    referring = {fold_name(name) for key in table.foreign_keys for name in key.columns}
    renewed: dict[str, None] = {}
    for key in keys:
        bound = [name for name in key if name in places and name != alias]
        if bound and not any(name in renewed for name in bound):
            free = [name for name in bound if name not in referring]
            renewed[(free or bound)[-1]] = None
    for name in renewed:
        yield from places[name]
