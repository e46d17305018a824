"""A value that SQLite stores, as a literal of the type that its column gets on PostgreSQL."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, time, timedelta, timezone

from dbtune.model.transfer import ColumnPlan
from dbtune.model.workload import SqlValue

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z")
_LIMITED_NUMERIC = re.compile(
    r"(?:numeric|decimal)\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)\Z", re.IGNORECASE
)
_LIMITED_TEXT = re.compile(r"(?:varchar|character varying)\((\d+)\)\Z", re.IGNORECASE)
_VAST_NUMBER = re.compile(r"[eE][+-]?\d{4,}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32}\Z")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|[+-]\d\d:?\d\d|[+-]\d\d)?)?\Z"
)
_CLOCK = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?\Z")
_INTEGER_BITS = {"smallint": 15, "integer": 31, "bigint": 63}
_EPOCHS = {
    "epoch_s": (1970, 1_000_000),
    "epoch_ms": (1970, 1_000),
    "epoch_us": (1970, 1),
    "cocoa": (2001, 1_000_000),
}
_TRUTHS = {"0": False, "f": False, "false": False, "1": True, "t": True, "true": True}


def quote_text(text: str) -> str:
    """Return a text as a SQL literal, for standard_conforming_strings on."""
    return "'" + text.replace("'", "''") + "'"


def literal_sql(value: SqlValue, column: ColumnPlan) -> str | None:
    """Return a stored value as the column's conversion makes it, None where its type cannot.

    NULL is "NULL". Follows the meaning of `Conversion`, value by value. The literal takes its type
    from where it stands, such as DEFAULT.
    """
    if value is None:
        return "NULL"
    conversion = column.conversion
    if conversion in {"integer", "double", "decimal"}:
        return _number(value, column)
    if conversion == "boolean":
        truth = _TRUTHS.get(str(value).lower()) if isinstance(value, (int, str)) else None
        return None if truth is None else str(truth).lower()
    if conversion == "bytes":
        stored = value if isinstance(value, bytes) else number_text(value).encode()
        return f"'\\x{stored.hex()}'"
    if conversion in {"text", "json", "jsonb"}:
        return _text(value, column)
    if conversion == "uuid":
        return _uuid(value)
    return _moment(value, column)


def number_text(value: int | float | str) -> str:
    """Return a number's shortest digits, and a text as it is."""
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, str) else repr(value)


def _number(value: SqlValue, column: ColumnPlan) -> str | None:
    if column.conversion == "integer":
        bits = _INTEGER_BITS.get(column.pg_type, 63)
        if isinstance(value, int) and -(2**bits) <= value < 2**bits:
            return str(value)
        return None
    digits = number_text(value) if isinstance(value, (int, float, str)) else ""
    if column.conversion == "double":
        return quote_text(digits) if _is_double(value) else None
    infinite = column.pg_type == "numeric" and digits in {"Infinity", "-Infinity"}
    decimal = _DECIMAL.match(digits) and _fits_numeric(digits, column.pg_type)
    if not infinite and not decimal:
        return None
    return quote_text(digits)


def _is_double(value: SqlValue) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and abs(value) <= 2**53)


def _fits_numeric(digits: str, pg_type: str) -> bool:
    limited = _LIMITED_NUMERIC.match(pg_type)
    if limited is None:
        return True
    if "e" in digits.lower():
        return False
    whole, _, fraction = digits.lstrip("+-").partition(".")
    precision, scale = int(limited[1]), int(limited[2] or 0)
    return len(fraction.rstrip("0")) <= scale and len(whole.lstrip("0")) <= precision - scale


def _text(value: SqlValue, column: ColumnPlan) -> str | None:
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return None
    else:
        assert value is not None
        text = number_text(value)
    limit = _LIMITED_TEXT.match(column.pg_type)
    if "\0" in text or (limit is not None and len(text) > int(limit[1])):
        return None
    if column.conversion == "text":
        return quote_text(text)
    return quote_text(text) if _is_json(text) else None


def _is_json(text: str) -> bool:
    """Return whether both types take a text: no NUL, half a surrogate pair, or vast number."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return "\\u0000" not in text and _VAST_NUMBER.search(text) is None


def _no_constant(name: str) -> None:
    """Refuse Infinity and NaN, which Python reads and JSON has not."""
    raise ValueError(name)


def _uuid(value: SqlValue) -> str | None:
    digits = value.hex() if isinstance(value, bytes) else str(value).replace("-", "")
    return quote_text(digits) if _HEXADECIMAL.match(digits) else None


def _moment(value: SqlValue, column: ColumnPlan) -> str | None:
    epoch = _EPOCHS.get(column.conversion)
    if epoch is not None and isinstance(value, (int, float)):
        return _since(value, *epoch)
    if not isinstance(value, str):
        return None
    try:
        return _iso(value, column)
    except ValueError:  # the 30th of February
        return None


def _iso(text: str, column: ColumnPlan) -> str | None:
    if column.conversion == "time":
        if not _CLOCK.match(text):
            return None
        time.fromisoformat(_six_digits(text))
        return quote_text(text)
    found = _MOMENT.match(text)
    if found is None:
        return None
    date.fromisoformat(found[1])
    time.fromisoformat(_six_digits(found[2] or "00:00"))
    if column.conversion == "date":
        return quote_text(text) if found[2] is None else None
    if column.conversion == "timestamp":
        return quote_text(text) if found[3] is None else None
    if column.conversion != "timestamptz":
        return None
    zone = "+00" if found[3] in {None, "Z"} else found[3]
    return quote_text(f"{found[1]} {found[2] or '00:00'}{zone}")


def _since(value: int | float, year: int, unit_us: int) -> str | None:
    try:
        moment = datetime(year, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=value * unit_us)
    except (OverflowError, ValueError):
        return None
    return quote_text(moment.isoformat(sep=" "))


def _six_digits(clock: str) -> str:
    """Return a time as Python 3.10 reads it: with three or six digits of a second."""
    whole, point, fraction = clock.partition(".")
    return f"{whole}{point}{fraction.ljust(6, '0')}" if point else whole
