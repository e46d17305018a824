"""What stands on a page: its texts, the anchors it has and those it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TypeVar

from dbtune.model.page import Bar, Cell, Details, FindingCard, Page, Section, Share

_Kind = TypeVar("_Kind")


def parts(root: object) -> Iterator[object]:
    """Yield all that a page, section or block is made of, itself first."""
    yield root
    if isinstance(root, tuple):
        for item in root:
            yield from parts(item)
    elif is_dataclass(root):
        for field in fields(root):
            yield from parts(getattr(root, field.name))


def of_kind(root: object, kind: type[_Kind]) -> list[_Kind]:
    """Return the parts of one kind, in their order."""
    return [part for part in parts(root) if isinstance(part, kind)]


def texts(root: object) -> str:
    """Return all texts, a line each."""
    return "\n".join(of_kind(root, str))


def targets(page: Page) -> list[str]:
    """Return the anchors that a page has."""
    places = [*of_kind(page, Section), *of_kind(page, FindingCard), *of_kind(page, Details)]
    return [place.anchor for place in places if place.anchor]


def links(page: Page) -> list[str]:
    """Return the anchors that a page leads to."""
    found = [*of_kind(page, Cell), *of_kind(page, Bar), *of_kind(page, Share)]
    return [part.anchor for part in found if part.anchor is not None]


def section(page: Page, anchor: str) -> Section:
    """Return the section with an anchor."""
    return next(found for found in page.sections if found.anchor == anchor)


def block(page: Page, anchor: str, kind: type[_Kind]) -> _Kind:
    """Return the first block of one kind in a section."""
    return next(b for b in section(page, anchor).blocks if isinstance(b, kind))
