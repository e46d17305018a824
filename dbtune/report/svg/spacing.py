"""Places in a column, moved apart as little as needed."""

from __future__ import annotations


def spread_out(wanted: tuple[float, ...], gap: float, low: float, high: float) -> tuple[float, ...]:
    """Return places at least `gap` apart, as near to the wanted ones as there is room for.

    They keep their order, and stay from `low` to `high` if all fit in between. Least squares, by
    pooling neighbours that are too near: https://en.wikipedia.org/wiki/Isotonic_regression
    """
    order = sorted(range(len(wanted)), key=lambda rank: wanted[rank])
    free = pool([wanted[rank] - gap * step for step, rank in enumerate(order)])
    room = max(high - low - gap * (len(wanted) - 1), 0.0)
    placed = {
        rank: min(max(free[step], low), low + room) + gap * step for step, rank in enumerate(order)
    }
    return tuple(placed[rank] for rank in range(len(wanted)))


def pool(values: list[float]) -> list[float]:
    """Return the rising values that are nearest to these by least squares."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, many = blocks.pop()
            total, count = total + before, count + many
        blocks.append((total, count))
    return [total / count for total, count in blocks for _ in range(count)]
