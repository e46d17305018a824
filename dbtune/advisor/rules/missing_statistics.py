"""missing-statistics: ANALYZE alone would change recorded plans, as measured on a copy.

It carries no Change: ANALYZE cannot be taken back, and `dbtune optimize` runs it.
Source: https://www.sqlite.org/lang_analyze.html
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts, PlanChange, StatisticsEffect
from dbtune.advisor.rules.worth import MIN_SHARE, severity_of
from dbtune.advisor.wording import counted, percent, statement
from dbtune.model.advice import Evidence, Finding

CODE = "missing-statistics"

_MOST_NAMED = 3


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return one finding where the changes are at least 1 % of the workload's cost either way."""
    effect = facts.statistics_effect
    if effect is None or effect.cost_before_ns <= 0:
        return ()
    cheaper = [change for change in effect.changes if change.saved_ns > 0]
    dearer = [change for change in effect.changes if change.saved_ns < 0]
    moved = sum(abs(change.saved_ns) for change in effect.changes)
    if moved < MIN_SHARE * effect.cost_before_ns:
        return ()
    return (_finding(effect, cheaper, dearer),)


def _finding(
    effect: StatisticsEffect, cheaper: list[PlanChange], dearer: list[PlanChange]
) -> Finding:
    saved = sum(change.saved_ns for change in effect.changes)
    share = saved / effect.cost_before_ns
    helps = saved > 0
    verdict = (
        f"ANALYZE alone, with no new index, would save {percent(share)} of the recorded cost"
        if helps
        else f"ANALYZE alone, with no new index, would make the recording {percent(-share)} dearer"
    )
    parts = [
        f"{counted(len(group), 'query shape')} {word}: {_listed(group)}"
        for group, word in ((cheaper, "cheaper"), (dearer, "dearer"))
        if group
    ]
    return Finding(
        code=CODE,
        severity=severity_of(share) if helps else "info",
        subject="sqlite_stat1",
        message=f"{verdict}{_as_far(effect)}. {'. '.join(parts)}.",
        evidence=(
            # What nobody should do is not ranked among what saves.
            Evidence("share_ratio", share if helps else 0.0),
            Evidence("cost_before_ns", effect.cost_before_ns),
            Evidence("cost_after_ns", effect.cost_after_ns),
            Evidence("cheaper_queries", tuple(change.shape.id for change in cheaper)),
            Evidence("dearer_queries", tuple(change.shape.id for change in dearer)),
            Evidence("has_stat4", effect.samples),
            Evidence("complete", effect.complete),
        ),
        help=_help(effect, helps=helps),
        command="dbtune optimize DB" if helps else None,
    )


def _as_far(effect: StatisticsEffect) -> str:
    return "" if effect.complete else " (as far as the time sufficed to measure)"


def _listed(changes: list[PlanChange]) -> str:
    named = "; ".join(
        f"{change.shape.id} from {_ms(change.cost_before_ns)} to {_ms(change.cost_after_ns)} ms "
        f"({statement(change.plan_before[0].strip() if change.plan_before else '-')} becomes "
        f"{statement(change.plan_after[0].strip() if change.plan_after else '-')})"
        for change in changes[:_MOST_NAMED]
    )
    more = len(changes) - _MOST_NAMED
    return f"{named}; and {more:,} more" if more > 0 else named


def _ms(cost_ns: float) -> str:
    return f"{cost_ns / 1e6:,.3g}"


def _help(effect: StatisticsEffect, *, helps: bool) -> str:
    kind = "with" if effect.samples else "without"
    measured = (
        f"Measured {kind} the samples of STAT4, {'as' if effect.samples else 'which'} the SQLite "
        f"that Python is linked with {'keeps them' if effect.samples else 'does not keep'}: a "
        "library that differs there may choose other plans."
    )
    if helps:
        return (
            f"Run it now, after large changes, and after creating indexes; apply-indexes analyzes "
            f"the tables it touches. {measured}"
        )
    return (
        "Create the recommended indexes before ANALYZE runs: they are measured with the "
        f"statistics that it leaves. {measured}"
    )
