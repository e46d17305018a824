"""Thresholds as text, and when they raise and clear an alert."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass, replace

from dbtune.errors import ConfigurationError
from dbtune.model.metrics import (
    METRICS,
    Alert,
    AlertState,
    Comparison,
    Metric,
    Sample,
    Threshold,
    Unit,
)

# An alert ends a tenth below its limit: a value that stays near it would raise one each sample.
_HYSTERESIS = 0.1
_EXAMPLE = (
    '"wal_size_bytes>64MB for 60s", "disk_free_ratio<10%", "oldest_reader_seconds>5s clear 1s"'
)
_NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([a-z%/]*)"
_FORM = re.compile(
    rf"\s*([a-z0-9_]+)\s*([<>])\s*{_NUMBER}(?:\s+for\s+{_NUMBER})?(?:\s+clear\s+{_NUMBER})?\s*",
    re.IGNORECASE,
)
_SECONDS = {"": 1.0, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_UNITS: dict[Unit, dict[str, float]] = {
    "bytes": {
        "": 1.0,
        "b": 1.0,
        "kb": 1e3,
        "mb": 1e6,
        "gb": 1e9,
        "tb": 1e12,
        "kib": 2.0**10,
        "mib": 2.0**20,
        "gib": 2.0**30,
        "tib": 2.0**40,
    },
    "seconds": _SECONDS,
    "ratio": {"": 1.0, "%": 0.01},
    "per_second": {"": 1.0, "/s": 1.0},
    "count": {"": 1.0},
}


@dataclass(frozen=True)
class Episode:
    """Where a threshold stands: since when its metric is beyond it, and whether that was told."""

    since_seconds: float | None = None
    since: str = ""
    raised: bool = False


def parse_threshold(text: str) -> Threshold:
    """Return what "name>value [for 60s] [clear value]" says.

    Raises ConfigurationError for anything else, unknown names and units that do not fit.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ConfigurationError(
            f'--threshold "{text}" is no threshold; expected "name>value for 60s"',
            hint=f"such as {_EXAMPLE}",
        )
    name, comparison, value, unit, wait, wait_unit, clear, clear_unit = found.groups()
    metric = _metric_named(name, text)
    limit = _amount(value, unit, _UNITS[metric.unit], text)
    clear_at = _default_clear(metric.unit, comparison, limit)
    if clear is not None:
        clear_at = _amount(clear, clear_unit, _UNITS[metric.unit], text)
    threshold = Threshold(
        text=" ".join(text.split()),
        metric=metric,
        comparison=_comparison(comparison),
        limit=limit,
        for_seconds=0.0 if wait is None else _amount(wait, wait_unit, _SECONDS, text),
        clear_at=clear_at,
    )
    if threshold.is_passed_by(clear_at):
        raise ConfigurationError(
            f'--threshold "{text}" would clear while it is passed',
            hint=f"give a clear value on the other side of {value}{unit}",
        )
    return threshold


def step(
    threshold: Threshold, episode: Episode, sample: Sample, now: float
) -> tuple[Episode, Alert | None]:
    """Return where a threshold stands after a sample, and the alert to tell, if any.

    `now` are seconds of any steady clock. A value that is not known ends what has not been told
    yet, as nobody can say that it lasted, and leaves an alert as it is.
    """
    value = threshold.metric.value(sample)
    if value is None:
        return (episode if episode.raised else Episode()), None
    if episode.raised:
        if not threshold.is_cleared_by(value):
            return episode, None
        return Episode(), _alert("cleared", threshold, episode, sample, value)
    if not threshold.is_passed_by(value):
        return Episode(), None
    if episode.since_seconds is None:
        episode = Episode(now, sample.ts)
    assert episode.since_seconds is not None
    if now - episode.since_seconds < threshold.for_seconds:
        return episode, None
    raised = replace(episode, raised=True)
    return raised, _alert("raised", threshold, raised, sample, value)


def _alert(
    state: AlertState, threshold: Threshold, episode: Episode, sample: Sample, value: float
) -> Alert:
    return Alert(state, threshold, value, sample.ts, episode.since, sample.database)


def _metric_named(name: str, text: str) -> Metric:
    metrics = {metric.name: metric for metric in METRICS}
    if name.lower() in metrics:
        return metrics[name.lower()]
    close = difflib.get_close_matches(name.lower(), metrics, n=1)
    raise ConfigurationError(
        f'--threshold "{text}": there is no metric "{name}"',
        hint=f"did you mean {close[0]}?" if close else f"one of {', '.join(metrics)}",
    )


def _amount(number: str, unit: str, units: dict[str, float], text: str) -> float:
    scale = units.get(unit.lower())
    if scale is None:
        known = ", ".join(name for name in units if name)
        raise ConfigurationError(
            f'--threshold "{text}": {number}{unit} has a unit that does not fit',
            hint=f"use one of {known}" if known else "give a number without a unit",
        )
    amount = float(number) * scale
    if math.isinf(amount):
        raise ConfigurationError(
            f'--threshold "{text}": {number}{unit} is beyond all numbers',
            hint=f"such as {_EXAMPLE}",
        )
    return amount


def _default_clear(unit: Unit, comparison: str, limit: float) -> float:
    if unit == "count":
        return limit  # whole numbers do not hover around one
    room = limit * _HYSTERESIS
    if comparison == ">":
        return limit - room
    # Most shares never get beyond the whole.
    return min(limit + room, max(limit, 1.0)) if unit == "ratio" else limit + room


def _comparison(sign: str) -> Comparison:
    return ">" if sign == ">" else "<"
