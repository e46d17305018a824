"""What explains an index or a query shape: its plan, its work, what it costs writes, its rivals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dbtune.model.advice import ShapeReport
from dbtune.model.explanation import IndexExplanation, TriedIndex, WriteEffect
from dbtune.report.quantities import (
    format_change,
    format_count,
    format_duration,
    format_ratio,
    format_size,
)
from dbtune.report.wording.counted import counted

_ARROW = " -> "
# Fresh indexes have full leaves: what costs a write less than this more is no difference.
_WRITE_NOISE_RATIO = 0.05

TRIED_OUTCOMES: Mapping[str, str] = {
    "recommended": "recommended",
    "no-gain": "saves nothing",
    "gain-under-minimum": "under the minimum (--min-gain, or 10 µs a call)",
    "too-large": "too large for what it saves",
    "costs-writes": "costs the recorded writes more than it saves",
    "slows-a-write": "slows a write beyond --max-write-slowdown",
    "over-budget": "over the budget (--budget-mb)",
    "failed-proof": "left out after the proof",
    "not-chosen": "the search ended before it was taken up",
}
UNHELPED_REASONS: Mapping[str, str] = {
    "needs-no-search": "that look for no row",
    "already-optimal": "optimal already",
    "existing-index": "served by an existing index",
    "small-table": "on small tables",
    "cannot-use-index": "that can use no index",
    "reads-everything": "that read everything",
    "statistics": "helped by ANALYZE alone",
    "gain-under-minimum": "that would gain too little",
    "too-large": "for which an index is too large",
    "costs-writes": "for which an index costs writes more",
    "slows-a-write": "for which an index slows a write too much",
    "over-budget": "beyond the budget",
    "failed-proof": "whose index failed the proof",
    "not-chosen": "that the search did not come to",
    "too-cheap": "too cheap to matter",
    "no-usable-index": "that no index tried helps",
}
NO_RECORDED_WRITE = "no write to its table was recorded"
ESTIMATED_WRITES = "what it costs writes is estimated: the time limit had passed"


def change_of_plan(shape: ShapeReport) -> str:
    """Return a shape's plan before and after in words."""
    return _ARROW.join(", then ".join(words) for words in (shape.words_before, shape.words_after))


def change_of_work(shape: ShapeReport) -> str:
    """Return page fetches, steps and time of one call, before and after, as far as measured."""
    parts = [
        f"{change_of(whole, shape.page_fetches_before, shape.page_fetches_after)} page fetches",
        f"{change_of(whole, shape.vm_steps_before, shape.vm_steps_after)} steps",
    ]
    known = [part for part in parts if not part.startswith(_ARROW)]
    if shape.time_before_ns is not None and shape.time_after_ns is not None:
        times = change_of(format_duration, shape.time_before_ns, shape.time_after_ns)
        known.append(f"{times} ({timed_runs(shape)})")
    return ", ".join(known)


def timed_runs(shape: ShapeReport) -> str:
    """Return of how many runs its times are."""
    return f"median of {shape.timed_runs} runs" if shape.timed_runs > 1 else "one run"


def served(explanation: IndexExplanation) -> str:
    """Return how many shapes an index serves, and what part of the cost they are."""
    shapes = counted(len(explanation.shapes), "query shape")
    return f"{shapes} with {format_ratio(explanation.share)} of the recording's cost"


def dearest_write(writes: tuple[WriteEffect, ...]) -> WriteEffect | None:
    """Return the write that pays most for an index over the recording, if one notices it."""
    noticed = [e for e in writes if e.cost_with > e.cost_without * (1 + _WRITE_NOISE_RATIO)]
    return max(noticed, key=lambda e: e.count * (e.cost_with - e.cost_without), default=None)


def write_cost(effect: WriteEffect) -> str:
    """Return a write by the beginning of its id, its calls, and what an index adds to each."""
    return f"{effect.shape_id[:6]} ({counted(effect.count, 'call')}): {added_to(effect)}"


def added_to(effect: WriteEffect) -> str:
    """Return what a write costs without an index and with it."""
    costs = change_of(format_duration, effect.cost_without, effect.cost_with)
    if not effect.cost_without:
        return f"{costs} a call"
    return f"{costs} a call ({format_change(effect.cost_with / effect.cost_without)})"


def tried(shape: ShapeReport, index: TriedIndex) -> str:
    """Return what an index looked at for a shape would do, and why it is not recommended."""
    on = f"{index.sql.partition(' ON ')[2]}: {format_size(index.size_bytes)}"
    gain = format_ratio(max(0.0, index.gain_ratio))
    outcome = TRIED_OUTCOMES[index.outcome]
    if index.outcome == "recommended":
        return f"{on}, {outcome}, saves {gain}"
    if index.outcome == "no-gain":
        return f"{on}, {outcome}"
    return f"{on}, would save {gain} of the {format_duration(shape.cost_after)} left: {outcome}"


def whole(number: float) -> str:
    """Return a mean over samples as people count: whole from 10 on."""
    return format_count(round(number) if number >= 10 else number)


def change_of(form: Callable[[float], str], before: float | None, after: float | None) -> str:
    """Return "before -> after"; only the arrow where one of them was not measured."""
    return _ARROW if before is None or after is None else f"{form(before)}{_ARROW}{form(after)}"
