"""The parts of the bench: each measures one promise on one workload beside its target."""

from __future__ import annotations

import advisor_search
from advisor_interleaved import MAX_STEPS, ROUNDS, Ratio, time_by_turns
from advisor_measure import Built, ShapeWork, fresh_copy, prepare
from advisor_results import Check, Part, Table, at_most
from advisor_session import DBTUNE, NOTHING, UNION, WHOLE, Advised, Session
from advisor_tables import (
    ADVICE_HEAD,
    DIFFERENCE_HEAD,
    READ_LIMIT,
    advice_row,
    differences,
    index_tables,
    slower_shapes,
    stopped,
    templates,
)
from advisor_variants import write_heavy

# A write may cost this many times what it did.
_WRITE_LIMIT = 3.0
# Nobody notices less for one execution, and dbtune's own proof tolerates it.
_UNNOTICED_NS = 5_000.0
_SEARCH_LIMIT = 1.03
_WRITE_HEAVY_LIMIT = 0.6


def costs(session: Session) -> Part:
    """Every advice rebuilt: cost, size and time to advise; each template before and after."""
    survivors = advisor_search.candidates(session).survivors
    union, whole, ours = (
        session.built(advised) for advised in (session.union, session.whole, session.dbtune)
    )
    everything = session.measure(advisor_search.ALL_CANDIDATES, survivors)
    built = (session.before, union, whole, everything, ours)
    seconds = {a.name: a.seconds for a in (session.union, session.whole, session.dbtune)}
    rows = tuple(advice_row(b, union, seconds.get(b.advice)) for b in built)
    tables = (
        Table("Advice", ADVICE_HEAD, rows, _cut_short(session.dbtune)),
        *templates(session.before, ours),
    )
    checks = (*_cost_checks(session, ours), *_template_checks(session.before, ours))
    best = min(built, key=lambda b: b.cost_s)
    verdict = (
        "Nothing measured here is cheaper than dbtune's advice."
        if best is ours
        else f"Cheaper than dbtune's advice: {best.advice}, {best.cost_s / ours.cost_s:.3f} of "
        f"its cost at {best.size_bytes / max(1, ours.size_bytes):.2f} of its bytes."
    )
    return Part("costs", checks, tables, verdict)


def _cut_short(advised: Advised) -> str:
    """Return what dbtune says of the time it lacked."""
    lines = advised.report.not_checked if advised.report is not None else ()
    return "; ".join(f"dbtune says: {line}" for line in lines if "--time-limit" in line)


def search(session: Session, seconds: float, *, prefiltered: bool) -> Part:
    """The long search at dbtune's bytes, and which shapes make up the difference.

    Within each budget it searches a third as long: what there is to reach.
    """
    ours, union = session.built(session.dbtune), session.built(session.union)
    limits = [round(megabytes * 1e6) for megabytes, _ in session.bench.targets.budgets]
    searched, *within = advisor_search.search(
        session,
        {ours.size_bytes: seconds} | dict.fromkeys(limits, seconds / 3),
        prefiltered=prefiltered,
    )
    theirs, found = searched.built, searched.found
    cost_error = abs(searched.predicted_s / ours.cost_s - 1)
    size_error = abs(searched.predicted_bytes / max(1, ours.size_bytes) - 1)
    checks = (
        at_most("cost / long search's", ours.cost_s / theirs.cost_s, _SEARCH_LIMIT),
        at_most("dbtune's cost in a pool beside its cost rebuilt, off by", cost_error, 0.03),
        at_most("dbtune's size in a pool beside its size rebuilt, off by", size_error, 0.05),
    )
    note = (
        f"{seconds:g} s, {searched.pool_indexes} indexes of {searched.pool_bytes / 2**20:,.0f} MiB "
        f"in the pool ({'survivors of the prefilter' if prefiltered else 'all candidates'}), "
        f"{found.asked:,} questions to the planner, {found.rounds} rounds after the "
        f"starts, last improved after {found.improved_at_s:.0f} s; in the pool its set costs "
        f"{found.cost_ns / 1e9:.3f} s and dbtune's {searched.predicted_s:.3f} s"
    )
    rows = [
        advice_row(ours, union, session.dbtune.seconds),
        advice_row(theirs, union, seconds),
        *(advice_row(other.built, union, seconds / 3) for other in within),
    ]
    starts = tuple((name, f"{cost / 1e9:.3f}") for name, cost in found.by_start)
    tables = (
        Table("Long search", ADVICE_HEAD, tuple(rows), note),
        Table("Local optimum from each start", ("start", "cost s"), starts),
        Table("Where they differ most", DIFFERENCE_HEAD, differences(ours, theirs)),
        *index_tables(ours, theirs),
    )
    verdict = (
        f"The long search is cheaper: {theirs.cost_s / ours.cost_s:.3f} of dbtune's cost."
        if theirs.cost_s < ours.cost_s
        else "The long search found nothing cheaper than dbtune's advice."
    )
    return Part("search", checks, tables, verdict)


def budgets(session: Session) -> Part:
    """dbtune within budgets, beside `.expert` without one."""
    union = session.built(session.union)
    checks, rows = [], [advice_row(union, union, session.union.seconds)]
    for megabytes, limit in session.bench.targets.budgets:
        advised = session.within(megabytes)
        built = session.built(advised)
        what = f"cost within {megabytes:g} MB / .expert's union without a budget"
        checks.append(at_most(what, built.cost_s / union.cost_s, limit))
        checks.append(
            at_most(f"size within {megabytes:g} MB", built.size_bytes / 1e6, megabytes, " MB")
        )
        rows.append(advice_row(built, union, advised.seconds))
    return Part("budgets", tuple(checks), (Table("Budgets", ADVICE_HEAD, tuple(rows)),))


def writes(session: Session) -> Part:
    """The write-heavy variant: total cost, and whether every index earns what it costs."""
    with fresh_copy(session.bench.database, session.scratch) as connection:
        subjects = prepare(connection, session.workload)
    bench, hot = write_heavy(session.bench, subjects, session.scratch)
    heavy = Session(bench, session.scratch, session.time_limit_seconds)
    union, whole, ours = (heavy.built(a) for a in (heavy.union, heavy.whole, heavy.dbtune))
    better = heavy.better_expert()
    gains = _gains(heavy.dbtune)
    checks = (
        at_most("cost / .expert's better mode", ours.cost_s / better.cost_s, _WRITE_HEAVY_LIMIT),
        at_most("cost / before", ours.cost_s / heavy.before.cost_s, 1.0),
        Check(
            "indexes that cost more than they gain",
            "none",
            f"{sum(g <= 0 for g in gains)} of {len(gains)}",
            all(g > 0 for g in gains),
        ),
    )
    built = ((heavy.before, None), (union, heavy.union), (whole, heavy.whole), (ours, heavy.dbtune))
    rows = tuple(advice_row(b, union, advised.seconds if advised else None) for b, advised in built)
    note = (
        f"hottest tables, written five times as often: {', '.join(hot)}; 90 % of executions write"
    )
    return Part("writes", checks, (Table("Write-heavy variant", ADVICE_HEAD, rows, note),))


def _gains(advised: Advised) -> list[float]:
    """Return what each index gains net of what it costs writes, as shares of the cost before."""
    assert advised.report is not None
    found = [f for f in advised.report.findings if f.code == "missing-index"]
    evidence = [e for f in found for e in f.evidence if e.name == "gain_ratio"]
    return [e.value for e in evidence if isinstance(e.value, float)]


def planner(session: Session) -> Part:
    """The same sets under the SQLite that Python is linked with, timed by turns."""
    with fresh_copy(session.bench.database, session.scratch) as connection:
        subjects = prepare(connection, session.workload)
    advices = {
        NOTHING: (),
        UNION: session.union.ddl,
        WHOLE: session.whole.ddl,
        DBTUNE: session.dbtune.ddl,
    }
    timed = time_by_turns(session.bench.database, subjects, advices, session.scratch)
    ratios = {other: timed.ratio(DBTUNE, other) for other in (UNION, WHOLE, NOTHING)}
    limits = {UNION: session.bench.targets.planner_ratio, WHOLE: 1.0, NOTHING: 1.0}
    checks = tuple(_time_check(other, ratio, limits[other]) for other, ratio in ratios.items())
    note = (
        f"{ROUNDS} rounds by turns, ratios of one round; intervals hold the median with 98.8 %; "
        f"a statement is stopped after {MAX_STEPS:,} steps and then counts as long as it ran"
    )
    rows = tuple(
        (name, f"{sorted(timed.rounds[name])[ROUNDS // 2]:.3f}", f"{timed.steps[name] / 1e6:,.1f}")
        for name in advices
    )
    tables = (
        Table("Application's planner", ("advice", "median s", "million steps"), rows, note),
        *stopped(timed),
        *slower_shapes(timed),
    )
    return Part("planner", checks, tables)


def _time_check(other: str, ratio: Ratio, limit: float) -> Check:
    value = f"{ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f}); steps {ratio.steps:.3f}"
    return Check(f"time / {other}", f"at most {limit:g}", value, ratio.median <= limit)


def _cost_checks(session: Session, ours: Built) -> tuple[Check, ...]:
    targets = session.bench.targets
    better = session.better_expert()
    peer = session.built(session.union) if targets.of_union else better
    checks = [at_most(f"cost / {peer.advice}", ours.cost_s / peer.cost_s, targets.cost_ratio)]
    if targets.size_ratio is not None:
        size = ours.size_bytes / max(1, peer.size_bytes)
        checks.append(at_most(f"bytes / {peer.advice}", size, targets.size_ratio))
    if peer is not better:
        checks.append(at_most(f"cost / {better.advice}", ours.cost_s / better.cost_s, 1.0))
    if targets.seconds is not None:
        busy = session.dbtune.cpu_seconds or 0.0
        what = f"time to advise ({busy:.1f} s of processor time)"
        checks.append(at_most(what, session.dbtune.seconds, targets.seconds, " s"))
    return tuple(checks)


def _template_checks(before: Built, ours: Built) -> tuple[Check, ...]:
    pairs = list(zip(before.shapes, ours.shapes, strict=True))
    reads = [_slowdown(old, new) for old, new in pairs if not old.writes]
    writing = [_slowdown(old, new) for old, new in pairs if old.writes]
    checks = [at_most("dearest read / before", max(reads), READ_LIMIT)] if reads else []
    if writing:
        checks.append(at_most("dearest write / before", max(writing), _WRITE_LIMIT))
    return tuple(checks)


def _slowdown(old: ShapeWork, new: ShapeWork) -> float:
    return (new.cost_ns - _unnoticed(old)) / old.cost_ns if old.cost_ns else 1.0


def _unnoticed(old: ShapeWork) -> float:
    return 0.0 if old.writes else _UNNOTICED_NS
