"""Where values stand between the ends of an axis, and at which values it has lines."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from statistics import median

# Three to six lines: fewer leave values to guess, more are in the way of the curves.
_STEPS = 5
_DECADE = (1, 2, 5)
# Beyond, the next power of ten is no number; nothing that is measured comes near.
_LARGEST, _SMALLEST = 1e300, 1e-300
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
# 2,000 reads as well as 2k, and 1,500 better than 1.5k.
_PLAIN_BELOW = 1e4


def has_place(value: float) -> bool:
    """Return whether a value can stand on an axis: not if it is infinite or not a number."""
    return abs(value) <= _LARGEST


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, logarithmic or not, with lines at `ticks`."""

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]

    def ratio(self, value: float) -> float:
        """Return where a value stands, from 0 to 1; what lies outside stands at the end."""
        if self.high <= self.low:
            return 0.5
        if not self.log:
            part = (value - self.low) / (self.high - self.low)
        elif value <= 0:
            part = 0.0
        else:
            part = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return min(max(part, 0.0), 1.0)


def scale_up(values: tuple[float, ...], log: bool) -> Scale:
    """Return an axis for values: from zero, or where `log`, from below the smallest above zero.

    Only values that have a place count. All zero, it still has a top.
    """
    above = [value for value in values if has_place(value) and value >= _SMALLEST]
    if not above:
        return Scale(0.0, 1.0, False, (0.0, 1.0))
    if log:
        return _log_scale(min(above), max(above))
    step = _nice_step(max(above) / _STEPS)
    count = ceil(max(above) / step * (1 - 1e-9))
    return Scale(0.0, count * step, False, tuple(rank * step for rank in range(count + 1)))


def scale_across(values: tuple[float, ...]) -> Scale:
    """Return an axis from the first value to the last; logarithmic where most crowd at its start.

    Numbers of clients are often doubled: 1, 2, 4 ... 64 would share a tenth of a linear axis.
    """
    places = sorted(set(values))
    doubled = len(places) > 2 and places[0] > 0 and median(places) <= places[-1] / 4
    return Scale(places[0], places[-1], doubled, tuple(places))


def tick_texts(scale: Scale) -> tuple[str, ...]:
    """Return the ticks in few digits: 0, 5k, 10k; of one unit, unless logarithmic."""
    most = max(map(abs, scale.ticks))
    if most < _PLAIN_BELOW:
        return tuple(map(_plain, scale.ticks))
    return tuple(_short(tick, tick if scale.log else most) for tick in scale.ticks)


def _short(tick: float, most: float) -> str:
    divisor, unit = next(((scale, unit) for scale, unit in _UNITS if most >= scale), (1.0, ""))
    return f"{_plain(tick / divisor)}{unit if tick else ''}"


def _plain(value: float) -> str:
    if value and (abs(value) < 1e-4 or abs(value) >= 1e15):
        return f"{value:.3g}"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def _nice_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return next(
        (each * power for each in _DECADE if each * power >= rough * (1 - 1e-9)), 10 * power
    )


def _log_scale(least: float, most: float) -> Scale:
    low, high = floor(log10(least) + 1e-9), ceil(log10(most) - 1e-9)
    high = max(high, low + 1)
    every = ceil((high - low) / (_STEPS + 1))
    decades = range(low, high + 1)
    ticks = [10.0**power for power in decades if (power - low) % every == 0]
    if high - low == 1:
        ticks = [each * 10.0**low for each in (1, 2, 5, 10)]
    return Scale(10.0**low, 10.0**high, True, tuple(ticks))
