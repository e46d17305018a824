"""Which queries a cache would have answered, as a replay of the recording says."""

from __future__ import annotations

from dbtune.model.digest import CacheAdvice, CacheOutcome, CacheReplayResult, NamedCount, Names
from dbtune.workload.cache_replay import CacheReplay, ShapeOutcome
from dbtune.workload.query_statistics import RecordingStatistics
from dbtune.workload.shape_statistics import ShapeStatistics

# Of fewer look-ups a rate says little. Below a fifth a cache costs more code than it saves.
_LEAST_LOOKUPS = 20.0
_LEAST_HIT_RATIO = 0.2


def cache_result(
    statistics: RecordingStatistics, ttls_seconds: tuple[float, ...]
) -> CacheReplayResult | None:
    """Return what caches would have done, None where nothing of it can be known."""
    replay = statistics.cache
    lookups = sum(outcome.lookups for outcome in replay.outcomes.values())
    if not lookups and not statistics.cache_unknown_calls:
        return None
    shapes = {shape.id: shape for shape in statistics.shapes.values()}
    advice = [
        _advice(shapes[shape_id], outcome, replay, ttls_seconds)
        for shape_id, outcome in replay.outcomes.items()
        if shape_id in shapes and _is_worth_it(outcome)
    ]
    return CacheReplayResult(
        ttls_seconds=ttls_seconds,
        advice=tuple(sorted(advice, key=_most_first)),
        lookups=lookups,
        unknown_calls=statistics.cache_unknown_calls,
        sampled_ratio=replay.sampled_ratio,
    )


def _is_worth_it(outcome: ShapeOutcome) -> bool:
    enough = outcome.lookups >= _LEAST_LOOKUPS
    return enough and max(outcome.hits) >= _LEAST_HIT_RATIO * outcome.lookups


def _advice(
    shape: ShapeStatistics,
    outcome: ShapeOutcome,
    replay: CacheReplay,
    ttls_seconds: tuple[float, ...],
) -> CacheAdvice:
    latency = shape.latency.summary()
    writes = replay.writes_to(outcome.names)
    most = sorted(writes.items(), key=lambda item: (-item[1], item[0]))
    return CacheAdvice(
        shape_id=shape.id,
        template=shape.template,
        lookups=outcome.lookups,
        outcomes=tuple(
            CacheOutcome(
                ttl_seconds=ttl,
                hit_ratio=hits / outcome.lookups,
                stale_ratio=stale / hits if hits else 0.0,
                saved_ns=None if latency is None else (hits - stale) * latency.mean_ns,
            )
            for ttl, hits, stale in zip(ttls_seconds, outcome.hits, outcome.stale, strict=True)
        ),
        writes=Names(tuple(NamedCount(*item) for item in most[:5]), len(most)),
    )


def _most_first(advice: CacheAdvice) -> tuple[float, float, str]:
    """Order by the time saved with fresh answers, then by the number of those."""
    saved = max(outcome.saved_ns or 0.0 for outcome in advice.outcomes)
    fresh = max(outcome.hit_ratio * (1 - outcome.stale_ratio) for outcome in advice.outcomes)
    return (-saved, -fresh * advice.lookups, advice.shape_id)
