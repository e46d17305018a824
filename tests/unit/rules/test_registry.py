"""The registry of rules: every code is there once, documented, and worth its place."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from dbtune.advisor.rules import RULES, run_rules
from dbtune.model.advice import SEVERITIES
from tests.unit.rules.measured import Query, build, facts_of, rows

DOCUMENT = Path(__file__).parents[3] / "docs" / "findings.md"

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
    "n-plus-one",
    "offset-pagination",
    "redundant-prefix-index",
    "rollback-journal",
    "small-page-size",
    "stale-statistics",
    "temporary-sort",
    "type-or-collation-mismatch",
    "unplannable-query",
    "unused-index",
    "wal-reset-race",
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
