"""All that a Report knows of one query shape, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.advice import Report, ShapeReport
from dbtune.model.explanation import NotAnalyzed
from dbtune.report.plain_text import wrap_text
from dbtune.report.quantities import format_duration, format_ratio
from dbtune.report.shape_lookup import rank_of
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.explanation_text import whole_index_lines, write_lines
from dbtune.report.terminal.findings_text import finding_sections
from dbtune.report.wording.counted import counted
from dbtune.report.wording.explanation import change_of_work, tried

_INDENT = "  "
_DEEPER = "    "


def to_explanation(
    report: Report, shape: ShapeReport | NotAnalyzed, *, width: int, color: bool
) -> str:
    """Return one shape's statement, figures, plans, indexes and candidates, in `width` columns."""
    colors = Colors(color)
    if isinstance(shape, NotAnalyzed):
        sections = [_left_out(shape, width, colors)]
    else:
        sections = [section for section in _sections(report, shape, width, colors) if section]
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _sections(
    report: Report, shape: ShapeReport, width: int, colors: Colors
) -> Iterator[list[str]]:
    place = f"{rank_of(report, shape)} of {len(report.shapes)}"
    yield [colors.bold(f"Query {shape.id}") + f" ({place} by share of the cost)", *_text(shape)]
    yield [line for text in _figures(shape) for line in wrap_text(text, width, _INDENT, _DEEPER)]
    before = _plan("Plan before", shape.plan_before, shape.words_before, width, colors)
    yield before
    if (shape.plan_after, shape.words_after) != (shape.plan_before, shape.words_before):
        yield _plan("Plan after", shape.plan_after, shape.words_after, width, colors)
    yield _serving(report, shape, width, colors)
    if shape.unhelped is not None:
        said = f"{shape.unhelped.reason}: {shape.unhelped.message}"
        yield [colors.bold("No new index serves it"), *wrap_text(said, width, _INDENT, _DEEPER)]
    costs = list(write_lines(shape, report.explanations, width, _INDENT))
    if costs:
        yield [colors.bold("What each new index adds to it"), *costs]
    yield _tried(shape, width, colors)
    own = tuple(finding for finding in report.findings if finding.subject == shape.id)
    yield from finding_sections(own, report.source.path, width, colors)


def _text(shape: ShapeReport | NotAnalyzed) -> list[str]:
    # Whole lines, however long: it is there to be copied.
    return [
        line
        for part in shape.text.splitlines()
        for line in wrap_text(part, max(len(part) * 2, 1000), _INDENT)
    ]


def _figures(shape: ShapeReport) -> Iterator[str]:
    samples = f"{counted(shape.samples, 'distinct statement')} measured"
    yield (
        f"{counted(shape.count, 'call')}, {format_ratio(shape.share)} of the recording's cost, "
        f"{samples}, values {shape.values}"
    )
    yield (
        f"one call costs {format_duration(shape.cost_before)} before, "
        f"{format_duration(shape.cost_after)} after, by the cost model"
    )
    yield change_of_work(shape)


def _plan(
    title: str, steps: tuple[str, ...], words: tuple[str, ...], width: int, colors: Colors
) -> list[str]:
    lines = [colors.bold(title), *wrap_text(", then ".join(words) or "no step", width, _INDENT)]
    for step in steps:
        indent = _DEEPER + " " * (len(step) - len(step.lstrip()))
        lines += map(colors.dim, wrap_text(step.strip(), width, indent, f"{indent}  "))
    return lines


def _serving(report: Report, shape: ShapeReport, width: int, colors: Colors) -> list[str]:
    serving = [e for e in report.explanations if e.name in shape.served_by]
    lines = [line for e in serving for line in whole_index_lines(e, width, _INDENT)]
    return [colors.bold("New indexes that serve it"), *lines] if lines else []


def _tried(shape: ShapeReport, width: int, colors: Colors) -> list[str]:
    lines = [
        line
        for index in shape.tried
        for line in wrap_text(tried(shape, index), width, _INDENT, _DEEPER)
    ]
    return [colors.bold("Indexes looked at for it"), *lines] if lines else []


def _left_out(shape: NotAnalyzed, width: int, colors: Colors) -> list[str]:
    why = wrap_text(f"{shape.reason}: {shape.message}", width, _INDENT, _DEEPER)
    calls = f"{_INDENT}{counted(shape.count, 'call')}"
    return [colors.bold(f"Query {shape.id}, not analysed"), *_text(shape), "", calls, *why]
