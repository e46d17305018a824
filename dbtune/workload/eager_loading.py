"""How a read that is repeated row by row becomes one read, in the words of who wrote it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

# Between relationships that lead to one another: "Product.chef > Chef.reviews". A class alone is
# what is selected where the next relationship is of one that derives from it.
_STEP = " > "
_ALIASED = re.compile(r"aliased\((\w+)\)\.(.+)")
_KEY = re.compile(r'(?P<left>[\w."]+) ==? \?|\? ==? (?P<right>[\w."]+)')


def eager_loading(
    relationship: str, *, finds_one: bool | None, repeated: Collection[str | None] = ()
) -> str:
    """Return what to add to the query of the list, so that SQLAlchemy loads all rows at once.

    `finds_one` says whether each load finds one row, None where that is not known. `repeated` are
    all relationships that are loaded row by row: those that lead to this one and are not among
    them are loaded well already, and stay as they are.
    """
    steps = relationship.split(_STEP)
    last = _attribute(steps[-1])
    if is_tree(relationship):
        return (
            f"add .options(selectinload({last}, recursion_depth=-1)) to the query of the list, or "
            "the number of levels in the place of -1"
        )
    advice = f"add .options({_loaders(steps, 0, finds_one, repeated)}) to the query of the list"
    aliased = _ALIASED.match(steps[0])
    if aliased is not None:
        advice += f", where alias is its aliased({aliased[1]})"
    if finds_one:
        return f"{advice}; selectinload({last}) does as well"
    if finds_one is None:
        advice += f"; joinedload({last}) does as well if it is to-one"
    return advice


def is_tree(relationship: str) -> bool:
    """Tell whether a relationship leads to itself."""
    first, _, second = relationship.partition(_STEP)
    return first == second


def _loaders(
    steps: Sequence[str], place: int, finds_one: bool | None, repeated: Collection[str | None]
) -> str:
    """Return the option that loads a relationship, and those that lead to it, with the list."""
    step = steps[place]
    if "." not in step:
        derived = steps[place + 1].partition(".")[0]
        rest = _loaders(steps, place + 1, finds_one, repeated)
        return f"selectin_polymorphic({step}, [{derived}]), {rest}"
    if place == len(steps) - 1:
        return f"{'joinedload' if finds_one else 'selectinload'}({_attribute(step)})"
    # A second strategy for what has one already is an error of SQLAlchemy's.
    is_repeated = _STEP.join(steps[: place + 1]) in repeated
    loader = f"{'selectinload' if is_repeated else 'defaultload'}({_attribute(step)})"
    rest = _loaders(steps, place + 1, finds_one, repeated)
    return f"{loader}.{rest}" if "." in steps[place + 1] else f"{loader}.options({rest})"


def _attribute(step: str) -> str:
    aliased = _ALIASED.match(step)
    return step if aliased is None else f"alias.{aliased[2]}"


def one_for_all(key: str | None) -> str:
    """Return the fix of a loop that sends SQL itself; `key` is the column it looks up by."""
    condition = f"WHERE {key} IN (...)" if key else "IN (...)"
    return f"collect the keys first and send one query with {condition}, or join to the list"


def key_of(template: str) -> str | None:
    """Return the one column that a statement's template compares with a value, None if several."""
    found = {match["left"] or match["right"] for match in _KEY.finditer(template)}
    return found.pop() if len(found) == 1 else None
