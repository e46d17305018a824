"""The parts of the bench: each measures one promise on one workload beside its target."""

from __future__ import annotations

import advisor_search
from advisor_interleaved import MAX_STEPS, ROUNDS, Ratio, Timed, time_by_turns
from advisor_measure import Built, ShapeWork, fresh_copy, prepare
from advisor_results import Check, Part, Table, at_most
from advisor_search_pool import key
from advisor_session import DBTUNE, NOTHING, UNION, WHOLE, Advised, Session
from advisor_variants import write_heavy

# A read may cost this many times what it did, a write that many.
_READ_LIMIT, _WRITE_LIMIT = 1.1, 3.0
# Nobody notices less for one execution, and dbtune's own proof tolerates it.
_UNNOTICED_NS = 5_000.0
_SEARCH_LIMIT = 1.03
_WRITE_HEAVY_LIMIT = 0.6
_SHOWN = 12
_HEAD = ("advice", "indexes", "MiB", "cost s", "writes s", "time s", "advise s", "cost/union")


def costs(session: Session) -> Part:
    """Every advice rebuilt: cost, size and time to advise; each template before and after."""
    survivors = advisor_search.candidates(session).survivors
    union, whole, ours = (
        session.built(advised) for advised in (session.union, session.whole, session.dbtune)
    )
    everything = session.measure(advisor_search.ALL_CANDIDATES, survivors)
    built = (session.before, union, whole, everything, ours)
    seconds = {a.name: a.seconds for a in (session.union, session.whole, session.dbtune)}
    rows = tuple(_row(b, union, seconds.get(b.advice)) for b in built)
    tables = (Table("Advice", _HEAD, rows), *_templates(session.before, ours))
    checks = (*_cost_checks(session, ours), *_template_checks(session.before, ours))
    best = min(built, key=lambda b: b.cost_s)
    verdict = (
        "Nothing measured here is cheaper than dbtune's advice."
        if best is ours
        else f"Cheaper than dbtune's advice: {best.advice}, {best.cost_s / ours.cost_s:.3f} of "
        f"its cost at {best.size_bytes / max(1, ours.size_bytes):.2f} of its bytes."
    )
    return Part("costs", checks, tables, verdict)


def search(session: Session, seconds: float) -> Part:
    """The long search at dbtune's bytes, and which shapes make up the difference."""
    searched = advisor_search.search(session, seconds)
    ours, theirs, found = session.built(session.dbtune), searched.built, searched.found
    union = session.built(session.union)
    check = at_most("cost / long search's", ours.cost_s / theirs.cost_s, _SEARCH_LIMIT)
    note = (
        f"{seconds:g} s, {searched.pool_indexes} indexes of {searched.pool_bytes / 2**20:,.0f} MiB "
        f"in the pool, {found.asked:,} questions to the planner, {found.rounds} rounds after the "
        f"starts, last improved after {found.improved_at_s:.0f} s; in the pool its set costs "
        f"{found.cost_ns / 1e9:.3f} s and dbtune's {searched.dbtune_in_pool_s:.3f} s"
    )
    rows = (_row(ours, union, session.dbtune.seconds), _row(theirs, union, seconds))
    starts = tuple((name, f"{cost / 1e9:.3f}") for name, cost in found.by_start)
    tables = (
        Table("Long search", _HEAD, rows, note),
        Table("Local optimum from each start", ("start", "cost s"), starts),
        Table("Where they differ most", _DIFFERENCE_HEAD, _differences(ours, theirs)),
        *_index_tables(ours, theirs),
    )
    return Part("search", (check,), tables)


def budgets(session: Session) -> Part:
    """dbtune within budgets, beside `.expert` without one."""
    union = session.built(session.union)
    checks, rows = [], [_row(union, union, session.union.seconds)]
    for megabytes, limit in session.bench.targets.budgets:
        advised = session.within(megabytes)
        built = session.built(advised)
        what = f"cost within {megabytes:g} MB / .expert's union without a budget"
        checks.append(at_most(what, built.cost_s / union.cost_s, limit))
        checks.append(
            at_most(f"size within {megabytes:g} MB", built.size_bytes / 1e6, megabytes, " MB")
        )
        rows.append(_row(built, union, advised.seconds))
    return Part("budgets", tuple(checks), (Table("Budgets", _HEAD, tuple(rows)),))


def writes(session: Session) -> Part:
    """The write-heavy variant: total cost, and whether every index earns what it costs."""
    with fresh_copy(session.bench.database, session.scratch) as connection:
        subjects = prepare(connection, session.workload)
    bench, hot = write_heavy(session.bench, subjects, session.scratch)
    heavy = Session(bench, session.scratch)
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
    rows = tuple(_row(b, union, advised.seconds if advised else None) for b, advised in built)
    note = (
        f"hottest tables, written five times as often: {', '.join(hot)}; 90 % of executions write"
    )
    return Part("writes", checks, (Table("Write-heavy variant", _HEAD, rows, note),))


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
        *_stopped(timed),
        *_slower_shapes(timed),
    )
    return Part("planner", checks, tables)


def _time_check(other: str, ratio: Ratio, limit: float) -> Check:
    value = f"{ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f}); steps {ratio.steps:.3f}"
    return Check(f"time / {other}", f"at most {limit:g}", value, ratio.median <= limit)


def _stopped(timed: Timed) -> tuple[Table, ...]:
    rows = tuple(
        (s.id, _short(s.text), ", ".join(sorted(s.stopped))) for s in timed.shapes if s.stopped
    )
    return (Table("Stopped", ("shape", "statement", "under"), rows),) if rows else ()


def _slower_shapes(timed: Timed) -> tuple[Table, ...]:
    """Return the reads that take more steps and more time than under another advice."""
    rows = []
    for shape in timed.shapes:
        for other in (NOTHING, UNION, WHOLE):
            steps = shape.steps[DBTUNE] / max(1.0, shape.steps[other])
            seconds = shape.seconds[DBTUNE] / shape.seconds[other]
            lost = shape.count * (shape.seconds[DBTUNE] - shape.seconds[other])
            if steps > _READ_LIMIT and seconds > _READ_LIMIT and not shape.writes:
                rows.append((lost, (shape.id, _short(shape.text), other, f"{steps:.2f}",
                                    f"{seconds:.2f}", f"{lost:.4f}")))  # fmt: skip
    if not rows:
        return ()
    head = ("shape", "statement", "slower than under", "steps", "time", "seconds lost")
    shown = sorted(rows, key=lambda row: -row[0])[:_SHOWN]
    return (Table("Reads slower than elsewhere", head, tuple(row for _, row in shown)),)


def _row(built: Built, union: Built, seconds: float | None) -> tuple[str, ...]:
    return (
        built.advice,
        str(len(built.ddl)),
        f"{built.size_bytes / 2**20:.1f}",
        f"{built.cost_s:.3f}",
        f"{built.write_cost_s:.3f}",
        f"{built.time_s:.2f}",
        "" if seconds is None else f"{seconds:.1f}",
        f"{built.cost_s / union.cost_s:.3f}",
    )


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
        checks.append(at_most("time to advise", session.dbtune.seconds, targets.seconds, " s"))
    return tuple(checks)


def _template_checks(before: Built, ours: Built) -> tuple[Check, ...]:
    pairs = list(zip(before.shapes, ours.shapes, strict=True))
    reads = [_slowdown(old, new) for old, new in pairs if not old.writes]
    writing = [_slowdown(old, new) for old, new in pairs if old.writes]
    checks = [at_most("dearest read / before", max(reads), _READ_LIMIT)] if reads else []
    if writing:
        checks.append(at_most("dearest write / before", max(writing), _WRITE_LIMIT))
    return tuple(checks)


def _slowdown(old: ShapeWork, new: ShapeWork) -> float:
    return (new.cost_ns - _unnoticed(old)) / old.cost_ns if old.cost_ns else 1.0


def _unnoticed(old: ShapeWork) -> float:
    return 0.0 if old.writes else _UNNOTICED_NS


def _templates(before: Built, ours: Built) -> tuple[Table, ...]:
    rows = [
        (new.cost_ns / old.cost_ns, old, new)
        for old, new in zip(before.shapes, ours.shapes, strict=True)
        if old.cost_ns and new.cost_ns > _READ_LIMIT * old.cost_ns
    ]
    if not rows:
        return ()
    head = ("shape", "statement", "kind", "before us", "after us", "ratio")
    cells = tuple(
        (old.id, _short(old.text), "write" if old.writes else "read", f"{old.cost_ns / 1e3:.1f}",
         f"{new.cost_ns / 1e3:.1f}", f"{ratio:.2f}")
        for ratio, old, new in sorted(rows, key=lambda row: -row[0])
    )  # fmt: skip
    note = "reads within 5 us of their cost before count as no slower"
    return (Table("Templates dearer than before", head, cells, note),)


_DIFFERENCE_HEAD = ("shape", "statement", "count", "dbtune us", "search us", "lost s",
                    "dbtune uses", "search uses")  # fmt: skip


def _differences(ours: Built, theirs: Built) -> tuple[tuple[str, ...], ...]:
    pairs = list(zip(ours.shapes, theirs.shapes, strict=True))
    pairs.sort(key=lambda pair: -abs(pair[0].count * (pair[0].cost_ns - pair[1].cost_ns)))
    return tuple(
        (a.id, _short(a.text), f"{a.count:g}", f"{a.cost_ns / 1e3:.1f}", f"{b.cost_ns / 1e3:.1f}",
         f"{a.count * (a.cost_ns - b.cost_ns) / 1e9:+.4f}", "; ".join(a.used), "; ".join(b.used))
        for a, b in pairs[:_SHOWN]
    )  # fmt: skip


def _index_tables(ours: Built, theirs: Built) -> tuple[Table, ...]:
    a, b = ({key(sql): sql.partition(" ON ")[2] for sql in built.ddl} for built in (ours, theirs))
    rows = [("dbtune", sql) for own, sql in a.items() if own not in b]
    rows += [("long search", sql) for own, sql in b.items() if own not in a]
    return (Table("Indexes of only one of them", ("advice", "index on"), tuple(sorted(rows))),)


def _short(text: str) -> str:
    return text if len(text) <= 150 else f"{text[:150]}..."
