"""Samples and alerts of the monitor as JSON, a line each."""

from __future__ import annotations

import json

from dbtune._version import __version__
from dbtune.model.metrics import METRICS, Alert, Sample

SCHEMA_VERSION = 1


def sample_to_json(sample: Sample) -> str:
    """Return a sample as one line; a figure that is not known is null."""
    fields: dict[str, object] = {"ts": sample.ts, "database": sample.database}
    if sample.problem is not None:
        fields["problem"] = sample.problem
    fields |= {metric.name: _number(metric.value(sample)) for metric in METRICS}
    fields["oldest_reader_pid"] = sample.oldest_reader_pid
    return json.dumps(fields, ensure_ascii=False)


def alert_to_json(alert: Alert) -> str:
    """Return an alert as one line."""
    threshold = alert.threshold
    fields = {
        "schema_version": SCHEMA_VERSION,
        "dbtune_version": __version__,
        "command": "monitor",
        "created_at": alert.ts,
        "state": alert.state,
        "database": alert.database,
        "threshold": threshold.text,
        "metric": threshold.metric.name,
        "unit": threshold.metric.unit,
        "value": _number(alert.value),
        "limit": _number(threshold.limit),
        "since": alert.since,
    }
    return json.dumps(fields, ensure_ascii=False)


def alert_variables(alert: Alert) -> tuple[tuple[str, str], ...]:
    """Return an alert as environment variables for a command."""
    return (
        ("DBTUNE_ALERT_STATE", alert.state),
        ("DBTUNE_ALERT_DATABASE", alert.database),
        ("DBTUNE_ALERT_THRESHOLD", alert.threshold.text),
        ("DBTUNE_ALERT_METRIC", alert.threshold.metric.name),
        ("DBTUNE_ALERT_VALUE", str(_number(alert.value))),
        ("DBTUNE_ALERT_LIMIT", str(_number(alert.threshold.limit))),
        ("DBTUNE_ALERT_SINCE", alert.since),
    )


def _number(value: float | None) -> float | None:
    """Return a figure with the digits that say something: nanoseconds and parts per million."""
    if value is None or isinstance(value, int):
        return value
    return int(value) if value.is_integer() else round(value, 9)
