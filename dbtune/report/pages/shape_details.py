"""All that is known of a query shape, behind a line that one opens."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.advice import Report, ShapeReport
from dbtune.model.page import Block, Bullets, Code, Details, Fact, Facts, Text
from dbtune.report.anchors import anchors
from dbtune.report.pages.cells import statement_in_short
from dbtune.report.pages.plan_tree import plan_tree
from dbtune.report.pages.size_budget import fitting
from dbtune.report.quantities import format_count, format_duration, format_factor, format_ratio
from dbtune.report.shape_lookup import ranked
from dbtune.report.wording.counted import counted
from dbtune.report.wording.explanation import (
    added_to,
    change_of,
    change_of_plan,
    served,
    timed_runs,
    tried,
    whole,
)

ShapeDetails = tuple[tuple[ShapeReport, Details], ...]

_MOST_BYTES = 120_000
# The dearest come in any case, then those that changed, then all others.
_DEAREST = 10


def links_to(details: ShapeDetails) -> dict[str, str]:
    """Return where the details of a shape stand, by its id."""
    return {shape.id: found.anchor for shape, found in reversed(details)}


def shape_details(report: Report, room_bytes: int = _MOST_BYTES) -> ShapeDetails:
    """Return the details of shapes, in the order of their share, as far as there is room."""
    shapes = ranked(report.shapes)
    names = anchors("query", (shape.id for shape in shapes))
    all_details = [
        (shape, _details(report, shape, rank, name))
        for rank, (shape, name) in enumerate(zip(shapes, names, strict=True), start=1)
    ]
    first = sorted(range(len(shapes)), key=lambda i: (i >= _DEAREST and not _changed(shapes[i]), i))
    chosen = len(fitting((all_details[i][1] for i in first), min(room_bytes, _MOST_BYTES)))
    return tuple(all_details[i] for i in sorted(first[:chosen]))


def _changed(shape: ShapeReport) -> bool:
    return shape.plan_after != shape.plan_before or bool(shape.served_by)


def _details(report: Report, shape: ShapeReport, rank: int, name: str) -> Details:
    title = f"{rank}. {shape.id[:12]}: {statement_in_short(shape.text)}"
    return Details(title, tuple(_blocks(report, shape)), name)


def _blocks(report: Report, shape: ShapeReport) -> Iterator[Block]:
    yield Code(shape.text, "sql")
    yield Facts(tuple(_figures(shape)))
    if shape.plan_before or shape.plan_after:
        yield plan_tree(
            f"Plan of query {shape.id[:12]}",
            change_of_plan(shape) if shape.words_before or shape.words_after else "",
            shape.plan_before,
            shape.plan_after,
        )
    serving = tuple(_serving(report, shape))
    if serving:
        yield Facts(serving)
    if shape.unhelped is not None:
        yield Text((f"No new index serves it: {shape.unhelped.message}",))
    writes = tuple(_writes(report, shape))
    if writes:
        yield Facts(writes)
    if shape.tried:
        looked_at = tuple(f"Looked at: {tried(shape, index)}" for index in shape.tried)
        yield Bullets(looked_at)


def _figures(shape: ShapeReport) -> Iterator[Fact]:
    samples = f"{counted(shape.samples, 'distinct statement')} measured"
    calls = f"{format_ratio(shape.share)} of the recording's cost"
    yield Fact("Calls", format_count(shape.count), calls)
    factor = format_factor(shape.cost_before, shape.cost_after)
    costs = change_of(format_duration, shape.cost_before, shape.cost_after)
    yield Fact(
        "Cost of one call",
        costs,
        f"by the cost model{f', {factor} less' if factor else ''}",
        "good" if factor and factor != "1.0x" else "neutral",
    )
    for label, pair in (
        ("Page fetches", (shape.page_fetches_before, shape.page_fetches_after)),
        ("Steps of SQLite's virtual machine", (shape.vm_steps_before, shape.vm_steps_after)),
    ):
        if None not in pair:
            yield Fact(label, change_of(whole, *pair))
    if shape.time_before_ns is not None and shape.time_after_ns is not None:
        times = change_of(format_duration, shape.time_before_ns, shape.time_after_ns)
        yield Fact("Time on a copy", times, timed_runs(shape))
    yield Fact("Values", shape.values, samples)
    if shape.call_sites:
        yield Fact("Call sites", ", ".join(shape.call_sites))


def _serving(report: Report, shape: ShapeReport) -> Iterator[Fact]:
    known = {explanation.name: explanation for explanation in report.explanations}
    for name in shape.served_by:
        note = f"serves {served(known[name])}" if name in known else ""
        yield Fact("New index", name, note, "good")


def _writes(report: Report, shape: ShapeReport) -> Iterator[Fact]:
    for explanation in report.explanations:
        for effect in explanation.writes:
            if effect.shape_id == shape.id:
                yield Fact(f"{explanation.name} adds to it", added_to(effect))
