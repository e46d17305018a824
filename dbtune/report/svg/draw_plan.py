"""The steps of a plan as a tree, before beside after.

A list, not a drawing: steps are sentences that have to wrap, be read out in their order, and cost
little, as a page may have hundreds. The style sheet draws its lines and the sign of each kind:
an arrow for a search, bars for a scan, a wedge for a sort.
"""

from __future__ import annotations

from collections.abc import Iterator

import htpy as h

from dbtune.model.page import PlanStep, PlanTree, StepKind
from dbtune.report.plain_text import one_line, shorten
from dbtune.report.svg.markup import empty, written

_LOOKS = {"search": "pf", "scan": "pc", "sort": "po", "group": "pg", "other": "px"}
# These are said where the text of a step does not begin with them.
_SAID = frozenset({"search", "scan", "sort"})
_LONGEST_STEP = 240
# Deeper, nothing is left of a narrow screen to write on; what is within follows at this depth.
_DEEPEST = 8


def draw_plan(tree: PlanTree, prefix: str) -> str:
    """Return one list of steps, or two with their headings where the plan changed.

    `prefix` is not needed, as nothing in here refers to anything; all charts are called alike.
    """
    if not tree.before and not tree.after:
        return empty("The plan is not known.")
    if not tree.after:
        return written(h.div(".chart-plan")[_steps(tree.before)])
    return written(
        h.div(".chart-plan")[
            h.div[h.p["Before"], _steps(tree.before)],
            h.div[h.p["After"], _steps(tree.after)],
        ]
    )


def _steps(steps: tuple[PlanStep, ...], depth: int = 0) -> h.Element:
    if depth == _DEEPEST:
        return h.ul[[_step(step) for step in _flat(steps)]]
    return h.ul[[_step(step, _steps(step.steps, depth + 1)) for step in steps]]


def _flat(steps: tuple[PlanStep, ...]) -> Iterator[PlanStep]:
    """Yield steps and all that is within them, in the order they are read."""
    left = list(reversed(steps))
    while left:
        step = left.pop()
        yield step
        left += reversed(step.steps)


def _step(step: PlanStep, inner: h.Element | None = None) -> h.Element:
    whole = one_line(step.text)
    short = shorten(whole, _LONGEST_STEP)
    return h.li(class_=_LOOKS[step.kind], title=None if short == whole else whole)[
        _sentence(step.kind, short), inner if step.steps else None
    ]


def _sentence(kind: StepKind, words: str) -> h.Node:
    first, space, rest = words.partition(" ")
    if first.lower() == kind:
        return [h.b[first], space, rest]
    if kind in _SAID:
        return [h.b[kind], " ", words]
    return words
