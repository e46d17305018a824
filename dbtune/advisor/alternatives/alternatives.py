"""Advice that is no index: what was tried on further copies, as facts for the rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dbtune.advisor.advise import Advice
from dbtune.advisor.alternatives.narrower_reads import narrower_reads
from dbtune.advisor.alternatives.statistics_check import statistics_effect
from dbtune.advisor.alternatives.table_forms import Setting, rebuilt_tables
from dbtune.advisor.facts import Facts, RebuiltTable
from dbtune.advisor.rules import stale_statistics
from dbtune.advisor.time_limit import TimeLimit

# Copying and analysing a copy took 0.4 s for 100 MB, rebuilding a table of it twice some 3 s.
_BYTES_A_SECOND = 20_000_000
# Rebuilding may take so much of the time limit: it is rarely the best advice.
_REBUILDING_SHARE = 0.05
# Of the time limit; the shapes that matter most are measured first.
_STATISTICS_SHARE = 0.05
# Of the time limit, too: a few dozen runs.
_NARROWER_SHARE = 0.02


def with_alternatives(facts: Facts, advice: Advice, base: Path, time: TimeLimit) -> Facts:
    """Return the facts with what ANALYZE alone, another form of a table, or fewer columns change.

    Tries nothing where the copy is only a sample, or the time is nearly over.
    """
    seconds = base.stat().st_size / _BYTES_A_SECOND
    if advice.sampled or not advice.subjects.ready or not time.allows(seconds):
        return facts
    if stale_statistics.check(facts):
        enough, over = time.start(_STATISTICS_SHARE), time.until(1.0)
        effect = statistics_effect(base, advice.baseline, lambda: enough() or over())
        facts = replace(facts, statistics_effect=effect)
    narrower = narrower_reads(base, facts.schema, advice, time.start(_NARROWER_SHARE))
    facts = replace(facts, narrower_reads=narrower)
    if seconds > _REBUILDING_SHARE * time.seconds:
        return facts
    return replace(facts, rebuilt_tables=_rebuilt(facts, advice, base, time, seconds))


def _rebuilt(
    facts: Facts, advice: Advice, base: Path, time: TimeLimit, seconds: float
) -> tuple[RebuiltTable, ...]:
    setting = Setting(
        base,
        facts.schema,
        facts.statistics,
        advice.baseline,
        advice.proof.after,
        [index.planned for index in advice.proof.indexes],
    )
    return rebuilt_tables(setting, lambda: not time.allows(seconds))
