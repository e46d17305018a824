"""What explains an index or a query shape, as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbtune.model.advice import ShapeReport
from dbtune.model.explanation import IndexExplanation
from dbtune.report.plain_text import wrap_text
from dbtune.report.quantities import format_ratio, format_size
from dbtune.report.wording.explanation import (
    ESTIMATED_WRITES,
    NO_RECORDED_WRITE,
    added_to,
    change_of_plan,
    change_of_work,
    dearest_write,
    served,
    write_cost,
)


def index_lines(
    explanation: IndexExplanation,
    shapes: Iterable[ShapeReport],
    width: int,
    indent: str,
    *,
    brief: bool = False,
) -> Iterator[str]:
    """Yield what is told of every index: its dearest shape, what it costs writes, its rival.

    Where it is to be `brief`, only what becomes of that shape's plan.
    """
    by_id = {shape.id: shape for shape in shapes}
    helped = [by_id[name] for name in explanation.shapes if name in by_id]
    hanging = f"{indent}  "
    if helped and brief:
        yield from wrap_text(change_of_plan(helped[0]), width, indent, hanging)
    if brief:
        return
    if helped:
        first = helped[0]
        share = f"{format_ratio(first.share)} of the recording's cost"
        yield from wrap_text(f"query {first.id[:6]} ({share}):", width, indent, hanging)
        yield from wrap_text(change_of_plan(first), width, hanging)
        yield from wrap_text(change_of_work(first), width, hanging)
    dearest = dearest_write(explanation.writes)
    if dearest is not None:
        yield from wrap_text(f"write {write_cost(dearest)}", width, indent, hanging)
    if explanation.runner_up is not None:
        text = f"runner-up: {explanation.runner_up.reason}"
        yield from wrap_text(text, width, indent, hanging)


def whole_index_lines(explanation: IndexExplanation, width: int, indent: str) -> Iterator[str]:
    """Yield all that is known of an index but its shapes."""
    hanging = f"{indent}  "
    size = format_size(explanation.size_bytes)
    text = f"{explanation.name}: {size}, serves {served(explanation)}"
    yield from wrap_text(text, width, indent, hanging)
    for effect in explanation.writes:
        yield from wrap_text(f"write {write_cost(effect)}", width, hanging, f"{hanging}  ")
    if not explanation.writes:
        yield from wrap_text(NO_RECORDED_WRITE, width, hanging)
    if explanation.runner_up is not None:
        yield from wrap_text(f"runner-up: {explanation.runner_up.reason}", width, hanging)
    if explanation.estimated:
        yield from wrap_text(ESTIMATED_WRITES, width, hanging)


def write_lines(
    shape: ShapeReport, explanations: Iterable[IndexExplanation], width: int, indent: str
) -> Iterator[str]:
    """Yield what each recommended index adds to one write."""
    for explanation in explanations:
        for effect in explanation.writes:
            if effect.shape_id == shape.id:
                text = f"{explanation.name}: {added_to(effect)}"
                yield from wrap_text(text, width, indent, f"{indent}  ")
