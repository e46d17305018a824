"""What is said about changes to a database: before they are made, and afterwards."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from dbtune.changes.autogenerate import include_object_lines
from dbtune.cli.report_forms import Screen
from dbtune.journeys.apply import Proposal
from dbtune.journeys.rollback import RollbackPlan
from dbtune.model.advice import Report
from dbtune.report.ddl.to_models import to_django, to_sqlalchemy
from dbtune.report.plain_text import one_line, printable, wrap_words
from dbtune.report.quantities import format_duration, format_factor, format_ratio, format_size
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.command_text import sql_lines
from dbtune.report.terminal.low_screen import with_first_again
from dbtune.report.terminal.to_terminal import to_terminal


def proposal_text(proposal: Proposal, *, width: int, color: bool) -> str:
    """Return the statements of a proposal with their reasons, their gain and their price."""
    colors = Colors(color)
    head = wrap_words(f"{proposal.database}: to be changed", width)
    lines = [*map(colors.bold, head), ""]
    for finding in proposal.report.findings:
        if finding.change is not None:
            for sql in finding.change.up:
                lines += map(colors.command, sql_lines(one_line(sql), width, "  "))
            lines += wrap_words(one_line(finding.change.reason), width, "      ")
    lines.append("")
    for told in (*_estimates(proposal), *(f"Note: {note}" for note in proposal.notes)):
        lines += wrap_words(told, width, "  ", "    ")
    return "\n".join(lines) + "\n"


def applied_text(report: Report, proposal: Proposal, database: Path, screen: Screen) -> str:
    """Return what was done and gained, how to undo it, and the lines for models and env.py.

    On a screen that is too low for it the gain and the undo come again at the end.
    """
    # Findings say what to do, and it is done.
    text = to_terminal(replace(report, findings=()), width=screen.width, color=screen.color)
    command = shlex.join(["dbtune", "rollback", str(database), *_project_options(proposal)])
    undo = f"Undo it with: {Colors(screen.color).command(printable(command))}"
    parts = [text, f"{undo}\n"]
    names = [
        finding.change.index_name
        for finding in report.findings
        if finding.change is not None and finding.change.index is not None
    ]
    if names:
        parts += _models(report, proposal, [name for name in names if name is not None])
    first = text.partition("\n\n")[0].rstrip("\n").split("\n")
    return with_first_again("\n".join(parts), [*first, undo], screen.height)


def nothing_text(report: Report, *, width: int) -> str:
    """Return why nothing was changed."""
    return _paragraphs((_sentence(note) for note in report.notes), width)


def rollback_plan_text(plan: RollbackPlan, *, width: int) -> str:
    """Return what would be undone, with its statements."""
    lines = wrap_words(f"{plan.database}: to be undone", width)
    for undo in plan.undos:
        lines += ["", *wrap_words(f"{undo.revision}  {undo.message}", width, "  ", "    ")]
        for sql in undo.statements:
            lines += sql_lines(one_line(sql), width, "    ")
    return "\n".join(lines) + "\n"


def rollback_text(report: Report, *, width: int) -> str:
    """Return what was undone, and where the state before is kept."""
    lines = []
    for change in report.changes or ():
        held = "" if change.lock_seconds is None else f" in {_seconds(change.lock_seconds)}"
        lines.append(f"undone: {change.revision} {change.reason}{held}")
    if report.backup is not None:
        lines.append(f"backup of the state before: {report.backup}")
    lines += [_sentence(note) for note in report.notes]
    return _paragraphs(lines, width)


def _paragraphs(texts: Iterable[str], width: int) -> str:
    return "".join(f"{line}\n" for text in texts for line in wrap_words(text, width, hanging="  "))


def _estimates(proposal: Proposal) -> Iterator[str]:
    verdict, rehearsal = proposal.report.verdict, proposal.rehearsal
    if verdict is not None and format_factor(verdict.cost_before, verdict.cost_after):
        factor = format_factor(verdict.cost_before, verdict.cost_after)
        before, after = map(format_duration, (verdict.cost_before, verdict.cost_after))
        yield f"Expected: the recorded queries {factor} faster, cost {before} -> {after}"
    if rehearsal is not None:
        word = "grows" if rehearsal.size_bytes >= 0 else "shrinks"
        yield (
            f"Write lock: about {_seconds(rehearsal.lock_seconds)}, measured on a copy; "
            f"the file {word} by {format_size(abs(rehearsal.size_bytes))}"
        )
        if rehearsal.fraction < 1:
            yield f"(projected from a copy with {format_ratio(rehearsal.fraction)} of the rows)"
    analyzed = sum(1 for sql in proposal.statements if sql.startswith("ANALYZE"))
    if analyzed:
        yield f"Statistics: ANALYZE of {analyzed} table{'s' if analyzed != 1 else ''} with it"
    where = proposal.project.ini or proposal.project.versions
    yield f"Revision: Alembic, in {where}"


def _project_options(proposal: Proposal) -> list[str]:
    project = proposal.project
    if project.ini is not None:
        return ["--alembic-ini", str(project.ini)]
    return ["--migrations", str(project.versions)] if project.shared else []


def _models(report: Report, proposal: Proposal, names: list[str]) -> list[str]:
    if "django" in proposal.frameworks:
        return ["For your models:\n", to_django(report)]
    return [
        "For your models, so that the next autogenerate keeps the indexes:\n",
        to_sqlalchemy(report),
        include_object_lines(names, proposal.project.version_table),
    ]


def _seconds(seconds: float) -> str:
    return format_duration(seconds * 1e9)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
