"""What else there is to know of a digest: what it lacks, and what its figures stand for."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import QueryOrder
from dbtune.workload.query_statistics import RecordingStatistics


def order_notes(
    statistics: RecordingStatistics, asked: QueryOrder, by: QueryOrder, *, timed: bool
) -> Iterator[str]:
    """Yield what the order is by, where that is not what was asked for, and what shares are of."""
    if not statistics.kept:
        return
    if by != asked:
        yield f"in the order of their calls: nothing that --by {asked} asks for was recorded"
    if not timed:
        yield "no durations above 0 were recorded: shares are of the calls"


def filter_notes(
    statistics: RecordingStatistics, route: str | None, database: str | None, since: float | None
) -> Iterator[str]:
    """Yield what the filters left out that was not asked for, and whether they left anything."""
    if not statistics.statements:
        yield "the recording holds no statements"
    elif not statistics.kept:
        asked = [f"--route {route}"] if route is not None else []
        asked += [f"--database {database}"] if database is not None else []
        asked += ["--since"] if since is not None else []
        yield f"no statement is left by {' and '.join(asked)}"
    if since is not None and statistics.without_time:
        yield f"statements without a time, left out by --since: {statistics.without_time:,}"


def recording_notes(statistics: RecordingStatistics) -> Iterator[str]:
    """Yield what the recording lacks."""
    if statistics.sampled:
        yield (
            "recorded with a sample rate: calls and sums are extrapolated; a cache would have hit "
            "more often, and been stale more often, than what was recorded tells"
        )
    if statistics.kept and all(shape.first_seen is None for shape in statistics.shapes.values()):
        yield "no times were recorded, so that no cache could be tried"
    if statistics.dropped_by_recorder:
        yield (
            "statements that the recorder could not write in time or in the room it had: "
            f"{statistics.dropped_by_recorder:,}"
        )
    if statistics.dropped_shapes:
        yield (
            f"rare and quick query shapes that were left out: {statistics.dropped_shapes:,}, with "
            f"{statistics.dropped_calls:,.0f} calls"
        )
    if statistics.cache.clock_went_back:
        yield (
            "times go back in places: first and last seen are the earliest and the latest, and "
            "the cache was tried in the order of the lines"
        )
