"""without-rowid: a table that would serve its queries better in the order of its primary key.

Measured by rebuilding it on a copy. It carries no Change: a table cannot be rebuilt reversibly
under a running application, which may rely on the rowid in ways that no recording shows.
Source: https://www.sqlite.org/withoutrowid.html
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts, RebuiltTable
from dbtune.advisor.rules.worth import MIN_SHARE, severity_of
from dbtune.advisor.wording import counted, megabytes, percent, shown
from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import Table
from dbtune.sqlite.tokens import tokenize

CODE = "without-rowid"

# Of what its queries cost beside the recommended indexes: as much as an index has to save.
_LEAST_GAIN_RATIO = 0.2


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each table rebuilt that gains enough, and slows no read down."""
    today = sum(s.shape.count * s.cost_before_ns for s in facts.shapes)
    left = sum(s.shape.count * s.cost_after_ns for s in facts.shapes)
    found = []
    for tried in facts.rebuilt_tables:
        table = facts.schema.table(tried.table)
        saved = tried.cost_before_ns - tried.cost_after_ns
        enough = saved >= max(_LEAST_GAIN_RATIO * tried.cost_before_ns, MIN_SHARE * left)
        if table is not None and enough and saved > 0 and not tried.slower:
            found.append(_finding(facts, table, tried, saved / today if today else 0.0))
    return tuple(found)


def _finding(facts: Facts, table: Table, tried: RebuiltTable, share: float) -> Finding:
    saved_ratio = 1 - tried.cost_after_ns / tried.cost_before_ns
    keys = ", ".join(shown(key) for key in table.primary_key)
    return Finding(
        code=CODE,
        severity=severity_of(share),
        subject=table.name,
        message=(
            f"{shown(table.name)}: rows are found by ({keys}) through an index and then looked up "
            f"in the table. Built WITHOUT ROWID it is one tree in that order: its "
            f"{counted(len(tried.shape_ids), 'query shape')} then cost {percent(saved_ratio)} "
            f"less than with the recommended indexes alone, {percent(share)} of the recorded "
            f"cost, and it takes {megabytes(tried.size_after_bytes)} in place of "
            f"{megabytes(tried.size_before_bytes)}."
        ),
        evidence=(
            Evidence("share_ratio", share),
            Evidence("cost_before_ns", tried.cost_before_ns),
            Evidence("cost_after_ns", tried.cost_after_ns),
            Evidence("size_before_bytes", tried.size_before_bytes),
            Evidence("size_after_bytes", tried.size_after_bytes),
            Evidence("queries", tried.shape_ids),
        ),
        help=_help(facts, table),
        command=_command(tried),
    )


def _help(facts: Facts, table: Table) -> str:
    risks = ["its rowid is gone, and with it last_insert_rowid() and incremental blob I/O"]
    if any(t.table.lower() == table.name.lower() for t in facts.schema.triggers):
        risks.append("its triggers go with the old table, the statements build them again")
    if table.foreign_keys or any(
        key.referenced_table.lower() == table.name.lower()
        for other in facts.schema.tables
        for key in other.foreign_keys
    ):
        risks.append("foreign keys have to be off meanwhile; check them before COMMIT")
    return (
        "Stop the application, take a backup, and run the statements on a copy first. "
        "AUTOINCREMENT is not possible there, and NULL in the key is refused. Mind: "
        f"{'; '.join(risks)}. The recommended indexes were measured with the table as it is: run "
        "analyze again afterwards."
    )


def _command(tried: RebuiltTable) -> str:
    statements = (
        "PRAGMA foreign_keys = OFF",
        "PRAGMA legacy_alter_table = ON",
        "BEGIN IMMEDIATE",
        *tried.steps,
        "PRAGMA foreign_key_check",
        "COMMIT",
    )
    return " ".join(f"{_on_one_line(sql)};" for sql in statements)


def _on_one_line(sql: str) -> str:
    """Return SQL without its comments and line ends, which would end the line's statement."""
    pieces: list[str] = []
    end = 0
    for token in tokenize(sql):
        pieces += (" " if pieces and token.start > end else "", token.text)
        end = token.end
    return "".join(pieces)
