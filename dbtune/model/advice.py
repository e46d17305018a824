"""What dbtune concludes: changes, findings, and the one Report that every renderer draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Union

from dbtune.model.explanation import IndexExplanation, NotAnalyzed, TriedIndex, Unhelped
from dbtune.model.overview import ColumnDecision, Environment, HealthFact, TableOverview
from dbtune.model.query_check import QueryCheck
from dbtune.model.workload import RouteQueries, StatementKind

Severity = Literal["high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low", "info")

EvidenceValue = Union[None, bool, int, float, str, tuple[str, ...]]  # noqa: UP007

# What the report of a rehearsed migration notes, which tells it from one of a move.
REHEARSED = "This was a rehearsal: its server is gone, nothing is left but this report."


@dataclass(frozen=True)
class IndexSpec:
    """An index that could exist. `terms` are SQL key terms with collation and direction.

    Terms are already quoted where needed, such as `user_id`, `created_at DESC`,
    `"order"`, `email COLLATE NOCASE` or `lower(name)`; `where` is the partial condition or None.
    """

    table: str
    terms: tuple[str, ...]
    where: str | None = None
    unique: bool = False


@dataclass(frozen=True)
class Change:
    """SQL that takes the database forward and back; `up` and `down` are one statement an entry."""

    up: tuple[str, ...]
    down: tuple[str, ...]
    reason: str
    index_name: str | None = None
    index: IndexSpec | None = None


@dataclass(frozen=True)
class Evidence:
    """One measured fact behind a finding, such as ("cost_before_ns", 1.2e9).

    The unit stands in the name (`_ns`, `_bytes`, `_ratio`, `_rows`), which is how a renderer
    knows to print 1.2 s, 4.0 MB or 35 %.
    """

    name: str
    value: EvidenceValue


@dataclass(frozen=True)
class Finding:
    """One thing found, with its proof and what to do.

    `code` is the rule's stable kebab-case id; `subject` names what it is about (an index, table,
    query shape id or file); `help` says what to do; `command` is the exact command or SQL.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    help: str = ""
    command: str | None = None
    change: Change | None = None


@dataclass(frozen=True)
class ShapeReport:
    """One query shape before and after. Costs are ns of the cost model for one execution.

    Times are the median of `timed_runs` interleaved runs. `words_*` are the plans' steps in words,
    `served_by` the recommended indexes that its plans use, `unhelped` why there is none, `tried`
    the indexes looked at for it, and `samples` how many distinct statements were measured.
    `samples_digest` differs where those differ: 16 bits, too few to find their values from.
    `call_sites` are the first few lines of the application that sent it, such as "app.py:12".
    """

    id: str
    text: str
    count: float
    share: float
    cost_before: float
    cost_after: float
    plan_before: tuple[str, ...]
    plan_after: tuple[str, ...]
    time_before_ns: float | None = None
    time_after_ns: float | None = None
    values: Literal["recorded", "drawn", "none"] = "recorded"
    kind: StatementKind = "read"
    samples: int = 1
    page_fetches_before: float | None = None
    page_fetches_after: float | None = None
    vm_steps_before: float | None = None
    vm_steps_after: float | None = None
    timed_runs: int = 1
    words_before: tuple[str, ...] = ()
    words_after: tuple[str, ...] = ()
    served_by: tuple[str, ...] = ()
    unhelped: Unhelped | None = None
    tried: tuple[TriedIndex, ...] = ()
    samples_digest: str | None = None
    call_sites: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConsideredIndex:
    """An index that somebody proposed, judged on the copy.

    `gain_ratio` is the share of the workload's cost that is lost again without it, from 0 to 1;
    `write_cost_ratio` is what writes to its table cost with it over without it.
    """

    name: str
    sql: str
    used_by: tuple[str, ...]
    gain_ratio: float
    size_bytes: int
    write_cost_ratio: float
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """Cost of the recorded workload before and after, ns; `gain_ratio` is 1 - after/before."""

    cost_before: float
    cost_after: float
    gain_ratio: float
    actions: tuple[str, ...]
    time_before_ns: float | None = None
    time_after_ns: float | None = None


@dataclass(frozen=True)
class Source:
    """The database that a report is about."""

    path: str
    size_bytes: int
    schema_sha256: str
    sqlite_version: str
    application_sqlite_version: str | None = None


@dataclass(frozen=True)
class AppliedChange:
    """A revision written or undone: its id, statements, and seconds under the write lock."""

    revision: str
    direction: Literal["up", "down"]
    statements: tuple[str, ...]
    reason: str
    lock_seconds: float | None = None
    path: str | None = None


@dataclass(frozen=True)
class TableOutcome:
    """What became of one table in a migration.

    `rows` are those of the source; `type_changes` counts columns whose type is another kind than
    the one declared, `objects` the keys, indexes and checks created. `method` is how the rows
    were compared: "arrow", "rows", "multiset", "counts", "sample", or "none".
    """

    source: str
    target: str
    rows: int
    size_bytes: int
    rejected: int
    type_changes: int
    objects: int
    verified: bool
    method: str
    seconds: float


@dataclass(frozen=True)
class Report:
    """What a command found out or did about one database, for every form that it is drawn in.

    `overview` and `health` are of the database as it was found, empty where the command did not
    look; `columns` are a migration's decisions, None for other commands.
    """

    command: str
    created_at: str
    dbtune_version: str
    source: Source
    verdict: Verdict | None
    findings: tuple[Finding, ...] = ()
    shapes: tuple[ShapeReport, ...] = ()
    considered: tuple[ConsideredIndex, ...] = ()
    not_checked: tuple[str, ...] = ()
    changes: tuple[AppliedChange, ...] | None = None
    backup: str | None = None
    notes: tuple[str, ...] = field(default=())
    tables: tuple[TableOutcome, ...] | None = None
    queries: tuple[QueryCheck, ...] | None = None
    explanations: tuple[IndexExplanation, ...] = ()
    not_analyzed: tuple[NotAnalyzed, ...] = ()
    routes: tuple[RouteQueries, ...] = ()
    overview: tuple[TableOverview, ...] = ()
    health: tuple[HealthFact, ...] = ()
    environment: Environment | None = None
    columns: tuple[ColumnDecision, ...] | None = None
