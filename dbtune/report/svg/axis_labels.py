"""Which labels of an axis across are written: as many as the narrowest screen has room for."""

from __future__ import annotations

from dataclasses import dataclass
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
    """Return labels for some of the (ratio, text) places, from left to right.

    The first and the last are always among them, if there is room for two.
    """
    labels = [_label(ratio, words) for ratio, words in places]
    chosen: list[AxisLabel] = []
    for each in labels[:1] + labels[-1:]:
        if _fits(each, chosen):
            chosen.append(each)
    for each in labels[1:-1]:
        if _fits(each, chosen):
            chosen.append(each)
    return tuple(sorted(chosen, key=lambda each: each.ratio))


def _label(ratio: float, words: str) -> AxisLabel:
    half = text_width(words) / 2
    if ratio * NARROWEST < half:
        return AxisLabel(ratio, words, "start")
    if (1 - ratio) * NARROWEST < half:
        return AxisLabel(ratio, words, "end")
    return AxisLabel(ratio, words, "middle")


def _fits(label: AxisLabel, others: list[AxisLabel]) -> bool:
    return all(
        label.end + _GAP <= other.start or other.end + _GAP <= label.start for other in others
    )
