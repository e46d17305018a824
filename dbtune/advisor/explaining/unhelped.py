"""Why no recommended index serves a shape: a reason and the measured facts behind it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dbtune.advisor.choosing.objective import MIN_SAVING_NS
from dbtune.advisor.explaining.index_words import index_on
from dbtune.advisor.explaining.plan_words import ALL_ROWS_RATIO
from dbtune.advisor.explaining.tried import Tried
from dbtune.advisor.rules.worth import SMALL_TABLE_ROWS
from dbtune.advisor.wording import counted, listed
from dbtune.model.explanation import Unhelped, UnhelpedReason

# Shapes below this share of the cost get no candidates: see proposals.py, _COST_COVERED.
_TOO_CHEAP_SHARE = 0.0005
# Statistics alone count as help from here on; below it counters differ by chance of a page.
_STATISTICS_RATIO = 0.8
# From this part of what is scanned on, looking rows up one by one is no faster than reading all.
_MOST_ROWS_RATIO = 0.1
# A scan that returns so many of its rows is worth all it reads.
_NO_ROW_LEFT_OUT_RATIO = 0.9

_CONSTANT = re.compile(r"SCAN (?:(?:\d+ )?CONSTANT ROWS?|\d+-ROW VALUES CLAUSE)")

_LOST: dict[str, UnhelpedReason] = {
    "over-budget": "over-budget",
    "slows-a-write": "slows-a-write",
    "costs-writes": "costs-writes",
    "too-large": "too-large",
    "failed-proof": "failed-proof",
    "not-chosen": "not-chosen",
}


@dataclass(frozen=True)
class ScannedTable:
    """A table that the plan reads whole; `filtered` where the statement compares with values."""

    name: str
    rows: int
    filtered: bool


@dataclass(frozen=True)
class Situation:
    """What is known of a shape that no recommended index serves, measured unless said otherwise.

    `share` is its part of the recording's cost; costs are of one execution, ns. `searches` tells
    whether its plan looks for rows at all, `existing` the existing indexes it uses; `words` is
    its plan. `tried` are the indexes looked at, the most gainful first; `proposed` whether there
    were any candidates. `obstacle` says in words what keeps it from an index.
    """

    writes: bool
    share: float
    cost_before_ns: float
    cost_after_ns: float
    page_fetches: float
    scanned_rows: float
    returned_rows: float
    searches: bool
    words: tuple[str, ...]
    existing: tuple[str, ...] = ()
    scanned: tuple[ScannedTable, ...] = ()
    scans: bool = False
    obstacle: str | None = None
    aggregates: bool = False
    tried: tuple[Tried, ...] = ()
    proposed: bool = True
    min_gain_ratio: float = 0.2

    @property
    def best(self) -> Tried | None:
        """The most gainful index that is not recommended, and gains anything."""
        gaining = (t for t in self.tried if t.outcome not in {"recommended", "no-gain"})
        return next(gaining, None)


def is_access(step: str) -> bool:
    """Return whether a step of a plan reads a table or an index."""
    text = step.strip()
    return text.startswith(("SCAN ", "SEARCH ")) and _CONSTANT.fullmatch(text) is None


def explain_unhelped(situation: Situation) -> Unhelped:
    """Return the reason that comes first: a candidate that lost, then what is there already."""
    for decide in _DECISIONS:
        found = decide(situation)
        if found is not None:
            return found
    return _no_usable_index(situation)


def _lost(s: Situation) -> Unhelped | None:
    best = s.best
    if best is None or best.outcome not in _LOST:
        return None
    return Unhelped(_LOST[best.outcome], f"{_gain(best)}, but {_why_lost(best)}")


def _why_lost(best: Tried) -> str:
    if best.outcome == "over-budget":
        return "the budget (--budget-mb) is spent on indexes that gain more a byte"
    if best.outcome == "slows-a-write":
        return "a recorded write would cost more than --max-write-slowdown allows"
    if best.outcome == "costs-writes":
        return (
            f"the recorded writes would cost {_ms(best.writes_added_ns)} more, and reads save "
            f"{_ms(best.reads_saved_ns)}"
        )
    if best.outcome == "too-large":
        return (
            f"its {_size(best.size_bytes)} are too much for the "
            f"{_ms(best.reads_saved_ns - best.writes_added_ns)} that it saves of the recording"
        )
    if best.outcome == "failed-proof":
        return "it was left out once it had been built and measured (see what was not checked)"
    return "the search ended before it was taken up"


def _needs_no_search(s: Situation) -> Unhelped | None:
    if not s.writes or s.searches:
        return None
    return Unhelped("needs-no-search", "it writes rows without looking for any")


def _statistics(s: Situation) -> Unhelped | None:
    saved = s.cost_before_ns - s.cost_after_ns
    if saved < MIN_SAVING_NS or s.cost_after_ns > _STATISTICS_RATIO * s.cost_before_ns:
        return None
    return Unhelped(
        "statistics",
        "ANALYZE, which comes with the indexes, alone makes it "
        f"{_percent(saved / s.cost_before_ns)} cheaper: the planner then knows better",
    )


def _found_already(s: Situation) -> Unhelped | None:
    if not s.searches:
        return Unhelped("already-optimal", "it reads no table")
    if s.scans:
        return None
    text = f"it {', then '.join(s.words)} ({_work(s)}){_next_best(s)}"
    return Unhelped("existing-index" if s.existing else "already-optimal", text)


def _stops_early(s: Situation) -> Unhelped | None:
    """A scan that a LIMIT ends, and that left out next to nothing on the way."""
    rows = max((table.rows for table in s.scanned), default=0)
    if s.aggregates or s.writes or s.scanned_rows >= ALL_ROWS_RATIO * (rows - 1):
        return None
    if s.returned_rows < _NO_ROW_LEFT_OUT_RATIO * s.scanned_rows:
        return None
    return Unhelped("already-optimal", f"it stops once it has its rows ({_work(s)})")


def _work(s: Situation) -> str:
    pages = f"{counted(s.page_fetches, 'page')} read"
    return pages if s.writes else f"{pages} for {counted(s.returned_rows, 'row')} returned"


def _cannot_use_index(s: Situation) -> Unhelped | None:
    if s.obstacle is None:
        return None
    return Unhelped("cannot-use-index", f"no index can be used: {s.obstacle}{_next_best(s)}")


def _small_table(s: Situation) -> Unhelped | None:
    if not s.scanned or max(table.rows for table in s.scanned) >= SMALL_TABLE_ROWS:
        return None
    tables = ", ".join(f"{listed([t.name])} ({counted(t.rows, 'row')})" for t in s.scanned)
    return Unhelped("small-table", f"what it reads whole is small: {tables}{_next_best(s)}")


def _reads_everything(s: Situation) -> Unhelped | None:
    if not s.scanned:
        return None
    tables = listed([table.name for table in s.scanned])
    if not any(table.filtered for table in s.scanned):
        out = "to aggregate them" if s.aggregates else f"and returns {s.returned_rows:,.0f}"
        text = f"it has no condition that leaves rows of {tables} out: it reads all {out}"
        return Unhelped("reads-everything", text + _next_best(s))
    if s.aggregates or s.writes or s.returned_rows < _MOST_ROWS_RATIO * s.scanned_rows:
        return None
    text = (
        f"it returns {counted(s.returned_rows, 'row')} of {s.scanned_rows:,.0f} that it steps "
        f"over in {tables}: to look up so many one by one costs more than to read all"
    )
    return Unhelped("reads-everything", text + _next_best(s))


def _gain_under_minimum(s: Situation) -> Unhelped | None:
    best = s.best
    if best is None:
        return None
    least = f"minimum {_percent(s.min_gain_ratio)}"
    if best.gain_ratio >= s.min_gain_ratio:
        least = f"{_us(best.saved_ns)} a call, minimum {_us(MIN_SAVING_NS)}"
    return Unhelped("gain-under-minimum", f"the best index tried: {_gain(best)} ({least})")


def _too_cheap(s: Situation) -> Unhelped | None:
    if s.proposed or s.share >= _TOO_CHEAP_SHARE:
        return None
    share = f"{100 * s.share:.2f} %" if s.share >= 0.00005 else "under 0.01 %"
    return Unhelped("too-cheap", f"it is {share} of the recorded cost, which no index can pay for")


def _no_usable_index(s: Situation) -> Unhelped:
    if s.tried:
        several = f"none of the {len(s.tried)} indexes tried makes"
        text = f"{several if len(s.tried) > 1 else 'the index tried does not make'} it cheaper"
    elif s.proposed:
        text = "SQLite's planner would use none of the indexes that were thought of for it"
    else:
        text = "nothing in it was found that an index could serve"
    return Unhelped("no-usable-index", text)


_DECISIONS: tuple[Callable[[Situation], Unhelped | None], ...] = (
    _lost,
    _needs_no_search,
    _statistics,
    _found_already,
    _stops_early,
    _cannot_use_index,
    _small_table,
    _reads_everything,
    _gain_under_minimum,
    _too_cheap,
)


def _gain(best: Tried) -> str:
    return f"{index_on(best.spec)} would save {_percent(best.gain_ratio)} of it"


def _next_best(s: Situation) -> str:
    """Return what the best index tried would gain, as far as one would gain anything."""
    return "" if s.best is None else f"; {_gain(s.best)} (minimum {_percent(s.min_gain_ratio)})"


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.1f} %".replace(".0 %", " %")


def _ms(cost_ns: float) -> str:
    return f"{cost_ns / 1e6:,.1f} ms"


def _us(cost_ns: float) -> str:
    return f"{cost_ns / 1e3:,.0f} µs"


def _size(size_bytes: float) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
