"""unused-columns: a read fetches columns that no other recorded statement asks for.

It carries no Change: what the application does with a row is in no recording.
Source: https://www.sqlite.org/fileformat2.html#ovflpgs (long rows take further pages to read)
"""

from __future__ import annotations

from datetime import datetime

from dbtune.advisor.facts import Facts, NarrowerRead, ShapeFacts
from dbtune.advisor.wording import counted, listed, percent, shown
from dbtune.model.advice import Evidence, Finding
from dbtune.model.workload import Workload

CODE = "unused-columns"

# Less than half a page a call is lost in what a call costs anyway.
_LEAST_BYTES = 2_048
_LEAST_RATIO = 0.5
_MOST_FINDINGS = 5


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return findings for the reads that could spare the most bytes, at most five."""
    shapes = {shape.shape.id: shape for shape in facts.shapes}
    worth = [
        (shapes[read.shape_id], read)
        for read in facts.narrower_reads
        if read.index is None
        and read.shape_id in shapes
        and read.spared_bytes >= max(_LEAST_BYTES, _LEAST_RATIO * read.fetched_bytes)
    ]
    worth.sort(key=lambda pair: -pair[0].shape.count * pair[1].spared_bytes)
    return tuple(_finding(facts, *pair) for pair in worth[:_MOST_FINDINGS])


def _finding(facts: Facts, shape: ShapeFacts, read: NarrowerRead) -> Finding:
    calls = shape.shape.count
    minutes = _minutes(facts.workload)
    a_minute = calls * read.spared_bytes / minutes if minutes else None
    rate = f", {_size(a_minute)} a minute" if a_minute is not None else ""
    return Finding(
        code=CODE,
        severity="info",
        subject=read.shape_id,
        message=(
            f"A read of {shown(read.table)} fetches all its columns. No other recorded statement "
            f"names {listed(read.spared)}: {_size(read.spared_bytes)} of the "
            f"{_size(read.fetched_bytes)} in {counted(read.rows, 'row')}{rate}"
            f"{_saved(read)}."
        ),
        evidence=(
            Evidence("calls_count", calls),
            Evidence("spared_bytes", read.spared_bytes),
            Evidence("fetched_bytes", read.fetched_bytes),
            Evidence("spared_per_minute_bytes", a_minute),
            Evidence("page_fetches_before_count", read.page_fetches_before),
            Evidence("page_fetches_after_count", read.page_fetches_after),
        ),
        help=(
            "What the application does with a row is in no recording. If it needs none of these "
            "columns here, name the others; in SQLAlchemy load_only() or defer(), in Django "
            "only() or defer()."
        ),
        command=read.sql,
    )


def _minutes(workload: Workload | None) -> float | None:
    """Return the minutes that a recording spans; None for less than one, which says little."""
    if workload is None or workload.started_at is None or workload.ended_at is None:
        return None
    first, last = (
        datetime.fromisoformat(time.rstrip("Z"))
        for time in (workload.started_at, workload.ended_at)
    )
    minutes = (last - first).total_seconds() / 60
    return minutes if minutes >= 1 else None


def _saved(read: NarrowerRead) -> str:
    if read.page_fetches_after > (1 - _LEAST_RATIO / 2) * read.page_fetches_before:
        return ""
    saved = 1 - read.page_fetches_after / read.page_fetches_before
    return f"; without them it fetches {percent(saved)} fewer pages"


def _size(size_bytes: float) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:,.1f} {name}"
    return f"{size_bytes:,.0f} bytes"
