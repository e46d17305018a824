"""Which labels of an axis across are written: as many as the narrowest screen has room for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from dbtune.report.svg.markup import NARROWEST
from dbtune.report.svg.text_fit import text_width

Anchor = Literal["start", "middle", "end"]
_GAP = 10.0


@dataclass(frozen=True)
class AxisLabel:
    """A label at `ratio` of the width; `anchor` is the part of the text that stands there."""

    ratio: float
    text: str
    anchor: Anchor

    @property
    def start(self) -> float:
        """The px where the text begins on the narrowest screen."""
        before = {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]
        return self.ratio * NARROWEST - text_width(self.text) * before

    @property
    def end(self) -> float:
        """The px where the text ends on the narrowest screen."""
        return self.start + text_width(self.text)


def choose_labels(places: tuple[tuple[float, str], ...]) -> tuple[AxisLabel, ...]:
    """Return labels for every, every second, third ... of the (ratio, text) places.

    The last comes too where there is room, so that one sees where the axis ends.
    """
    labels = [_label(ratio, words) for ratio, words in places]
    steps = (labels[::step] for step in range(1, len(labels) + 1))
    chosen = next((some for some in steps if _fit(some)), [])
    with_last = [*chosen, labels[-1]] if labels and chosen[-1] is not labels[-1] else chosen
    return tuple(with_last if _fit(with_last) else chosen)


def _label(ratio: float, words: str) -> AxisLabel:
    half = text_width(words) / 2
    if ratio * NARROWEST < half:
        return AxisLabel(ratio, words, "start")
    if (1 - ratio) * NARROWEST < half:
        return AxisLabel(ratio, words, "end")
    return AxisLabel(ratio, words, "middle")


def _fit(labels: list[AxisLabel]) -> bool:
    return all(one.end + _GAP <= other.start for one, other in pairwise(labels))
