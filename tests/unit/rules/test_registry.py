"""The registry of rules: every code is there once, documented, and worth its place."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import ShapeFacts
from dbtune.advisor.rules import RULES, run_rules
from dbtune.model.advice import SEVERITIES
from dbtune.model.schema import Table
from dbtune.model.workload import QueryShape, Sample
from dbtune.sqlite.identifiers import quote_identifier
from tests.fixtures.hostile import ODD_SCHEMAS, many_tables
from tests.unit.rules.measured import Query, build, facts_of, rows, workload_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "findings.md"

# Emitted by the advisor itself, which alone has the proof.
OF_THE_ADVISOR = "missing-index"

CODES = {
    "automatic-index",
    "duplicate-index",
    "foreign-key-violation",
    "foreign-key-without-index",
    "fragmentation",
    "freelist",
    "full-scan",
    "function-on-column",
    "integrity-error",
    "leading-wildcard",
    "many-small-transactions",
    "missing-statistics",
    "n-plus-one",
    "offset-pagination",
    "redundant-prefix-index",
    "rollback-journal",
    "select-star",
    "small-page-size",
    "stale-statistics",
    "temporary-sort",
    "type-or-collation-mismatch",
    "unplannable-query",
    "unused-columns",
    "unused-index",
    "wal-reset-race",
    "without-rowid",
}


def sections() -> dict[str, str]:
    """Return the sections of the document by their headings."""
    parts = re.split(r"^## (.+)$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_code_is_registered_once() -> None:
    """Codes are stable: scripts and --only name them."""
    registered = [rule.code for rule in RULES]
    assert sorted(registered) == sorted(CODES)


def test_every_rule_has_a_title_of_one_line() -> None:
    """A renderer heads a group of findings with it."""
    assert all(rule.title and "\n" not in rule.title for rule in RULES)
    assert len({rule.title for rule in RULES}) == len(RULES)


def test_every_code_has_a_section_that_names_its_source() -> None:
    """Each says what it means, when it is silent, how to fix it, and where SQLite says so."""
    found = sections()
    for code in CODES | {OF_THE_ADVISOR}:
        section = found[code]
        for word in ("**What it means.**", "**When it is silent.**", "**How to fix it.**"):
            assert word in section, f"{code}: no {word}"
        assert "https://www.sqlite.org/" in section, f"{code}: no source"


def test_no_section_is_left_over() -> None:
    """A code that is gone does not stay in the document."""
    assert set(sections()) == CODES | {OF_THE_ADVISOR}


def test_findings_come_by_severity_then_by_share_of_the_cost(tmp_path: Path) -> None:
    """What is worth most stands first, whichever rule found it."""
    path = build(
        tmp_path / "t.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT, c TEXT)",
        f"INSERT INTO t SELECT n, n, 'b' || n, 'c' || n FROM {rows(3000)}",
        "CREATE INDEX i1 ON t (c)",
        "CREATE INDEX i2 ON t (c)",
    )
    facts = facts_of(
        path,
        Query("SELECT id FROM t WHERE a = 5", count=40),
        Query("SELECT id FROM t WHERE lower(b) = 'b7'", count=60),
        Query("SELECT id FROM t WHERE b LIKE '%77%'", count=5),
    )
    found = run_rules(facts)
    ranks = [SEVERITIES.index(finding.severity) for finding in found]
    assert ranks == sorted(ranks)
    assert [f.code for f in found if f.severity == "high"] == ["function-on-column", "full-scan"]


def test_every_finding_says_what_to_do(tmp_path: Path) -> None:
    """Message, help and evidence are there, and evidence names are unique in a finding."""
    path = build(
        tmp_path / "t.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT)",
        f"INSERT INTO t SELECT n, n, 'b' || n FROM {rows(3000)}",
        "CREATE INDEX i1 ON t (b)",
        "CREATE INDEX i2 ON t (b)",
    )
    facts = facts_of(
        path,
        Query("SELECT id FROM t WHERE a = 5"),
        Query("SELECT id FROM t WHERE b LIKE 'b77%'"),
        Query("SELECT id FROM t ORDER BY a LIMIT 5 OFFSET 2000"),
    )
    found = run_rules(replace(facts, unused_indexes=("i1", "i2")))
    assert len({finding.code for finding in found}) >= 6
    for finding in found:
        assert finding.message and finding.help and finding.evidence
        names = [evidence.name for evidence in finding.evidence]
        assert len(names) == len(set(names))


# Many tables have a test of their own below, on a file that is built faster.
@pytest.mark.parametrize(
    "builder",
    [b for b in ODD_SCHEMAS if b is not many_tables],
    ids=lambda builder: builder.__name__,
)
def test_odd_schemas_give_findings_that_can_be_printed(
    tmp_path: Path, builder: Callable[[Path], None]
) -> None:
    """Hostile names, 2,000 columns, broken views and unknown modules: no rule fails on them."""
    path = tmp_path / "odd.db"
    builder(path)
    facts = facts_of(path)
    queries = tuple(
        ShapeFacts(
            QueryShape(f"{n:012x}", sql, "read", 100, None, (Sample(sql),)),
            tables=(table.name,),
            cost_before_ns=1e6,
            cost_after_ns=1e6,
            plan_before=(f"SCAN {table.name}", "USE TEMP B-TREE FOR ORDER BY"),
            plan_after=(f"SCAN {table.name}", "USE TEMP B-TREE FOR ORDER BY"),
            scanned_rows_before=5000,
            scanned_rows_after=5000,
        )
        for n, table in enumerate(facts.schema.tables[:80])
        for sql in [_search(table)]
    )
    large = tuple(replace(t, rows=5000) for t in facts.statistics.tables)
    found = run_rules(
        replace(
            facts,
            shapes=queries,
            workload=workload_of(queries),
            statistics=replace(facts.statistics, tables=large),
            unused_indexes=tuple(index.name for index in facts.schema.indexes),
        )
    )
    assert all(finding.message.isprintable() for finding in found)
    assert all(finding.help.isprintable() for finding in found)


def _search(table: Table) -> str:
    """Return a query that compares and sorts by the first column of a table."""
    column = quote_identifier(table.columns[0].name) if table.columns else "rowid"
    name = quote_identifier(table.name)
    return f"SELECT * FROM {name} WHERE {column} LIKE '%x%' AND {column} > 5 ORDER BY {column}"


def test_rules_are_quick_on_large_schemas_and_recordings(tmp_path: Path) -> None:
    """300 tables with two indexes and 1,500 shapes take no noticeable time."""
    statements = (
        f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a INT REFERENCES t{n} (id), b TEXT);"
        f"CREATE INDEX i{n} ON t{n} (b); CREATE INDEX j{n} ON t{n} (b, a);"
        for n in range(300)
    )
    facts = facts_of(build(tmp_path / "large.db", "".join(statements)))
    shapes = tuple(
        ShapeFacts(
            QueryShape(f"{n:012x}", sql, "write" if n % 3 else "read", 10, None, (Sample(sql),)),
            tables=(f"t{n % 300}",),
            cost_before_ns=1e6,
            cost_after_ns=1e6,
            plan_after=(f"SCAN t{n % 300}",),
            scanned_rows_after=5000,
        )
        for n in range(1500)
        for sql in [f"DELETE FROM t{n % 300} WHERE b = 'x{n}' AND a + 1 = {n}"]
    )
    large = tuple(replace(t, rows=5000) for t in facts.statistics.tables)
    facts = replace(
        facts,
        shapes=shapes,
        workload=workload_of(shapes),
        statistics=replace(facts.statistics, tables=large),
    )
    started = time.process_time()
    found = run_rules(facts)
    # Some 3 s here; anything quadratic in tables or shapes takes minutes.
    assert time.process_time() - started < 30
    assert len(found) > 500
