"""Values of a statement as JSON: themselves, or only their types and lengths, and their digest."""

from __future__ import annotations

import base64
import math
import sqlite3
from collections import deque
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from json.encoder import encode_basestring_ascii
from typing import Any, Callable
from uuid import UUID

# The digest of a large blob would cost more than the statement; such are seldom asked for twice.
LARGEST_DIGESTED = 4096

Coder = Callable[[Any], str]


def copied_values(parameters: Any) -> Any:
    """Return values that the application cannot change any more: a tuple, a dict or None.

    Own types of the application become what sqlite3's own adapters make of them, or their mask.
    Its code is not run: values in a container of its own making are not known.
    """
    kind = type(parameters)
    if kind is tuple or kind is list:
        for value in parameters:
            if type(value) not in _PLAIN:
                return tuple([_plain(value) for value in parameters])
        return tuple(parameters) or None
    if isinstance(parameters, dict):
        return {_name(name): _plain(value) for name, value in dict.items(parameters)} or None
    if isinstance(parameters, tuple):
        parameters = tuple.__iter__(parameters)
    elif isinstance(parameters, list):
        parameters = list.__iter__(parameters)
    elif kind not in _SEQUENCES:
        return None
    return tuple([_plain(value) for value in parameters]) or None


def _name(name: Any) -> str:
    return str.__str__(name) if isinstance(name, str) else _OTHER_SHOWN


_OTHER_SHOWN = "<a value that only the application can store>"


class _Other:
    """Stands for a value of a type that only the application knows how to store."""

    __slots__ = ("mask",)

    def __init__(self, mask: str = '{"type": "other"}') -> None:
        self.mask = mask

    def __repr__(self) -> str:
        return _OTHER_SHOWN


_OTHER = _Other()
_PLAIN = frozenset({int, str, float, bytes, type(None)})
# Of the standard library's own, so that to go through them is harmless.
_SEQUENCES = frozenset({sqlite3.Row, str, bytes, deque, range})


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, (Decimal, UUID)) else _OTHER


def size_of(parameters: Any) -> int:
    """Return about how many bytes copied values hold in memory."""
    values = parameters.values() if isinstance(parameters, dict) else parameters
    size = 0
    for value in values:
        size += len(value) if isinstance(value, (str, bytes)) else 8
    return size


def without_large(parameters: Any) -> Any:
    """Return copied values with no more of large ones than their types and lengths."""
    if isinstance(parameters, dict):
        return {name: _small(value) for name, value in parameters.items()}
    return tuple([_small(value) for value in parameters])


def _small(value: Any) -> Any:
    is_large = isinstance(value, (str, bytes)) and len(value) > LARGEST_DIGESTED
    return _Other(mask_value(value)) if is_large else value


def to_json(parameters: Any, code: Coder) -> str:
    """Return copied values as a JSON list or object, each coded by `code_value` or `mask_value`."""
    if isinstance(parameters, dict):
        pairs = (f"{quote_text(name)}: {code(value)}" for name, value in parameters.items())
        return "{" + ", ".join(pairs) + "}"
    if code is mask_value and len(parameters) == 1:
        return f"[{_MASKS.get(type(parameters[0])) or mask_value(parameters[0])}]"
    return f"[{', '.join([code(value) for value in parameters])}]"


def quote_text(text: str) -> str:
    """Return a text as JSON. Half a surrogate pair is no character: readers refuse its line."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return encode_basestring_ascii(text)


def code_value(value: Any) -> str:
    """Return one value as docs/reference/recording.md has it; NaN is NULL to SQLite too."""
    if isinstance(value, str):
        return quote_text(value)
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(value)
        return "null" if math.isnan(value) else mask_value(value)
    if isinstance(value, bytes):
        return '{"$blob": "' + base64.b64encode(value).decode("ascii") + '"}'
    return mask_value(value)


_MASKS = {
    int: '{"type": "integer"}',
    float: '{"type": "real"}',
    type(None): '{"type": "null"}',
}


def mask_value(value: Any) -> str:
    """Return type and length of one value."""
    mask = _MASKS.get(type(value))
    if mask is not None:
        return mask
    if isinstance(value, str):
        return f'{{"type": "text", "len": {len(value)}}}'
    if isinstance(value, bytes):
        return f'{{"type": "blob", "len": {len(value)}}}'
    return value.mask if isinstance(value, _Other) else _OTHER.mask


class ValuesDigest:
    """Digests of values under one key: equal for equal values, and of no use without the key."""

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(digest_size=8, key=key)

    def of(self, parameters: Any, literals: str) -> str | None:
        """Return 16 hex digits, None where there are no values or they are too large.

        `literals` are those that were masked in the text: they are values like the bound ones.
        """
        if not parameters and not literals:
            return None
        canonical = literals + repr(parameters)
        if len(canonical) > LARGEST_DIGESTED or _OTHER_SHOWN in canonical:
            return None
        digest = self._keyed.copy()
        digest.update(canonical.encode("utf-8", "replace"))
        return digest.hexdigest()
