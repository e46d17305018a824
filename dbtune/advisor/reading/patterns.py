"""What a LIKE or GLOB pattern begins with, as far as a recording shows it."""

from __future__ import annotations

from dbtune.advisor.reading.statement import Operator, Side

_WILDCARDS: dict[Operator, str] = {"like": "%_", "glob": "*?["}


def beginning(sides: tuple[Side, ...]) -> str | None:
    """Return the known start of the pattern, or None where no value was recorded."""
    return sides[0].begins_with if len(sides) == 1 else None


def has_prefix(operator: Operator, sides: tuple[Side, ...]) -> bool:
    """Return whether the pattern fixes its first character, so that a range of it can be read."""
    start = beginning(sides)
    return bool(start) and start is not None and start[0] not in _WILDCARDS[operator]


def has_leading_wildcard(operator: Operator, sides: tuple[Side, ...]) -> bool:
    """Return whether the pattern begins with a wildcard and then asks for something."""
    start = beginning(sides)
    if not start or start[0] not in _WILDCARDS[operator]:
        return False
    # '%' alone matches every row: that is no search, and a scan for it is right.
    rest = start.strip("%") if operator == "like" else start.strip("*")
    return bool(rest) or not sides[0].values
