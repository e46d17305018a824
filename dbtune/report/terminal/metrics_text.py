"""Samples and alerts of the monitor as people read them."""

from __future__ import annotations

from dbtune.model.metrics import METRICS, Alert, Metric, Sample
from dbtune.report.plain_text import printable
from dbtune.report.quantities import format_count, format_duration, format_ratio, format_size

UNKNOWN = "-"
_BY_NAME = {metric.name: metric for metric in METRICS}
# What a line of a running monitor shows, the first ones in a narrow terminal.
_COLUMNS = (
    ("file", "file_size_bytes"),
    ("wal", "wal_size_bytes"),
    ("lag", "checkpoint_lag_bytes"),
    ("reader", "oldest_reader_seconds"),
    ("busy", "busy_ratio"),
    ("p95", "statement_p95_seconds"),
    ("cpu", "cpu_ratio"),
    ("disk", "disk_free_bytes"),
    ("mem", "memory_bytes"),
    ("procs", "processes"),
    ("p99", "statement_p99_seconds"),
    ("stmts", "statements_per_second"),
    ("failed", "failed_per_second"),
    ("locked", "locked_per_second"),
    ("free", "freelist_size_bytes"),
    ("cache", "cache_hit_ratio"),
)
_TIME_WIDTH = 8
_COLUMN_WIDTH = 9


def format_metric(metric: Metric, value: float | None) -> str:
    """Return a figure in its unit, or - where it is not known."""
    if value is None:
        return UNKNOWN
    if metric.unit == "bytes":
        return format_size(value)
    if metric.unit == "seconds":
        return format_duration(value * 1e9)
    if metric.unit == "ratio":
        return format_ratio(value)
    return format_count(value) + ("/s" if metric.unit == "per_second" else "")


def heading(width: int) -> str:
    """Return the names of the columns that fit into a width."""
    return "time".ljust(_TIME_WIDTH) + "".join(
        name.rjust(_COLUMN_WIDTH) for name, _ in _columns(width)
    )


def sample_line(sample: Sample, width: int) -> str:
    """Return a sample as a line of a table below `heading`."""
    time = sample.ts[11:19]
    if sample.problem is not None:
        return printable(f"{time} {sample.database} {sample.problem}")
    cells = (
        format_metric(_BY_NAME[name], _BY_NAME[name].value(sample)) for _, name in _columns(width)
    )
    return time + "".join(cell.rjust(_COLUMN_WIDTH) for cell in cells)


def sample_table(sample: Sample) -> str:
    """Return all figures of a sample, one a line."""
    if sample.problem is not None:
        return printable(f"{sample.database} {sample.problem}") + "\n"
    widest = max(len(metric.label) for metric in METRICS)
    widest_name = max(len(metric.name) for metric in METRICS)
    lines = (
        f"{metric.label.ljust(widest)}  "
        f"{format_metric(metric, metric.value(sample)).rjust(_COLUMN_WIDTH)}  "
        f"{metric.name.ljust(widest_name)}{_note(metric, sample)}".rstrip()
        for metric in METRICS
    )
    return "\n".join(lines) + "\n"


def alert_line(alert: Alert) -> str:
    """Return an alert as one line."""
    value = format_metric(alert.threshold.metric, alert.value)
    state = "ALERT" if alert.state == "raised" else "over"
    return printable(
        f"{alert.ts[11:19]} {state}: {alert.database}: {alert.threshold.text} "
        f"(now {value}, since {alert.since[:19]}Z)"
    )


def _columns(width: int) -> tuple[tuple[str, str], ...]:
    return _COLUMNS[: max(1, (width - _TIME_WIDTH) // _COLUMN_WIDTH)]


def _note(metric: Metric, sample: Sample) -> str:
    if metric.name == "oldest_reader_seconds" and sample.oldest_reader_pid is not None:
        return f"  (process {sample.oldest_reader_pid})"
    return ""
