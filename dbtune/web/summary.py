"""What a history shows of a run: few figures, so that any number of runs fits in memory. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone

from dbtune.model.advice import Report, Severity
from dbtune.model.comparison import Comparison
from dbtune.model.digest import QueryDigest
from dbtune.model.load import LoadReport
from dbtune.model.page import Tone
from dbtune.model.run import Run
from dbtune.report.pages.page_of import verdict_of

# Of other commands a report's findings are those that were acted on, or there are none.
_LOOKING = frozenset({"analyze", "migrate-to-postgres"})
_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z0-9])")


@dataclass(frozen=True)
class SeenFinding:
    """A finding of a run; the same one in another run has the same code and subject."""

    code: str
    subject: str
    severity: Severity
    message: str

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding."""
        return self.code, self.subject


@dataclass(frozen=True)
class RunSummary:
    """One run in a history.

    `path` is its file, `id` stands for that in addresses. `moment` is when it was made in seconds
    since 1970, None where its `created_at` is no time. `database` is "" where the run names none.
    Costs are those of the recorded workload, None without one. `findings` are those left open,
    None for a command that looks for none. `told` is the run's verdict in a sentence.
    """

    id: str
    path: str
    command: str
    created_at: str
    moment: float | None
    database: str
    told: str
    tone: Tone
    size_bytes: int | None = None
    cost_before: float | None = None
    cost_after: float | None = None
    gain_ratio: float | None = None
    findings: tuple[SeenFinding, ...] | None = None

    @property
    def recorded(self) -> bool:
        """Whether it is of a recording, without which other findings are possible."""
        return self.cost_before is not None


def summary_of(run: Run, run_id: str, path: str) -> RunSummary:
    """Return what a history shows of a run."""
    told, tone = verdict_of(run)
    report = run if isinstance(run, Report) else None
    verdict = None if report is None else report.verdict
    return RunSummary(
        id=run_id,
        path=path,
        command=_command(run),
        created_at=run.created_at,
        moment=_moment(run.created_at),
        database=_database(run),
        told=_SENTENCE_END.split(told, maxsplit=1)[0],
        tone=tone,
        size_bytes=_size(run),
        cost_before=None if verdict is None else verdict.cost_before,
        cost_after=None if verdict is None else verdict.cost_after,
        gain_ratio=None if verdict is None else verdict.gain_ratio,
        findings=None if report is None else _open_findings(report),
    )


def _command(run: Run) -> str:
    if isinstance(run, Report):
        return run.command
    if isinstance(run, QueryDigest):
        return "queries"
    return "bench" if isinstance(run, LoadReport) else "compare"


def _database(run: Run) -> str:
    """Return the database that a run is about; a comparison is about that of its head."""
    if isinstance(run, Report):
        return run.source.path
    if isinstance(run, LoadReport):
        return run.database
    if isinstance(run, Comparison):
        return run.head.database or run.base.database
    if run.database is not None:
        return run.database
    names = run.databases.top
    return names[0].name if len(names) == 1 and run.databases.distinct == 1 else ""


def _size(run: Run) -> int | None:
    if isinstance(run, Report):
        return run.source.size_bytes
    if isinstance(run, LoadReport):
        return run.size_bytes
    return run.head.size_bytes if isinstance(run, Comparison) else None


def _open_findings(report: Report) -> tuple[SeenFinding, ...] | None:
    if report.command not in _LOOKING:
        return None
    return tuple(
        SeenFinding(found.code, found.subject, found.severity, found.message)
        for found in report.findings
    )


def _moment(created_at: str) -> float | None:
    try:
        # Python 3.10 does not know Z.
        found = datetime.fromisoformat(created_at.replace("Z", "+00:00"))
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=timezone.utc)
    return found.timestamp()
