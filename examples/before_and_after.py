"""Prints the costliest queries of a report with cost, time and plan, before and after.

python examples/before_and_after.py REPORT, as dbtune apply-indexes --output wrote it. Shows how
to read a report in Python.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dbtune.model.advice import Report, ShapeReport
from dbtune.report.documents.from_json import from_json
from dbtune.report.plain_text import one_line, printable, shorten
from dbtune.report.quantities import format_count, format_duration

_MOST = 8
_WIDTH = 96


def before_and_after(report: Report) -> Iterator[str]:
    """Yield the lines to print, the costliest query first."""
    if report.verdict is not None:
        verdict = report.verdict
        yield f"Cost of the recording: {_change(verdict.cost_before, verdict.cost_after)}"
        if verdict.time_before_ns is not None and verdict.time_after_ns is not None:
            times = _change(verdict.time_before_ns, verdict.time_after_ns)
            yield f"Measured on a copy:    {times}"
    costliest = sorted(report.shapes, key=lambda shape: -shape.count * shape.cost_before)
    for shape in costliest[:_MOST]:
        yield from _shape(shape)


def _shape(shape: ShapeReport) -> Iterator[str]:
    yield ""
    # What is selected is long and says little.
    text = re.sub(r"^SELECT .{8,}? FROM ", "SELECT ... FROM ", one_line(shape.text))
    yield shorten(f"{shape.id}  {text}", _WIDTH)
    time = ""
    if shape.time_before_ns is not None and shape.time_after_ns is not None:
        time = f", measured {_change(shape.time_before_ns, shape.time_after_ns)}"
    cost = _change(shape.cost_before, shape.cost_after)
    yield f"  {format_count(shape.count)} calls, each: cost {cost}{time}"
    yield from (f"  - {printable(step)}" for step in shape.plan_before)
    yield from (f"  + {printable(step)}" for step in shape.plan_after)


def _change(before: float, after: float) -> str:
    return f"{format_duration(before)} -> {format_duration(after)}"


def main(path: str) -> None:
    """Print the report in a file."""
    report = from_json(Path(path).read_text(encoding="utf-8"), path)
    sys.stdout.write("".join(f"{line}\n" for line in before_and_after(report)))


if __name__ == "__main__":
    main(sys.argv[1])
