"""Differences as they are told: named up to a limit, and counted beyond it."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dbtune.model.transfer import Difference
from dbtune.postgres.verification.canonical import StoredKind, is_unfit
from dbtune.postgres.verification.canonical_json import json_text
from dbtune.postgres.verification.large_digest import describe_digest, is_digest

NAMED_AT_MOST = 20
# Characters of a value that a difference shows.
_SHOWN = 60
_BEFORE = 20
_FIRST_MOMENT = datetime(2000, 1, 1)
_FIRST_DAY = date(2000, 1, 1)
_BITS = {"timestamp": 64, "date": 32}


@dataclass(frozen=True)
class Compared:
    """What the comparison of a part of a table found; `more` are differences without a name."""

    rows: int = 0
    target_rows: int = 0
    differences: tuple[Difference, ...] = ()
    more: int = 0

    def __add__(self, other: Compared) -> Compared:
        named = self.differences + other.differences
        return Compared(
            rows=self.rows + other.rows,
            target_rows=self.target_rows + other.target_rows,
            differences=named[:NAMED_AT_MOST],
            more=self.more + other.more + max(0, len(named) - NAMED_AT_MOST),
        )


class DifferenceLog:
    """Collects the differences of a table."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._named: list[Difference] = []
        self._count = 0

    @property
    def full(self) -> bool:
        """True where no further difference is named."""
        return len(self._named) >= NAMED_AT_MOST

    def value(self, row: str, column: str, kind: StoredKind, pair: tuple[Any, Any]) -> None:
        """Log two canonical values that are not equal."""
        if not self.full:
            source, target = describe_pair(kind, *pair)
            self._named.append(Difference(self._table, row, column, "value", source, target))
        self._count += 1

    def missing(self, row: str) -> None:
        """Log a row that the target does not have."""
        self._row(Difference(self._table, row, None, "missing", "a row", "no such row"))

    def extra(self, row: str) -> None:
        """Log a row that only the target has."""
        self._row(Difference(self._table, row, None, "extra", "no such row", "a row"))

    def unnamed(self, count: int) -> None:
        """Count differences without naming them."""
        self._count += count

    def compared(self, rows: int, target_rows: int) -> Compared:
        """Return what was found in so many rows."""
        named = tuple(self._named)
        return Compared(rows, target_rows, named, self._count - len(named))

    def _row(self, difference: Difference) -> None:
        if not self.full:
            self._named.append(difference)
        self._count += 1


def name_row(columns: Sequence[str], key: Sequence[Any]) -> str:
    """Return what a message calls a row: "id=17"."""
    return ", ".join(f"{name}={value}" for name, value in zip(columns, key, strict=True))


def describe_pair(kind: StoredKind, source: Any, target: Any) -> tuple[str, str]:
    """Return two canonical values as text, cut so that both show where they begin to differ."""
    one, other = describe_value(kind, source), describe_value(kind, target)
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    start = min(len(one), len(other)) if same is None else same
    start = max(0, start - _BEFORE) if max(len(one), len(other)) > _SHOWN else 0
    return _cut(one, start), _cut(other, start)


def describe_value(kind: StoredKind, value: Any) -> str:
    """Return a canonical value as text that tells apart what is not equal."""
    if value is None:
        return "NULL"
    if is_unfit(value):
        return f"{value[1]!r} (no {kind})"
    if is_digest(value):
        return describe_digest(value)
    if kind in {"timestamp", "date", "time"}:
        return _moment(kind, value)
    if kind == "double":
        (number,) = struct.unpack(">d", value)
        return f"NaN ({value.hex()})" if math.isnan(number) else repr(number)
    if kind == "boolean":
        return "true" if value else "false"
    if kind in {"bytes", "uuid"}:
        return f"x'{value.hex()}'"
    if kind == "jsonb":
        return json_text(value)
    if isinstance(value, bytes):
        text = value.decode(errors="backslashreplace")
        return repr(text) if kind == "text" else text
    return str(value)


def _moment(kind: StoredKind, value: int) -> str:
    if kind == "time":
        seconds, micros = divmod(value, 1_000_000)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return f"{clock}.{micros:06d}" if micros else clock
    last = 1 << (_BITS[kind] - 1)
    if value in {last - 1, -last}:
        return "infinity" if value > 0 else "-infinity"
    try:
        if kind == "date":
            return str(_FIRST_DAY + timedelta(days=value))
        return str(_FIRST_MOMENT + timedelta(microseconds=value))
    except OverflowError:  # years that Python does not know
        return f"{value} {'days' if kind == 'date' else 'us'} since 2000-01-01"


def _cut(text: str, start: int) -> str:
    shown = text[start : start + _SHOWN]
    before = "…" if start else ""
    after = "…" if start + _SHOWN < len(text) else ""
    return f"{before}{shown}{after}"
