"""A comparison as a page: what got worse first, then what is not known, then the rest."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from dbtune.model.comparison import ComparedSide, Comparison, Difference, Metric, UnmatchedShape
from dbtune.model.page import (
    Action,
    Bar,
    BarChart,
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Details,
    Fact,
    Facts,
    Page,
    Section,
    Table,
    Text,
    Tone,
)
from dbtune.report.anchors import anchors
from dbtune.report.pages.cells import count_cell, statement_cell, statement_in_short
from dbtune.report.pages.plan_tree import plan_tree
from dbtune.report.pages.size_budget import fitting
from dbtune.report.pages.state_sections import notes_section
from dbtune.report.quantities import (
    format_change,
    format_factor,
    format_moment,
    format_ratio,
    format_size,
)
from dbtune.report.wording.comparison import (
    METRIC_WORDS,
    OUTCOME_TITLES,
    compared,
    comparison_conclusion,
    counted_subjects,
    quantity,
)
from dbtune.report.wording.counted import counted

_BARS = 12
_ONE_SIDED = 20
_LOOKED_AT = 2
_TABLE_BYTES = 90_000
_DETAILS_BYTES = 30_000
# As the comparison words it; steps stand in one line, their levels are not known.
_PLANS = re.compile(r"was: (.*); is: (.*)", re.DOTALL)
_NUMBERED: tuple[Metric, ...] = ("queries", "steps", "fetches", "time")
_ANCHORS = {"regression": "worse", "inconclusive": "not-known", "improvement": "better"}
_CAPTIONS = {
    "regression": "The worst first",
    "inconclusive": "All that is not known",
    "improvement": "All that got better",
}
_TONES: Mapping[str, Tone] = {
    "regression": "bad",
    "inconclusive": "warning",
    "improvement": "good",
}


def comparison_page(comparison: Comparison) -> Page:
    """Return the page of a comparison."""
    said = comparison_conclusion(comparison)
    sections = (
        *(_outcome_section(comparison, outcome) for outcome in OUTCOME_TITLES),
        _one_sided(comparison),
        notes_section(comparison.notes),
        _sides(comparison),
    )
    return Page(
        title=f"dbtune compare: {comparison.base.name} and {comparison.head.name}",
        verdict=f"{said.head}.",
        tone=said.tone,
        figures=tuple(_figures(comparison)),
        actions=tuple(_actions(comparison)),
        sections=tuple(section for section in sections if section is not None),
        footer=tuple(_footer(comparison)),
    )


def _figures(comparison: Comparison) -> Iterator[Fact]:
    for outcome, title in OUTCOME_TITLES.items():
        found = comparison.of(outcome)
        yield Fact(
            title,
            f"{len(found):,}",
            counted_subjects(found),
            _TONES[outcome] if found else "neutral",
        )
    yield Fact("The same", f"{len(comparison.of('unchanged')):,}")
    yield Fact("Allowed", format_ratio(comparison.max_regress_ratio), "worse than base")


def _actions(comparison: Comparison) -> Iterator[Action]:
    """Yield what got worse by the largest factor, all that is known of it in one."""
    worse: dict[str, list[Difference]] = {}
    for difference in comparison.of("regression"):
        worse.setdefault(difference.subject, []).append(difference)
    worst = sorted(worse.values(), key=lambda found: -max(d.ratio or 0.0 for d in found))
    for found in worst[:_LOOKED_AT]:
        yield Action(f"Look at {_subject(found[0])}: {', '.join(map(_in_short, found))}")
    if comparison.of("inconclusive"):
        yield Action("See under Not known why some of it says nothing")


def _in_short(difference: Difference) -> str:
    if difference.metric == "plans":
        return "another plan"
    ratio = difference.ratio
    words = METRIC_WORDS[difference.metric]
    return words if ratio is None else f"{words} {format_change(ratio)}"


def _outcome_section(comparison: Comparison, outcome: str) -> Section | None:
    found = tuple(d for d in comparison.differences if d.outcome == outcome)
    if not found:
        return None
    name = _ANCHORS[outcome]
    details = _plan_details(found, name)
    links = dict(details)
    numbered = tuple(d for d in found if d.metric in _NUMBERED)
    blocks: list[Block] = []
    if outcome != "inconclusive":
        blocks += _bars(numbered)
    blocks += _table(found, outcome, {subject: d.anchor for subject, d in links.items()})
    blocks += [block for _, block in details]
    title = next(title for key, title in OUTCOME_TITLES.items() if key == outcome)
    return Section(name, title, tuple(blocks))


def _change(difference: Difference) -> float:
    """Return how far a metric is from what it was, whichever way, for an order."""
    ratio = difference.ratio
    return abs(math.log(ratio)) if ratio is not None and ratio > 0 else math.inf


def _bars(found: tuple[Difference, ...]) -> list[Block]:
    """Return the differences in one metric that changed most, whose values share a unit."""
    charts: list[Block] = []
    for metric in _NUMBERED:
        own = [d for d in found if d.metric == metric and d.base is not None and d.head is not None]
        # The model has the worst first, which is the least change of those that got better.
        own.sort(key=_change, reverse=True)
        if own:
            bars = tuple(bar for d in own[:_BARS] for bar in _bar(d))
            words = METRIC_WORDS[metric]
            rest = f", the first {len(bars)} of {len(own)}" if len(own) > len(bars) else ""
            said = (
                f"{len(own):,} differ{'s' if len(own) == 1 else ''}{rest}; base before, head after."
            )
            charts.append(BarChart(f"{words[:1].upper()}{words[1:]}", said, words, bars))
    return charts


def _bar(difference: Difference) -> Iterator[Bar]:
    if difference.base is None or difference.head is None:
        return
    ratio = difference.ratio
    yield Bar(
        _subject(difference),
        difference.base,
        quantity(difference.metric, difference.base),
        difference.head,
        quantity(difference.metric, difference.head),
        _in_words(ratio),
    )


def _in_words(ratio: float | None) -> str:
    if ratio is None:
        return ""
    # Of 0.1 % of it and of 0.01 % one would read "-100 %".
    fewer = format_factor(1.0, ratio) if ratio < 0.5 else None
    return f"{fewer} less" if fewer else format_change(ratio)


def _table(
    found: tuple[Difference, ...], outcome: str, links: Mapping[str, str]
) -> Iterator[Block]:
    columns = (
        Column("query or route", "code"),
        Column("metric"),
        Column("base", "number"),
        Column("head", "number"),
        Column("change", "number"),
        Column("what was found"),
    )
    rows = fitting((_row(d, outcome, links) for d in found), _TABLE_BYTES)
    yield Table(_CAPTIONS[outcome], columns, rows)
    left = len(found) - len(rows)
    if left:
        yield Text((f"And {left:,} more: they are in the JSON.",))


def _row(difference: Difference, outcome: str, links: Mapping[str, str]) -> tuple[Cell, ...]:
    ratio = difference.ratio if outcome != "inconclusive" else None
    # The plans themselves are long, and stand where the link leads.
    is_told = difference.metric == "plans" and difference.subject in links
    tone = _TONES[outcome]
    return (
        Cell(_subject(difference), links.get(difference.subject)),
        Cell(difference.metric),
        Cell(quantity(difference.metric, difference.base), value=difference.base),
        Cell(quantity(difference.metric, difference.head), value=difference.head),
        Cell("", tone=tone) if ratio is None else Cell(format_change(ratio), None, tone, ratio),
        Cell("another plan" if is_told else _reason(difference)),
    )


def _reason(difference: Difference) -> str:
    interval = difference.interval
    if interval is None or interval.low is None or interval.high is None:
        return difference.reason
    low, high = format_change(interval.low), format_change(interval.high)
    return f"{difference.reason} (between {low} and {high}, {interval.pairs} pairs of runs)"


def _subject(difference: Difference) -> str:
    if not difference.text:
        return difference.subject
    return f"{difference.subject[:12]} {statement_in_short(difference.text)}"


def _plan_details(found: tuple[Difference, ...], name: str) -> tuple[tuple[str, Details], ...]:
    """Return the plans of statements that changed theirs, as far as there is room."""
    plans = [d for d in found if d.metric == "plans" and d.text]
    names = anchors(f"{name}-plan", (d.subject for d in plans))
    details = [
        Details(f"Plan of {_subject(d)}", tuple(_plan_blocks(d)), anchor)
        for d, anchor in zip(plans, names, strict=True)
    ]
    shown = fitting(details, _DETAILS_BYTES)
    return tuple((d.subject, block) for d, block in zip(plans, shown, strict=False))


def _plan_blocks(difference: Difference) -> Iterator[Block]:
    yield Code(difference.text)
    plans = _PLANS.fullmatch(difference.reason)
    # Of others the reason goes on behind the plans.
    if plans is None or difference.outcome != "regression":
        yield Text((difference.reason,))
    else:
        before, after = (tuple(plan.split(" > ")) for plan in plans.groups())
        yield plan_tree("The plan in base and in head", "", before, after)


def _one_sided(comparison: Comparison) -> Section | None:
    blocks = [
        block
        for shapes, side in (
            (comparison.only_in_base, comparison.base),
            (comparison.only_in_head, comparison.head),
        )
        for block in _only_in(shapes, side)
    ]
    return Section("one-side", "Measured on one side only", tuple(blocks)) if blocks else None


def _only_in(shapes: tuple[UnmatchedShape, ...], side: ComparedSide) -> Iterator[Block]:
    if not shapes:
        return
    columns = (Column("id", "code"), Column("query", "code"), Column("calls", "number"))
    rows = tuple(
        (Cell(shape.id[:12]), statement_cell(shape.text), count_cell(shape.count))
        for shape in shapes[:_ONE_SIDED]
    )
    queries = counted(len(shapes), "query", "queries")
    yield Table(f"{queries} measured in {side.name} only", columns, rows)
    if len(shapes) > len(rows):
        yield Text((f"And {len(shapes) - len(rows):,} more: they are in the JSON.",))


def _sides(comparison: Comparison) -> Section:
    facts = tuple(
        fact
        for word, side in (("Base", comparison.base), ("Head", comparison.head))
        for fact in _side(word, side)
    )
    said = Bullets(tuple(f"Compared: {text}" for text in compared(comparison)))
    return Section("compared", "What was compared", (said, Facts(facts)))


def _side(word: str, side: ComparedSide) -> Iterator[Fact]:
    yield Fact(word, side.name, f"{side.shapes:,} query shapes, {side.routes:,} routes")
    if side.database:
        yield Fact(f"{word}: database", side.database, format_size(side.size_bytes))
    yield Fact(f"{word}: schema (SHA-256)", side.schema_sha256)
    yield Fact(f"{word}: SQLite", side.sqlite_version)


def _footer(comparison: Comparison) -> Iterator[str]:
    if comparison.dbtune_version:
        yield f"dbtune {comparison.dbtune_version}"
    if comparison.created_at:
        yield format_moment(comparison.created_at)
