"""The tables of the bench: what an advice costs, which shapes and indexes make a difference."""

from __future__ import annotations

from advisor_interleaved import Timed
from advisor_measure import Built
from advisor_results import Table
from advisor_search_pool import key
from advisor_session import DBTUNE, NOTHING, UNION, WHOLE

# A read may cost this many times what it did.
READ_LIMIT = 1.1
ADVICE_HEAD = ("advice", "indexes", "MiB", "cost s", "writes s", "time s", "advise s", "cost/union")
_SHOWN = 12


def advice_row(built: Built, union: Built, seconds: float | None) -> tuple[str, ...]:
    """Return one advice as a row under ADVICE_HEAD."""
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


def stopped(timed: Timed) -> tuple[Table, ...]:
    """Return the shapes of which a run was stopped, if any."""
    rows = tuple(
        (s.id, _short(s.text), ", ".join(sorted(s.stopped))) for s in timed.shapes if s.stopped
    )
    return (Table("Stopped", ("shape", "statement", "under"), rows),) if rows else ()


def slower_shapes(timed: Timed) -> tuple[Table, ...]:
    """Return the reads that take more steps and more time than under another advice."""
    rows = []
    for shape in timed.shapes:
        for other in (NOTHING, UNION, WHOLE):
            steps = shape.steps[DBTUNE] / max(1.0, shape.steps[other])
            seconds = shape.seconds[DBTUNE] / shape.seconds[other]
            lost = shape.count * (shape.seconds[DBTUNE] - shape.seconds[other])
            if steps > READ_LIMIT and seconds > READ_LIMIT and not shape.writes:
                rows.append((lost, (shape.id, _short(shape.text), other, f"{steps:.2f}",
                                    f"{seconds:.2f}", f"{lost:.4f}")))  # fmt: skip
    if not rows:
        return ()
    head = ("shape", "statement", "slower than under", "steps", "time", "seconds lost")
    shown = sorted(rows, key=lambda row: -row[0])[:_SHOWN]
    return (Table("Reads slower than elsewhere", head, tuple(row for _, row in shown)),)


def templates(before: Built, ours: Built) -> tuple[Table, ...]:
    """Return the shapes that an advice makes dearer, if any."""
    rows = [
        (new.cost_ns / old.cost_ns, old, new)
        for old, new in zip(before.shapes, ours.shapes, strict=True)
        if old.cost_ns and new.cost_ns > READ_LIMIT * old.cost_ns
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


DIFFERENCE_HEAD = ("shape", "statement", "count", "dbtune us", "search us", "lost s",
                    "dbtune uses", "search uses")  # fmt: skip


def differences(ours: Built, theirs: Built) -> tuple[tuple[str, ...], ...]:
    """Return the shapes that make up most of the difference, as rows under DIFFERENCE_HEAD."""
    pairs = list(zip(ours.shapes, theirs.shapes, strict=True))
    pairs.sort(key=lambda pair: -abs(pair[0].count * (pair[0].cost_ns - pair[1].cost_ns)))
    return tuple(
        (a.id, _short(a.text), f"{a.count:g}", f"{a.cost_ns / 1e3:.1f}", f"{b.cost_ns / 1e3:.1f}",
         f"{a.count * (a.cost_ns - b.cost_ns) / 1e9:+.4f}", "; ".join(a.used), "; ".join(b.used))
        for a, b in pairs[:_SHOWN]
    )  # fmt: skip


def index_tables(ours: Built, theirs: Built) -> tuple[Table, ...]:
    """Return the indexes that only one of two sets has."""
    a, b = ({key(sql): sql.partition(" ON ")[2] for sql in built.ddl} for built in (ours, theirs))
    rows = [("dbtune", sql) for own, sql in a.items() if own not in b]
    rows += [("long search", sql) for own, sql in b.items() if own not in a]
    return (Table("Indexes of only one of them", ("advice", "index on"), tuple(sorted(rows))),)


def _short(text: str) -> str:
    return text if len(text) <= 150 else f"{text[:150]}..."
