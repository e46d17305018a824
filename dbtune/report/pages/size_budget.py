"""How much of a long result a page holds: so much that it still opens at once and can be mailed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from dbtune.model.page import Bin, Cell, FindingCard, PlanStep

_Item = TypeVar("_Item")
# What the markup around the texts of a part takes, about: measured on reports of the demo. Halved,
# a page of 500 query shapes is larger than 500 kB; doubled, half of what fits is left out.
_PART_BYTES = 70
_MARKUP_BYTES: tuple[tuple[type, int], ...] = (
    (Cell, 26),
    (PlanStep, 120),
    (Bin, 130),
    (FindingCard, 400),
)


def estimated_bytes(part: object) -> int:
    """Estimate what a part of a page takes as HTML."""
    if isinstance(part, str):
        # Beyond ASCII a character takes up to four bytes, and one that is escaped takes six.
        return len(part) if part.isascii() else 3 * len(part)
    if isinstance(part, tuple):
        return sum(map(estimated_bytes, part))
    if not is_dataclass(part):
        return 0
    own = next((size for kind, size in _MARKUP_BYTES if isinstance(part, kind)), _PART_BYTES)
    values: list[Any] = [getattr(part, field.name) for field in fields(part)]
    return own + sum(map(estimated_bytes, values))


def fitting(items: Iterable[_Item], budget_bytes: int) -> tuple[_Item, ...]:
    """Return the first items that fit into so many bytes together."""
    kept: list[_Item] = []
    left = budget_bytes
    for item in items:
        left -= estimated_bytes(item)
        if left < 0:
            break
        kept.append(item)
    return tuple(kept)
