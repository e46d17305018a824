"""A comparison as text: the verdict first, then what got worse, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.comparison import Comparison, Difference, Metric
from dbtune.report.plain_text import printable, wrap_text
from dbtune.report.quantities import format_change
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.low_screen import with_first_again
from dbtune.report.terminal.text_table import draw_table
from dbtune.report.wording.comparison import (
    OUTCOME_TITLES,
    compared,
    comparison_conclusion,
    quantity,
)
from dbtune.report.wording.counted import counted
from dbtune.report.wording.query_text import recognizable

# More of one kind nobody reads; the JSON document has them all.
_MOST_ROWS = 20
_SHORT_ID = 12
_NUMBERED: tuple[Metric, ...] = ("queries", "steps", "fetches", "time")


def comparison_text(
    comparison: Comparison, *, width: int, color: bool, height: int | None = None
) -> str:
    """Return the comparison in so many columns, in colour or not.

    On a screen of `height` lines that is too low for it, its first lines come again at the end.
    """
    colors = Colors(color)
    blocks = [list(_head(comparison, width, colors))]
    for outcome, title in OUTCOME_TITLES.items():
        found = comparison.of(outcome)
        if found:
            blocks.append([colors.bold(title), *_section(found, width, colors)])
    blocks.append(list(_foot(comparison, width)))
    text = "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
    return with_first_again(text, blocks[0], height)


def _head(comparison: Comparison, width: int, colors: Colors) -> Iterator[str]:
    said = comparison_conclusion(comparison)
    if said.tone == "bad":
        yield colors.severity("high", said.head)
    else:
        yield colors.good(said.head) if said.tone == "good" else colors.bold(said.head)
    yield f"base  {printable(comparison.base.name)}"
    yield f"head  {printable(comparison.head.name)}"
    yield from wrap_text(f"compared: {', '.join(compared(comparison))}", width)


def _section(found: Sequence[Difference], width: int, colors: Colors) -> Iterator[str]:
    numbered = [difference for difference in found if difference.metric in _NUMBERED]
    if numbered:
        headers = ["metric", "base", "head", "change", "of"]
        rows = [_cells(difference) for difference in numbered[:_MOST_ROWS]]
        texts = [_subject(difference, width) for difference in numbered[:_MOST_ROWS]]
        yield from draw_table(headers, rows, texts, width, colors, left=("metric",))
        yield from _more(numbered, colors)
        yield from _reasons(numbered[:_MOST_ROWS], width)
    worded = [difference for difference in found if difference.metric not in _NUMBERED]
    for difference in worded[:_MOST_ROWS]:
        text = f"{difference.metric}: {_subject(difference, width)}"
        yield from wrap_text(text, width, "", "  ")
        yield from wrap_text(difference.reason, width, "  ")
    yield from _more(worded, colors)


def _cells(difference: Difference) -> list[str]:
    ratio = difference.ratio
    return [
        difference.metric,
        quantity(difference.metric, difference.base),
        quantity(difference.metric, difference.head),
        "" if ratio is None or difference.outcome == "inconclusive" else format_change(ratio),
    ]


def _subject(difference: Difference, width: int) -> str:
    if not difference.text:
        return printable(difference.subject)
    text = recognizable(difference.text, narrow=width < 100)
    return f"{printable(difference.subject[:_SHORT_ID])} {text}"


def _reasons(found: Sequence[Difference], width: int) -> Iterator[str]:
    """Yield each reason once, with what it is the reason of."""
    reasons = dict.fromkeys(d.reason for d in found if d.outcome == "inconclusive" and d.reason)
    for reason in reasons:
        subjects = dict.fromkeys(d.subject for d in found if d.reason == reason)
        yield from wrap_text(f"{', '.join(subjects)}: {reason}", width, "  ", "    ")


def _more(found: Sequence[Difference], colors: Colors) -> Iterator[str]:
    if len(found) > _MOST_ROWS:
        yield colors.dim(f"and {len(found) - _MOST_ROWS:,} more: see --json")


def _foot(comparison: Comparison, width: int) -> Iterator[str]:
    for shapes, side in ((comparison.only_in_base, "base"), (comparison.only_in_head, "head")):
        if shapes:
            yield f"Measured in {side} only: {counted(len(shapes), 'query', 'queries')}"
    for text in comparison.notes:
        yield from wrap_text(f"Note: {text}", width, "", "  ")
