"""Places in a row that keep their order, moved as little as needed."""

from __future__ import annotations


def pool(values: list[float]) -> list[float]:
    """Return the rising values that are nearest to these by least squares.

    Source: https://en.wikipedia.org/wiki/Isotonic_regression, pooling of adjacent violators.
    """
    blocks: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, many = blocks.pop()
            total, count = total + before, count + many
        blocks.append((total, count))
    return [total / count for total, count in blocks for _ in range(count)]
