"""Findings that somebody has looked at and decided to live with: told apart, not hidden."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.config import IgnoreRule
from dbtune.model.advice import Finding


def without_ignored(
    findings: Sequence[Finding], rules: Sequence[IgnoreRule]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return the findings that no rule ignores, and notes on the others and on idle rules."""
    kept = []
    notes = []
    used = set()
    for finding in findings:
        rule = next((rule for rule in rules if _matches(rule, finding)), None)
        if rule is None:
            kept.append(finding)
            continue
        used.add(rule)
        notes.append(f"ignored ({rule.reason}): {finding.code}: {finding.message}")
    idle = (rule for rule in rules if rule not in used)
    return tuple(kept), (*notes, *(_idle(rule) for rule in idle))


def _matches(rule: IgnoreRule, finding: Finding) -> bool:
    facts = {evidence.name: evidence.value for evidence in finding.evidence}
    return (
        finding.code == rule.finding
        and rule.subject in (None, finding.subject)
        and rule.route in (None, facts.get("route"))
        and rule.relationship in (None, facts.get("relationship"))
        and rule.is_at(facts.get("call_site"))
    )


def _idle(rule: IgnoreRule) -> str:
    return f"nothing was found that matches ignore {rule}: take it out of the configuration"
