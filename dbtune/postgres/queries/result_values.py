"""A value of a result on either side in one form, so that equal results are equal values.

Dates are read as moments in UTC, UUIDs as their digits, JSON as what it says.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from dbtune.model.transfer import Conversion
from dbtune.postgres.translation.moments import read_moment

# Types of PostgreSQL by their number in pg_type, which never changes.
_REALS = frozenset({700, 701, 1700})
_MOMENTS = frozenset({1114, 1184})
_DATE, _TIME, _UUID = 1082, 1083, 2950
_DOCUMENTS = frozenset({114, 3802})
_TEXTS = frozenset({25, 1043, 1042})

_PER_SECOND = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_COCOA = datetime(2001, 1, 1, tzinfo=timezone.utc)
_TRUTHS = {"t": 1, "true": 1, "f": 0, "false": 0}

Canonical = Callable[[Any], Any]


def is_real(type_oid: int) -> bool:
    """Return whether values of a type are compared with a tolerance."""
    return type_oid in _REALS


def source_form(type_oid: int, conversion: Conversion | None, *, extracted: bool) -> Canonical:
    """Return how to read SQLite's values of a column that has this type on PostgreSQL."""
    if type_oid in _MOMENTS or type_oid in {_DATE, _TIME}:
        return lambda value: _source_moment(value, type_oid, conversion)
    if type_oid == _UUID:
        return _digits
    if type_oid in _DOCUMENTS:
        return _extracted if extracted or conversion is None else _document
    if type_oid in _TEXTS and conversion is not None:
        return _stored_text
    if conversion == "boolean":
        return lambda value: _TRUTHS.get(str(value).lower(), _plain(value))
    return _number if type_oid in _REALS else _plain


def target_form(type_oid: int) -> Canonical:
    """Return how to read PostgreSQL's values of a column, as psycopg gives them."""
    if type_oid in _MOMENTS:
        return _target_moment
    if type_oid == _UUID:
        return _digits
    if type_oid in _DOCUMENTS:
        return _target_document
    return _plain


def equal(mine: object, other: object) -> bool:
    """Return whether two values in canonical form are equal, reals within 9 digits."""
    if isinstance(mine, (int, float, Decimal)) and isinstance(other, (int, float, Decimal)):
        if isinstance(mine, int) and isinstance(other, int):
            return mine == other
        return math.isclose(float(mine), float(other), rel_tol=1e-9, abs_tol=1e-9)
    return type(mine) is type(other) and mine == other


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, memoryview):
        return bytes(value)
    return str(value) if isinstance(value, (date, time)) else value


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


def _stored_text(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return repr(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _digits(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, bytes):
        return value.hex()
    return value.replace("-", "").lower() if isinstance(value, str) else value


def _source_moment(value: Any, type_oid: int, conversion: Conversion | None) -> Any:
    if isinstance(value, (int, float)):
        return _from_number(value, conversion)
    written = read_moment(_without_excess(value)) if isinstance(value, str) else None
    if written is None:
        return value
    if type_oid == _TIME:
        return str(time.fromisoformat(written.utc))
    if type_oid == _DATE:
        return written.utc[:10]
    text = written.utc if written.type == "timestamp" else f"{written.utc} 00:00:00"
    whole, _, fraction = text.partition(".")
    return datetime.fromisoformat(whole).replace(microsecond=int(f"{fraction:0<6}"[:6]))


def _without_excess(text: str) -> str:
    """Return a text in the form that read_moment knows: Go writes its zone twice."""
    return text.removesuffix(" UTC").strip()


def _from_number(value: float, conversion: Conversion | None) -> Any:
    try:
        if conversion == "cocoa":
            return (_COCOA + timedelta(seconds=value)).replace(tzinfo=None)
        per_second = _PER_SECOND.get(conversion or "")
        if per_second is None:
            return value
        micro = round(value * (1_000_000 // per_second))
        return (_EPOCH + timedelta(microseconds=micro)).replace(tzinfo=None)
    except OverflowError:
        return value


def _target_moment(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(timezone.utc).replace(tzinfo=None)
    return value


def _document(value: Any) -> Any:
    if not isinstance(value, (str, bytes)):
        return value
    try:
        return _target_document(json.loads(value))
    except ValueError:
        return value


def _extracted(value: Any) -> Any:
    """Return a value that SQLite took out of a document; only objects and arrays are text there."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        return _document(value)
    return value


def _target_document(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True)
    return _plain(value)
