"""The common cases of encoding, for a whole batch of a column at once and so five times faster.

Each function returns the fields, or None for a batch that has to go value by value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

NULL = b"\\N"

_NONE = type(None)
_INTEGERS = frozenset({int, _NONE})
_NUMBERS = frozenset({int, float, _NONE})
_ESCAPES = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t"))
# Any digit becomes 0 and a T between date and time a space: what is left shows the form.
_FORM = bytes.maketrans(b"123456789T", b"000000000 ")
_DATE = b"0000-00-00"
_MOMENTS = (_DATE, b"0000-00-00 00:00:00", b"0000-00-00 00:00:00.000000")

BatchEncoder = Callable[[Sequence[Any]], "list[bytes] | None"]


def integers(values: Sequence[Any]) -> list[bytes] | None:
    """Encode a batch that holds only integers and NULL."""
    if not _INTEGERS.issuperset(map(type, values)):
        return None
    return [NULL if value is None else b"%d" % value for value in values]


def doubles(values: Sequence[Any]) -> list[bytes] | None:
    """Encode a batch that holds only finite numbers and NULL."""
    if not _NUMBERS.issuperset(map(type, values)) or math.inf in values or -math.inf in values:
        return None
    return [NULL if value is None else repr(value).encode() for value in values]


def texts(values: Sequence[Any]) -> list[bytes] | None:
    """Encode a batch that holds only texts (or blobs) and NULL."""
    joined = _joined(values)
    if joined is None:
        return None
    fields = list(values)
    for special, escaped in _ESCAPES:
        if special in joined:
            fields = [v if v is None else v.replace(special, escaped) for v in fields]
    return _with_nulls(fields)


def moments(values: Sequence[Any]) -> list[bytes] | None:
    """Pass on a batch of dates and times of one form, with six fraction digits or none."""
    return _of_one_form(values, _MOMENTS)


def dates(values: Sequence[Any]) -> list[bytes] | None:
    """Pass on a batch of dates."""
    return _of_one_form(values, (_DATE,))


def _joined(values: Sequence[Any]) -> bytes | None:
    """Return all values as one, None where some are numbers."""
    try:
        return b"".join([value for value in values if value is not None])
    except TypeError:
        return None


def _with_nulls(values: Sequence[Any]) -> list[bytes]:
    return [NULL if value is None else value for value in values]


def _of_one_form(values: Sequence[Any], forms: tuple[bytes, ...]) -> list[bytes] | None:
    """Return the fields of values that all have one of the forms, the same."""
    joined = _joined(values)
    if joined is None:
        return None
    lengths = {len(value) for value in values if value is not None}
    form = next((form for form in forms if lengths <= {len(form)}), None)
    if form is None or joined.translate(_FORM) != form * (len(joined) // len(form)):
        return None
    return _with_nulls(values)


BATCHES: Mapping[str, BatchEncoder] = {
    "integer": integers,
    "double": doubles,
    "text": texts,
    "json": texts,
    "jsonb": texts,
    "timestamp": moments,
    "date": dates,
}
