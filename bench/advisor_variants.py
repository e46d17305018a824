"""A recording as an application that writes far more would have sent it.

The hottest tables are those with the most executions of writes, as many of them as together take
half of all. Writes to them run five times as often; then all reads are scaled by one factor so
that writes are 90 % of the executions. Samples and values stay as recorded.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor_workloads import Unavailable, Workbench

from dbtune.advisor.statements.subjects import Subject
from dbtune.model.workload import Parameters, Sample, SqlValue

WRITE_SHARE = 0.9
HOT_FACTOR = 5.0
_HOT_SHARE = 0.5


def write_heavy(
    bench: Workbench, subjects: Sequence[Subject], folder: Path
) -> tuple[Workbench, tuple[str, ...]]:
    """Return the workload with a derived recording, written to the folder, and its hot tables.

    Raises Unavailable where the recording holds no writes, or nothing else.
    """
    if not any(s.writes for s in subjects) or all(s.writes for s in subjects):
        raise Unavailable("a write-heavy variant takes a recording with reads and writes")
    hot = hottest_tables(subjects)
    path = folder / f"{bench.name}-write-heavy.jsonl"
    counts = heavy_counts(subjects, hot)
    with path.open("w", encoding="utf-8") as lines:
        for subject, count in zip(subjects, counts, strict=True):
            for line in _lines(subject, count):
                lines.write(json.dumps(line) + "\n")
    return replace(bench, name=f"{bench.name}, write-heavy", recording=path), hot


def hottest_tables(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """Return the tables most written to that together take half of the executions of writes."""
    writes: Counter[str] = Counter()
    for subject in subjects:
        for table in subject.written:
            writes[table] += round(subject.shape.count)
    hot: list[str] = []
    covered = 0
    for table, count in sorted(writes.items(), key=lambda item: (-item[1], item[0])):
        if covered >= _HOT_SHARE * writes.total():
            break
        hot.append(table)
        covered += count
    return tuple(hot)


def heavy_counts(subjects: Sequence[Subject], hot: Sequence[str]) -> list[float]:
    """Return how often each shape runs in the variant."""
    counts = [
        s.shape.count * (HOT_FACTOR if s.writes and s.written & set(hot) else 1.0) for s in subjects
    ]
    writes = sum(c for s, c in zip(subjects, counts, strict=True) if s.writes)
    reads = sum(counts) - writes
    factor = writes * (1 - WRITE_SHARE) / WRITE_SHARE / reads
    return [c if s.writes else c * factor for s, c in zip(subjects, counts, strict=True)]


def _lines(subject: Subject, count: float) -> Iterator[dict[str, Any]]:
    samples: tuple[Sample, ...] = subject.shape.samples
    for sample in samples:
        line: dict[str, Any] = {"db.query.text": sample.text, "count": count / len(samples)}
        if sample.parameters is not None and not sample.drawn:
            line["db.query.parameters"] = _listed(sample.parameters)
        yield line


def _listed(parameters: Parameters) -> Any:
    if isinstance(parameters, tuple):
        return [_value(value) for value in parameters]
    assert parameters is not None
    return {name: _value(value) for name, value in parameters.items()}


def _value(value: SqlValue) -> Any:
    return {"$blob": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
