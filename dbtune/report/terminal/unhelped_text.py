"""The query shapes that no new index serves, and why: the dearest of them, the rest counted."""

from __future__ import annotations

from collections import Counter

from dbtune.model.advice import ShapeReport
from dbtune.report.plain_text import wrap_text
from dbtune.report.quantities import format_ratio
from dbtune.report.terminal.colors import Colors
from dbtune.report.wording.explanation import UNHELPED_REASONS

# What is under this part of the cost that is left, nobody asks about.
_WORTH_TELLING_SHARE = 0.01
_MOST_TOLD = 5


def unhelped_lines(shapes: tuple[ShapeReport, ...], width: int, colors: Colors) -> list[str]:
    """Return the shapes without help that most of the remaining cost is of, and a count."""
    unhelped = [shape for shape in shapes if shape.unhelped is not None]
    if not unhelped:
        return []
    left = sum(shape.count * shape.cost_after for shape in shapes)
    ordered = sorted(unhelped, key=lambda shape: (-_left(shape), shape.id))
    told = [s for s in ordered if left and _left(s) >= _WORTH_TELLING_SHARE * left][:_MOST_TOLD]
    lines = [
        line
        for shape in told
        for line in wrap_text(
            f"{shape.id[:6]} ({format_ratio(_left(shape) / left)} of what is left): "
            f"{shape.unhelped.message if shape.unhelped else ''}",
            width,
            "  ",
            "    ",
        )
    ]
    counts = Counter(shape.unhelped.reason for shape in unhelped if shape.unhelped)
    summary = ", ".join(
        f"{count} {UNHELPED_REASONS[reason]}" for reason, count in counts.most_common()
    )
    title = "Without a new index"
    first, *rest = wrap_text(f"{title}: {summary}; --explain ID says all of one", width)
    return [colors.bold(title) + first[len(title) :], *rest, *lines]


def _left(shape: ShapeReport) -> float:
    return shape.count * shape.cost_after
