"""Numbers as people read them: 3.4 ms, 4.0 MB, 35 %, 1,234."""

from __future__ import annotations

import re

from dbtune.model.advice import EvidenceValue

_DURATIONS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
_LONG_DURATIONS = ((3600e9, 7200e9, "h"), (60e9, 600e9, "min"))
_ZERO_UNIT = {"ns": "s"}
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:\.\d+)?(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_UTC = ("Z", "+00:00", "+0000")
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes"))


def format_duration(duration_ns: float) -> str:
    """Return nanoseconds as ns, µs, ms, s, min (from 10 min) or h (from 2 h)."""
    for unit_ns, from_ns, unit in _LONG_DURATIONS:
        if abs(duration_ns) >= from_ns:
            return f"{_digits(duration_ns / unit_ns)} {unit}"
    return _scaled(duration_ns, _DURATIONS)


def format_size(size_bytes: float) -> str:
    """Return bytes in decimal units, as disks and `ls --si` count them."""
    return _scaled(size_bytes, _SIZES)


def format_ratio(ratio: float) -> str:
    """Return a share in percent; only 0 is shown as 0 % and only 1 as 100 %."""
    percent = ratio * 100
    if 0 < percent < 0.1:
        return "<0.1 %"
    if -0.05 < percent <= 0:
        return "0 %"
    if 99 < percent < 100:
        return f"{int(percent * 10) / 10:.1f} %"
    return f"{_digits(percent).removesuffix('.0')} %"


def format_change(ratio: float) -> str:
    """Return what something costs over what it cost before: 1.12 is +12 %, from 3 on 3.4x."""
    # Nothing costs less than nothing, but a hand-edited document may say so.
    if not -3 < ratio < 3:
        return f"{_digits(ratio)}x"
    percent = round((ratio - 1) * 100)
    return f"{percent:+d} %" if percent else "0 %"


def format_count(count: float) -> str:
    """Return a number with thousands separators and no decimals that say nothing."""
    if isinstance(count, int):
        return f"{count:,}"
    if count.is_integer() or abs(count) >= 1000:
        return _digits(count) if abs(count) >= 1e15 else f"{round(count):,}"
    return f"{count:.1f}".removesuffix(".0") if abs(count) >= 10 else f"{count:.3g}"


def format_factor(before: float, after: float) -> str | None:
    """Return how many times faster, such as 61x, or None where it is no faster."""
    if after <= 0 or before <= after:
        return None
    return f"{_digits(before / after)}x" if before < after * 1e6 else "over 1,000,000x"


def format_moment(moment: str) -> str:
    """Return a time of ISO 8601 to the second: 2026-11-22 12:18:05 UTC; other text as it is."""
    match = _MOMENT.fullmatch(moment)
    if match is None:
        return moment
    zone = match["zone"] or ""
    return f"{match['day']} {match['time']}" + (" UTC" if zone in _UTC else f" {zone}".rstrip())


def format_span(started_at: str | None, ended_at: str | None) -> str:
    """Return from when to when, with the day of the end only where it is another one."""
    begin, end = (format_moment(moment or "unknown") for moment in (started_at, ended_at))
    day, _, time = end.partition(" ")
    if not time or not begin.startswith(f"{day} "):
        return f"{begin} to {end}"
    return f"{begin.removesuffix(' UTC') if time.endswith(' UTC') else begin} to {time}"


def format_evidence(name: str, value: EvidenceValue) -> str:
    """Return a value in the unit that its name ends with."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, str):
        return format_moment(value) if name.endswith("_at") else value
    return _format_number(name, value)


def evidence_label(name: str) -> str:
    """Return the words of an evidence name without its unit: cost_before_ns is cost before."""
    stem = next((name[: -len(unit)] for unit in _UNITS if name.endswith(unit)), name)
    return stem.replace("_", " ").strip() or name


_UNITS = ("_ns", "_ms", "_seconds", "_bytes", "_ratio", "_count")


def _format_number(name: str, value: float) -> str:
    if name.endswith("_ns"):
        return format_duration(value)
    if name.endswith("_ms"):
        return format_duration(value * 1e6)
    if name.endswith("_seconds"):
        return format_duration(value * 1e9)
    if name.endswith("_bytes"):
        return format_size(value)
    if name.endswith("write_cost_ratio"):
        return format_change(value)
    return format_ratio(value) if name.endswith("_ratio") else format_count(value)


def _scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    if value == 0:
        return f"0 {_ZERO_UNIT.get(units[-1][1], units[-1][1])}"
    # 999.6 kB is 1.0 MB once rounded, and never 1,000 kB.
    fitting = (pair for pair in units if abs(value) >= pair[0] * 0.9995)
    scale, unit = next(fitting, units[-1])
    if scale == 1.0 and float(value).is_integer():
        return f"{round(value)} {unit}"
    return f"{_digits(value / scale)} {unit}"


def _digits(value: float) -> str:
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    return f"{value:.1f}" if abs(value) < 9.95 else f"{round(value):,}"
