"""What a recording can serve, and what it lacks for the rest."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recording import RecordedKeys, RecordingUse

# Where so few statements have a key, it says nothing of the recording.
_LEAST_RATIO = 0.01


def uses_of(
    keys: RecordedKeys, statements: int, shapes_without_values: int
) -> Iterator[RecordingUse]:
    """Yield each use with whether this recording serves it, the most common first."""

    def has(count: int) -> bool:
        return statements > 0 and count >= statements * _LEAST_RATIO

    def use(name: str, *lacks: tuple[bool, str]) -> RecordingUse:
        reason = next((reason for is_there, reason in lacks if not is_there), None)
        return RecordingUse(name, reason is None, reason)

    some = (statements > 0, "no statements")
    requests = (has(keys.requests), "no request ids")
    yield use("index advice", some)
    yield use(
        "index advice with recorded values",
        some,
        (not shapes_without_values, _values_lacking(shapes_without_values)),
    )
    # A transaction stands in for a request.
    units = has(keys.requests) or has(keys.transactions)
    yield use("N+1", (units, "neither request ids nor transaction ids"))
    yield use("the line that sends a query", (has(keys.call_sites), "no call sites"))
    yield use("time of each query", (has(keys.durations), "no durations"))
    yield use("the page that sends a query", (has(keys.routes), "no routes"))
    yield use("small transactions", requests, (has(keys.transactions), "no transaction ids"))
    yield use(
        "cache advice",
        (has(keys.timestamps), "no timestamps"),
        (has(keys.values) or has(keys.digests), "neither values nor digests of them"),
    )
    yield use("waits for the connection pool", (keys.waits > 0, "no waits were recorded"))


def _values_lacking(shapes: int) -> str:
    who = "1 query shape has" if shapes == 1 else f"{shapes:,} query shapes have"
    return f"{who} none (dbtune record --params keeps them); analyze draws some from the database"
