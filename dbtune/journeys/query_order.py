"""The order in which a digest tells its queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dbtune.model.digest import QueryOrder, QueryStatistics


def ordered_by(shapes: Sequence[QueryStatistics], by: QueryOrder) -> QueryOrder:
    """Return the order that was asked for, "calls" where no shape has anything of it."""
    return by if any(_KEYS[by](shape) for shape in shapes) else "calls"


def ordered(shapes: Sequence[QueryStatistics], by: QueryOrder) -> tuple[QueryStatistics, ...]:
    """Return the shapes with the most first; those of which it is not known come last."""
    key = _KEYS[by]

    def place(shape: QueryStatistics) -> tuple[float, float, str]:
        amount = key(shape)
        return (1.0 if amount is None else -amount, -shape.calls, shape.id)

    return tuple(sorted(shapes, key=place))


_KEYS: dict[QueryOrder, Callable[[QueryStatistics], float | None]] = {
    "total": lambda shape: None if shape.latency is None else shape.latency.total_ns,
    "calls": lambda shape: shape.calls,
    "mean": lambda shape: None if shape.latency is None else shape.latency.mean_ns,
    "p95": lambda shape: None if shape.latency is None else shape.latency.p95_ns,
    "p99": lambda shape: None if shape.latency is None else shape.latency.p99_ns,
    "max": lambda shape: None if shape.latency is None else shape.latency.max_ns,
    "rows": lambda shape: None if shape.rows is None else shape.rows.total,
    "wait": lambda shape: None if shape.waits is None else shape.waits.total_ns,
}
