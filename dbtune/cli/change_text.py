"""What is said about changes to a database: before they are made, and afterwards."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dbtune.changes.autogenerate import include_object_lines
from dbtune.journeys.apply import Proposal
from dbtune.journeys.rollback import RollbackPlan
from dbtune.model.advice import Report
from dbtune.report.ddl.to_models import to_django, to_sqlalchemy
from dbtune.report.plain_text import one_line, printable
from dbtune.report.quantities import format_duration, format_factor, format_ratio, format_size
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.to_terminal import to_terminal


def proposal_text(proposal: Proposal, *, color: bool) -> str:
    """Return the statements of a proposal with their reasons, their gain and their price."""
    colors = Colors(color)
    lines = [colors.bold(f"{printable(str(proposal.database))}: to be changed"), ""]
    for finding in proposal.report.findings:
        if finding.change is not None:
            lines += [f"  {colors.command(one_line(sql))};" for sql in finding.change.up]
            lines.append(f"      {one_line(finding.change.reason)}")
    lines += ["", *(f"  {printable(line)}" for line in _estimates(proposal))]
    lines += [f"  Note: {printable(note)}" for note in proposal.notes]
    return "\n".join(lines) + "\n"


def applied_text(
    report: Report, proposal: Proposal, database: Path, *, width: int, color: bool
) -> str:
    """Return what was done and gained, how to undo it, and the lines for models and env.py."""
    # Findings say what to do, and it is done.
    text = to_terminal(replace(report, findings=()), width=width, color=color)
    undo = shlex.join(["dbtune", "rollback", str(database), *_project_options(proposal)])
    parts = [text, f"Undo it with: {undo}\n"]
    names = [
        finding.change.index_name
        for finding in report.findings
        if finding.change is not None and finding.change.index is not None
    ]
    if names:
        parts += _models(report, proposal, [name for name in names if name is not None])
    return "\n".join(parts)


def nothing_text(report: Report) -> str:
    """Return why nothing was changed."""
    return "".join(f"{printable(_sentence(note))}\n" for note in report.notes)


def rollback_plan_text(plan: RollbackPlan) -> str:
    """Return what would be undone, with its statements."""
    lines = [f"{printable(str(plan.database))}: to be undone"]
    for undo in plan.undos:
        lines += ["", f"  {undo.revision}  {printable(undo.message)}"]
        lines += [f"    {one_line(sql)};" for sql in undo.statements]
    return "\n".join(lines) + "\n"


def rollback_text(report: Report) -> str:
    """Return what was undone, and where the state before is kept."""
    lines = []
    for change in report.changes or ():
        held = "" if change.lock_seconds is None else f" in {_seconds(change.lock_seconds)}"
        lines.append(f"undone: {change.revision} {change.reason}{held}")
    if report.backup is not None:
        lines.append(f"backup of the state before: {report.backup}")
    lines += [_sentence(note) for note in report.notes]
    return "".join(f"{printable(line)}\n" for line in lines)


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
