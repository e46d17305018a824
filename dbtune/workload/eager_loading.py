"""How a read that is repeated row by row becomes one read, in the words of who wrote it."""

from __future__ import annotations

import re

# Between relationships that lead to one another: "Product.chef > Chef.reviews".
_STEP = " > "
_KEY = re.compile(r'(?P<left>[\w."]+) ==? \?|\? ==? (?P<right>[\w."]+)')


def eager_loading(relationship: str, *, finds_one: bool | None) -> str:
    """Return what to add to the query of the list, so that SQLAlchemy loads all rows at once.

    `finds_one` says whether each load finds one row, None where that is not known.
    """
    last = relationship.rpartition(_STEP)[2]
    advice = f"add {_loader_option(relationship, finds_one=finds_one)} to the query of the list"
    if finds_one:
        return f"{advice}; selectinload({last}) does as well"
    if finds_one is None:
        advice += f"; joinedload({last}) does as well if it is to-one"
    return advice


def _loader_option(relationship: str, *, finds_one: bool | None) -> str:
    """Return the option that loads a relationship, and those that lead to it, with the list."""
    *way, last = relationship.split(_STEP)
    loaders = [f"selectinload({step})" for step in way]
    loaders.append(f"{'joinedload' if finds_one else 'selectinload'}({last})")
    return f".options({'.'.join(loaders)})"


def one_for_all(key: str | None) -> str:
    """Return the fix of a loop that sends SQL itself; `key` is the column it looks up by."""
    condition = f"WHERE {key} IN (...)" if key else "IN (...)"
    return f"collect the keys first and send one query with {condition}, or join to the list"


def key_of(template: str) -> str | None:
    """Return the one column that a statement's template compares with a value, None if several."""
    found = {match["left"] or match["right"] for match in _KEY.finditer(template)}
    return found.pop() if len(found) == 1 else None
