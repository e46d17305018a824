"""The ids of a page's parts: letters, digits and dashes, and never the same one twice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbtune.report.plain_text import printable

_NOT_ALLOWED = re.compile(r"[^a-z0-9]+")
_ALLOWED = re.compile(r"[a-z0-9][a-z0-9-]*")
_MOST_CHARACTERS = 40


def anchor(text: str) -> str:
    """Return a text as an anchor; two texts may have the same one, and "" stands for none."""
    return _NOT_ALLOWED.sub("-", text.lower())[:_MOST_CHARACTERS].strip("-")


def anchors(prefix: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return an anchor for each text, of which no two are the same; `prefix` is an anchor."""
    taken: set[str] = set()
    found = []
    for text in texts:
        wanted = "-".join(part for part in (prefix, anchor(text)) if part)
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}-{number}"
        taken.add(name)
        found.append(name)
    return tuple(found)


def checked_anchor(anchor: str) -> str:
    """Return an anchor that is safe in an id, a link and a stylesheet.

    Raises ValueError for any other, which is a bug of who made the page.
    """
    if not _ALLOWED.fullmatch(anchor):
        raise ValueError(f'anchor "{printable(anchor)}" has more than a-z, 0-9 and dashes')
    return anchor
