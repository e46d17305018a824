"""Which values of a recorded INSERT must be new each time it is sent, and new values for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dbtune.model.load import FreshKey
from dbtune.model.schema import Schema, Table, fold_name
from dbtune.model.workload import Parameters, SqlValue
from dbtune.sqlite.placeholders import Mark, placeholder_marks
from dbtune.sqlite.tokens import (
    Token,
    inside_first_parentheses,
    split_at_commas,
    tokenize,
    unquote_name,
)

# Far above what tables hold, and every number still fits the four bytes of PostgreSQL's integer.
_FIRST_NUMBER = 1_000_000_000
_NUMBERS_A_SLOT = 1_000_000
_MOST_SLOTS = 1_000
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\Z")


def fresh_keys(text: str, schema: Schema) -> tuple[FreshKey, ...]:
    """Return the values of a plain INSERT that a unique key would refuse a second time.

    Of a key of several columns one value is enough, the last. An INSERT with OR or ON CONFLICT
    says itself what becomes of a second one. The rowid is not among them: see `numbered_rowid`.
    """
    return tuple(
        FreshKey(place)
        for table, places in _plain_insert(text, schema)
        for place in _keyed(table, places)
    )


def numbered_rowid(text: str, schema: Schema) -> tuple[int | str, ...]:
    """Return the values that are the rowid: NULL there lets the database number the row itself."""
    return tuple(
        place
        for table, places in _plain_insert(text, schema)
        if table.rowid_alias is not None
        for place in places.get(fold_name(table.rowid_alias), ())
    )


def with_nulls(values: Parameters, places: Sequence[int | str]) -> Parameters:
    """Return values with NULL at these places."""
    return _replaced(values, dict.fromkeys(places)) if places else values


class FreshValues:
    """Makes values that no other slot makes; each thread of a load has a slot of its own."""

    def __init__(self, slot: int) -> None:
        self._slot = slot % _MOST_SLOTS
        self._made = 0

    def renew(self, values: Parameters, keys: Sequence[FreshKey]) -> Parameters:
        """Return the values with new ones at the keys; NULL stays, as it is unique anyway."""
        if not keys or values is None:
            return values
        self._made = (self._made + 1) % _NUMBERS_A_SLOT
        new = {key.place: self._new(_value(values, key.place)) for key in keys}
        return _replaced(values, new)

    def _new(self, value: SqlValue) -> SqlValue:
        if value is None:
            return None
        number = _FIRST_NUMBER + self._slot * _NUMBERS_A_SLOT + self._made
        if isinstance(value, (int, float)):
            return number
        if isinstance(value, bytes):
            return value + number.to_bytes(8, "big")
        if _UUID.match(value):
            return f"{value[:-12]}{number:012x}"
        return f"{value}~{number}"


def _value(values: Parameters, place: int | str) -> SqlValue:
    if isinstance(values, Mapping):
        return values.get(str(place))
    return values[int(place)] if values is not None and int(place) < len(values) else None


def _replaced(values: Parameters, new: Mapping[int | str, SqlValue]) -> Parameters:
    if values is None:
        return None
    if isinstance(values, Mapping):
        return {**values, **{str(place): value for place, value in new.items()}}
    return tuple(new.get(place, value) for place, value in enumerate(values))


_Places = dict[str, list[int | str]]


def _plain_insert(text: str, schema: Schema) -> Iterator[tuple[Table, _Places]]:
    """Yield the table of an INSERT ... VALUES, and where each column's values are bound."""
    tokens = list(tokenize(text))
    words = [token.text.upper() for token in tokens[:2]]
    if words != ["INSERT", "INTO"] or len(tokens) < 3:
        return
    rest = tokens[2:]
    if len(rest) > 2 and rest[1].text == ".":
        rest = rest[2:]
    table = schema.table(unquote_name(rest[0]))
    start = next((at for at, token in enumerate(rest) if token.is_word("VALUES")), None)
    if table is None or start is None or any(token.is_word("CONFLICT") for token in rest):
        return
    listed, _ = inside_first_parentheses(rest[1:start])
    names = [fold_name(unquote_name(part[0])) for part in split_at_commas(listed) if part]
    if not names:
        names = [fold_name(column.name) for column in table.columns if not column.generated]
    yield table, _places(rest[start + 1 :], names, text)


def _places(tokens: Sequence[Token], names: Sequence[str], text: str) -> _Places:
    marks = {mark.token.start: mark for mark in placeholder_marks(text)}
    found: _Places = {}
    while tokens and tokens[0].text in {"(", ","}:
        row, tokens = inside_first_parentheses(tokens)
        for name, part in zip(names, split_at_commas(row), strict=False):
            if len(part) == 1 and part[0].kind == "placeholder":
                found.setdefault(name, []).append(_place(marks[part[0].start]))
    return found


def _place(mark: Mark) -> int | str:
    return mark.number - 1 if mark.name is None else mark.name


def _keyed(table: Table, places: Mapping[str, Sequence[int | str]]) -> Iterator[int | str]:
    alias = None if table.rowid_alias is None else fold_name(table.rowid_alias)
    keys = [tuple(map(fold_name, table.primary_key))] + [
        tuple(fold_name(column.name or "") for column in index.columns)
        for index in table.indexes
        if index.unique
    ]
    renewed: dict[str, None] = {}
    for key in keys:
        bound = [name for name in key if name in places and name != alias]
        if bound and not any(name in renewed for name in bound):
            renewed[bound[-1]] = None
    for name in renewed:
        yield from places[name]
