"""Where the labels of a histogram's markers stand: beside their lines, without collisions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

# Past this, trying all is slow and no arrangement is legible: each gets a line of its own.
_TRIED_UP_TO = 4
_GAP = 6.0


@dataclass(frozen=True)
class Flag:
    """A label at `x` px in `lane` (0 is the lowest), to the right of its line or to the left."""

    x: float
    width: float
    rightward: bool
    lane: int = 0

    @property
    def start(self) -> float:
        """The px where the label begins."""
        return self.x if self.rightward else self.x - self.width

    @property
    def end(self) -> float:
        """The px where the label ends."""
        return self.start + self.width


def place_flags(spots: tuple[tuple[float, float], ...], across: float) -> tuple[Flag, ...]:
    """Return a flag for each (x, width) in px, with as few collisions and lanes as there can be.

    A line goes down from its label, so it may not cross one that is lower.
    """
    count = len(spots)
    sides = [_sides(x, width, across) for x, width in spots]
    if count > _TRIED_UP_TO:
        return tuple(replace(side[0], lane=lane) for lane, side in enumerate(sides))
    choices = [
        [replace(flag, lane=lane) for flag in side for lane in range(count)] for side in sides
    ]
    return min(product(*choices), key=_badness, default=())


def _sides(x: float, width: float, across: float) -> list[Flag]:
    """Return the flags that stay on the chart, to the right first."""
    flags = [Flag(x, width, True), Flag(x, width, False)]
    inside = [flag for flag in flags if flag.start >= 0 and flag.end <= across]
    return inside or [Flag(x, width, x < across / 2)]


def _badness(flags: tuple[Flag, ...]) -> tuple[int, int, int, int]:
    pairs = [(one, other) for one in flags for other in flags if one is not other]
    covered = sum(one.lane == other.lane and _overlap(one, other) for one, other in pairs)
    crossed = sum(
        one.lane > other.lane and other.start - 1 < one.x < other.end + 1 and one.x != other.x
        for one, other in pairs
    )
    lanes = [flag.lane for flag in flags]
    leftward = sum(not flag.rightward for flag in flags)
    return covered * 2 + crossed, max(lanes, default=0), sum(lanes), leftward


def _overlap(one: Flag, other: Flag) -> bool:
    return one.start < other.end + _GAP and other.start < one.end + _GAP
