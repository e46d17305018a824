"""A Report as a person reads it in a terminal: verdict, findings, query shapes, what is open."""

from __future__ import annotations

from dbtune.model.advice import Report
from dbtune.report.plain_text import wrap_text
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.findings_text import findings_lines
from dbtune.report.terminal.low_screen import with_first_again
from dbtune.report.terminal.outcome_text import outcome_lines
from dbtune.report.terminal.tables import considered_lines, query_lines, shape_lines
from dbtune.report.terminal.unhelped_text import unhelped_lines
from dbtune.report.terminal.verdict_text import verdict_lines
from dbtune.report.wording.origin import applied, origin

# Prose wider than this is hard to follow from one line to the next; tables use the whole width.
_PROSE_WIDTH = 100
_MIN_WIDTH = 40


def to_terminal(report: Report, *, width: int, color: bool, height: int | None = None) -> str:
    """Return the report as text of `width` columns, 40 at least, ending in a line break.

    No line is wider but those with a word that is, such as a long name in a command.
    Without `color` it holds no escape sequence, and never one that came from the database.
    On a screen of `height` lines that is too low for it, its first lines come again at the end.
    """
    width = max(width, _MIN_WIDTH)
    prose = min(width, _PROSE_WIDTH)
    colors = Colors(color)
    verdict = verdict_lines(report, prose, colors)
    outcome = outcome_lines(report, width, colors)
    sections = (
        verdict,
        outcome,
        *findings_lines(report, prose, colors),
        shape_lines(report.shapes, width, colors),
        unhelped_lines(report.shapes, prose, colors),
        query_lines(report.queries, width, colors),
        considered_lines(report.considered, width, colors),
        _changes(report, prose, colors),
        _bullets("Not checked", report.not_checked, prose, colors),
        _bullets("Notes", report.notes, prose, colors),
        [colors.dim(line) for line in wrap_text(" · ".join(origin(report)), prose)],
    )
    text = "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"
    first = text.partition("\n\n")[0].split("\n") if outcome else verdict
    return with_first_again(text, first, height)


def _changes(report: Report, width: int, colors: Colors) -> list[str]:
    lines = [
        line
        for change in report.changes or ()
        for line in wrap_text(applied(change), width, "  ", "    ")
    ]
    if report.backup is not None:
        lines += wrap_text(f"backup: {report.backup}", width, "  ", "    ")
    return [colors.bold("Changes"), *lines] if lines else []


def _bullets(title: str, items: tuple[str, ...], width: int, colors: Colors) -> list[str]:
    if not items:
        return []
    lines = [line for item in items for line in wrap_text(f"- {item}", width, "  ", "    ")]
    return [colors.bold(title), *lines]
