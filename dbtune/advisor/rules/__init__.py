"""The rules, each a pure function from Facts to Findings.

Finding `missing-index` has no rule here: the advisor emits it, one for each index it recommends,
with the proof that only it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import (
    automatic_index,
    duplicate_index,
    foreign_key_violation,
    foreign_key_without_index,
    fragmentation,
    freelist,
    full_scan,
    function_on_column,
    integrity_error,
    leading_wildcard,
    many_small_transactions,
    missing_statistics,
    n_plus_one,
    offset_pagination,
    redundant_prefix_index,
    rollback_journal,
    select_star,
    small_page_size,
    stale_statistics,
    temporary_sort,
    type_or_collation_mismatch,
    unplannable_query,
    unused_columns,
    unused_index,
    wal_reset_race,
    without_rowid,
)
from dbtune.model.advice import SEVERITIES, Finding

# Say what the scan of a shape comes from. A full-scan of the same shape would only repeat it, and
# an index that saves its temporary-sort makes it worse: the rows are then looked up one by one
# (tried: LIKE '%text%' ORDER BY took 4 times as long).
_EXPLAIN_A_SCAN = frozenset(
    (leading_wildcard.CODE, function_on_column.CODE, type_or_collation_mismatch.CODE)
)
_EXPLAINED = frozenset((full_scan.CODE, temporary_sort.CODE))


@dataclass(frozen=True)
class Rule:
    """A rule: the stable code of its findings, what it finds in a few words, and its function."""

    code: str
    title: str
    check: Callable[[Facts], tuple[Finding, ...]]


# In the order of worth: what can cost data first, then what costs time, then what costs space.
RULES: tuple[Rule, ...] = (
    Rule(integrity_error.CODE, "The file is damaged", integrity_error.check),
    Rule(
        foreign_key_violation.CODE,
        "Rows refer to a parent that is not there",
        foreign_key_violation.check,
    ),
    Rule(n_plus_one.CODE, "One query is sent for each row of a list", n_plus_one.check),
    Rule(full_scan.CODE, "A large table is read whole for few rows", full_scan.check),
    Rule(leading_wildcard.CODE, "A search pattern begins with a wildcard", leading_wildcard.check),
    Rule(
        function_on_column.CODE,
        "A condition on an expression hides a column from its index",
        function_on_column.check,
    ),
    Rule(
        type_or_collation_mismatch.CODE,
        "A comparison cannot use its index",
        type_or_collation_mismatch.check,
    ),
    Rule(automatic_index.CODE, "SQLite builds an index for each run", automatic_index.check),
    Rule(temporary_sort.CODE, "Many rows are sorted on each run", temporary_sort.check),
    Rule(offset_pagination.CODE, "Deep pages read all before them", offset_pagination.check),
    Rule(rollback_journal.CODE, "Writers and readers stop each other", rollback_journal.check),
    Rule(
        many_small_transactions.CODE,
        "Single rows are committed one by one",
        many_small_transactions.check,
    ),
    Rule(
        foreign_key_without_index.CODE,
        "Child rows can only be found by reading all",
        foreign_key_without_index.check,
    ),
    Rule(
        missing_statistics.CODE,
        "ANALYZE alone changes what queries cost",
        missing_statistics.check,
    ),
    Rule(stale_statistics.CODE, "The planner has no true statistics", stale_statistics.check),
    Rule(
        without_rowid.CODE,
        "A table would be cheaper in the order of its key",
        without_rowid.check,
    ),
    Rule(
        select_star.CODE,
        "An index would answer a query that named fewer columns",
        select_star.check,
    ),
    Rule(
        unused_columns.CODE,
        "A query fetches columns that nothing else asks for",
        unused_columns.check,
    ),
    Rule(duplicate_index.CODE, "Two indexes have the same keys", duplicate_index.check),
    Rule(
        redundant_prefix_index.CODE,
        "An index is the beginning of another",
        redundant_prefix_index.check,
    ),
    Rule(unused_index.CODE, "No recorded query uses an index", unused_index.check),
    Rule(
        wal_reset_race.CODE,
        "A SQLite library with a rare race under WAL",
        wal_reset_race.check,
    ),
    Rule(freelist.CODE, "Much of the file is empty", freelist.check),
    Rule(fragmentation.CODE, "Tables are scattered over the file", fragmentation.check),
    Rule(small_page_size.CODE, "Small pages in a big file", small_page_size.check),
    Rule(unplannable_query.CODE, "SQLite cannot prepare a statement", unplannable_query.check),
)


def run_rules(facts: Facts) -> tuple[Finding, ...]:
    """Return the findings of all rules: by severity, within it the costliest first."""
    found = [finding for rule in RULES for finding in rule.check(facts)]
    explained = {finding.subject for finding in found if finding.code in _EXPLAIN_A_SCAN}
    scans = {(f.subject, f.command) for f in found if f.code == full_scan.CODE}
    kept = [
        f
        for f in found
        if not (f.code in _EXPLAINED and f.subject in explained)
        # One index that ends both the scan and the sort of a query is told of once.
        and not (f.code == temporary_sort.CODE and (f.subject, f.command) in scans)
    ]
    # Stable: findings without a share of the cost stay in the order of the rules.
    return tuple(sorted(kept, key=lambda f: (SEVERITIES.index(f.severity), -_share(f))))


def _share(finding: Finding) -> float:
    values = (e.value for e in finding.evidence if e.name == "share_ratio")
    value = next(values, 0.0)
    return float(value) if isinstance(value, (int, float)) else 0.0
