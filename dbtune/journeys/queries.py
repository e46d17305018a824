"""The queries journey: recordings in, the figures of their queries and what a cache gains out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from functools import partial

from dbtune._version import __version__
from dbtune.journeys.cache_advice import cache_result
from dbtune.journeys.query_notes import filter_notes, order_notes, recording_notes
from dbtune.journeys.query_order import ordered, ordered_by
from dbtune.model.digest import (
    Names,
    QueryDigest,
    QueryOrder,
    QueryRepeats,
    QueryStatistics,
)
from dbtune.model.event import OnEvent, ignore_event
from dbtune.workload.query_statistics import LineFilter, Matcher, RecordingStatistics
from dbtune.workload.recording_file import RecordingFile, find_files
from dbtune.workload.shape_statistics import ShapeStatistics
from dbtune.workload.sources import BrokenLines, read_batches
from dbtune.workload.top_names import TopNames

# A page's own cache, a dashboard that refreshes, and what nobody minds for some minutes.
DEFAULT_TTLS_SECONDS = (1.0, 10.0, 60.0, 600.0)


@dataclass(frozen=True)
class QueriesOptions:
    """What the user asks of queries; see `dbtune queries --help`.

    `since` is in seconds since 1970; `limit` None keeps all shapes.
    """

    queries: tuple[str, ...]
    by: QueryOrder = "total"
    route: str | None = None
    database: str | None = None
    since: float | None = None
    limit: int | None = None
    cache_ttls: tuple[float, ...] = DEFAULT_TTLS_SECONDS
    strict: bool = False


@dataclass(frozen=True)
class _Read:
    """What was read of the recordings."""

    files: tuple[RecordingFile, ...]
    statistics: RecordingStatistics
    broken: BrokenLines


def digest_queries(options: QueriesOptions, on_event: OnEvent = ignore_event) -> QueryDigest:
    """Return which queries recordings hold, how often each came and how long it took.

    One pass in flat memory. Raises ConfigurationError as `read_batches` does.
    """
    read = _read(options, on_event)
    statistics = read.statistics
    clock = statistics.clock
    whole = statistics.latency().summary()
    total_ns = whole.total_ns if whole else 0.0
    calls = sum(shape.calls for shape in statistics.shapes.values())
    repeats = _repeats(statistics)
    shapes = tuple(
        _finish(shape, statistics, repeats.get(shape.id), total_ns, calls)
        for shape in statistics.shapes.values()
        if shape.calls
    )
    by = ordered_by(shapes, options.by)
    return QueryDigest(
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        dbtune_version=__version__,
        sources=tuple(file.name for file in read.files),
        by=options.by,
        ordered_by=by,
        route=options.route,
        database=options.database,
        since=clock.write(options.since),
        statements=statistics.statements,
        kept=statistics.kept,
        calls=calls,
        error_calls=sum(shape.error_calls for shape in shapes),
        shapes=len(shapes),
        latency=whole,
        started_at=min((shape.first_seen for shape in shapes if shape.first_seen), default=None),
        ended_at=max((shape.last_seen for shape in shapes if shape.last_seen), default=None),
        databases=_databases(statistics),
        queries=ordered(shapes, by)[: options.limit],
        cache=cache_result(statistics, options.cache_ttls),
        broken=tuple(read.broken.kept),
        broken_count=read.broken.count,
        notes=(
            *order_notes(statistics, options.by, by, timed=bool(total_ns)),
            *filter_notes(statistics, options.route, options.database, options.since),
            *recording_notes(statistics),
        ),
    )


def _read(options: QueriesOptions, on_event: OnEvent) -> _Read:
    chosen = LineFilter(_matcher(options.route), _matcher(options.database), options.since)
    statistics = RecordingStatistics(options.cache_ttls, chosen)
    files, broken = find_files(options.queries), BrokenLines()
    latest: RecordingFile | None = None
    for file, batch in read_batches(
        files, strict=options.strict, on_broken=broken, on_event=on_event
    ):
        if file is not latest:
            statistics.end_file()
            latest = file
        statistics.add_batch(batch)
    statistics.end_file()
    return _Read(files, statistics, broken)


def _matcher(pattern: str | None) -> Matcher | None:
    return None if pattern is None else partial(fnmatchcase, pat=pattern)


def _finish(
    shape: ShapeStatistics,
    statistics: RecordingStatistics,
    repeats: QueryRepeats | None,
    total_ns: float,
    calls: float,
) -> QueryStatistics:
    latency = shape.latency.summary()
    time_ns = latency.total_ns if latency else 0.0
    return QueryStatistics(
        id=shape.id,
        template=shape.template,
        kind=shape.kind,
        calls=shape.calls,
        share=time_ns / total_ns if total_ns else shape.calls / calls,
        latency=latency,
        rows=shape.rows(),
        waits=shape.waits(),
        errors=shape.errors.finish(),
        error_calls=shape.error_calls,
        first_seen=statistics.clock.write(shape.first_seen),
        last_seen=statistics.clock.write(shape.last_seen),
        routes=shape.routes.finish(),
        call_sites=shape.call_sites.finish(),
        databases=shape.databases.finish(),
        relationships=shape.relationships.finish(),
        repeats=repeats,
    )


def _repeats(statistics: RecordingStatistics) -> dict[str, QueryRepeats]:
    found: dict[str, QueryRepeats] = {}
    for series in statistics.repeated():
        known = found.get(series.shape_id, QueryRepeats(0, 0))
        found[series.shape_id] = QueryRepeats(
            max(known.worst, series.worst), known.requests + series.requests
        )
    return found


def _databases(statistics: RecordingStatistics) -> Names:
    databases = TopNames()
    for shape in statistics.shapes.values():
        databases.merge(shape.databases)
    return databases.finish()
