"""Conditions on the digits that many texts of one shape have at one place, all at once.

The digits come as bytes, one for each text. What holds for which of them is an integer with a byte
for each, 1 where it holds, so that & and | join conditions at the speed of C.
"""

from __future__ import annotations

from functools import lru_cache


def all_among(column: bytes, digits: bytes) -> bool:
    """Return whether no digit of a column is another than these."""
    return not column.translate(None, digits)


def where_among(column: bytes, digits: bytes) -> int:
    """Return where a column has one of these digits."""
    return int.from_bytes(column.translate(_ones(digits)), "little")


def as_selectors(places: int, count: int) -> bytes:
    """Return a byte for each of so many texts, for itertools.compress()."""
    return places.to_bytes(count, "little")


@lru_cache(maxsize=100)
def _ones(digits: bytes) -> bytes:
    return bytes(int(byte in digits) for byte in range(256))
