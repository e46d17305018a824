"""What explains an index or a query shape, as lines of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dbtune.model.advice import ShapeReport
from dbtune.model.explanation import IndexExplanation, WriteEffect
from dbtune.report.quantities import (
    format_change,
    format_count,
    format_duration,
    format_ratio,
    format_size,
)
from dbtune.report.terminal.text import wrap_text

_ARROW = " -> "
# Fresh indexes have full leaves: what costs a write less than this more is no difference.
_WRITE_NOISE_RATIO = 0.05


def change_of_plan(shape: ShapeReport) -> str:
    """Return a shape's plan before and after in words."""
    return _ARROW.join(", then ".join(words) for words in (shape.words_before, shape.words_after))


def change_of_work(shape: ShapeReport) -> str:
    """Return page fetches, steps and time of one call, before and after, as far as measured."""
    parts = [
        f"{_pair(_whole, shape.page_fetches_before, shape.page_fetches_after)} page fetches",
        f"{_pair(_whole, shape.vm_steps_before, shape.vm_steps_after)} steps",
    ]
    known = [part for part in parts if not part.startswith(_ARROW)]
    if shape.time_before_ns is not None and shape.time_after_ns is not None:
        runs = f"median of {shape.timed_runs} runs" if shape.timed_runs > 1 else "one run"
        times = _pair(format_duration, shape.time_before_ns, shape.time_after_ns)
        known.append(f"{times} ({runs})")
    return ", ".join(known)


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
    served = [by_id[name] for name in explanation.shapes if name in by_id]
    hanging = f"{indent}  "
    if served and brief:
        yield from wrap_text(change_of_plan(served[0]), width, indent, hanging)
    if brief:
        return
    if served:
        first = served[0]
        share = f"{format_ratio(first.share)} of the recording's cost"
        yield from wrap_text(f"query {first.id[:6]} ({share}):", width, indent, hanging)
        yield from wrap_text(change_of_plan(first), width, hanging)
        yield from wrap_text(change_of_work(first), width, hanging)
    dearest = _dearest(explanation.writes)
    if dearest is not None:
        yield from wrap_text(f"write {_write_cost(dearest)}", width, indent, hanging)
    if explanation.runner_up is not None:
        text = f"runner-up: {explanation.runner_up.reason}"
        yield from wrap_text(text, width, indent, hanging)


def whole_index_lines(explanation: IndexExplanation, width: int, indent: str) -> Iterator[str]:
    """Yield all that is known of an index but its shapes."""
    hanging = f"{indent}  "
    count = len(explanation.shapes)
    text = (
        f"{explanation.name}: {format_size(explanation.size_bytes)}, serves "
        f"{format_count(count)} query shape{'' if count == 1 else 's'} with "
        f"{format_ratio(explanation.share)} of the recording's cost"
    )
    yield from wrap_text(text, width, indent, hanging)
    for effect in explanation.writes:
        yield from wrap_text(f"write {_write_cost(effect)}", width, hanging, f"{hanging}  ")
    if not explanation.writes:
        yield from wrap_text("no write to its table was recorded", width, hanging)
    if explanation.runner_up is not None:
        yield from wrap_text(f"runner-up: {explanation.runner_up.reason}", width, hanging)
    if explanation.estimated:
        yield from wrap_text(
            "what it costs writes is estimated: the time limit had passed", width, hanging
        )


def write_lines(
    shape: ShapeReport, explanations: Iterable[IndexExplanation], width: int, indent: str
) -> Iterator[str]:
    """Yield what each recommended index adds to one write."""
    for explanation in explanations:
        for effect in explanation.writes:
            if effect.shape_id == shape.id:
                text = f"{explanation.name}: {_added(effect)}"
                yield from wrap_text(text, width, indent, f"{indent}  ")


def _whole(number: float) -> str:
    """Return a mean over samples as people count: whole from 10 on."""
    return format_count(round(number) if number >= 10 else number)


def _dearest(writes: tuple[WriteEffect, ...]) -> WriteEffect | None:
    """Return the write that pays most for an index over the recording, if one notices it."""
    noticed = [e for e in writes if e.cost_with > e.cost_without * (1 + _WRITE_NOISE_RATIO)]
    return max(noticed, key=lambda e: e.count * (e.cost_with - e.cost_without), default=None)


def _write_cost(effect: WriteEffect) -> str:
    return f"{effect.shape_id[:6]} ({format_count(effect.count)} calls): {_added(effect)}"


def _added(effect: WriteEffect) -> str:
    costs = _pair(format_duration, effect.cost_without, effect.cost_with)
    if not effect.cost_without:
        return f"{costs} a call"
    return f"{costs} a call ({format_change(effect.cost_with / effect.cost_without)})"


def _pair(form: Callable[[float], str], before: float | None, after: float | None) -> str:
    """Return "before -> after"; only the arrow where one of them was not measured."""
    return _ARROW if before is None or after is None else f"{form(before)}{_ARROW}{form(after)}"
