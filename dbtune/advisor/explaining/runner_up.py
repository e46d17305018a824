"""What could stand in a recommended index's place, and why it does not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbtune.advisor.choosing.choice import Choice
from dbtune.advisor.explaining.index_words import index_on
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.advice import IndexSpec
from dbtune.model.explanation import RivalKind, RunnerUp
from dbtune.sqlite.schema.index_ddl import create_index_sql, index_name

# Below this two costs are the same to anybody, and to the counters' rounding.
_SAME_RATIO = 0.005
_SAME_BYTES = 50_000
_MEGABYTE = 1e6
_MOST_RATED = 2


@dataclass(frozen=True)
class _Swap:
    """One index taken out for another (or for none, with the rival None)."""

    rival: str | None
    objective: float


@dataclass(frozen=True)
class _Change:
    """What a swap changes: bytes, costs over those now, and the most that one call saves, ns."""

    size_bytes: int
    reads: float
    writes: float
    saved_ns: float


def runners_up(
    choice: Choice,
    existing: Iterable[IndexSpec] = (),
    banned: frozenset[IndexSpec] = frozenset(),
    stop: Stop = never,
) -> tuple[tuple[IndexSpec, RunnerUp], ...]:
    """Return the best rival of each chosen index, as far as there is time.

    Rivals are the indexes not chosen that were proposed for a shape which the chosen one serves
    or was proposed for, without those that the proof `banned`, and no index at all; the best is
    the one that the search would rate best. `existing` are the indexes that are there today.
    """
    known = tuple(existing)
    barred = choice.names | {name for name, spec in choice.specs.items() if spec in banned}
    found: list[tuple[IndexSpec, RunnerUp]] = []
    for name in sorted(choice.names):
        if stop():
            break
        found.append((choice.specs[name], _runner_up(choice, name, barred, known)))
    return tuple(found)


def _runner_up(
    choice: Choice, name: str, barred: frozenset[str], existing: Sequence[IndexSpec]
) -> RunnerUp:
    gone = frozenset({name})
    shapes = frozenset(choice.users(name)) | choice.helps.get(name, frozenset())
    rivals = {n for n, proposed in choice.helps.items() if proposed & shapes} - barred
    close = _closest(choice, name, frozenset(choice.users(name)) or shapes, rivals)
    swaps = [_Swap(None, choice.rate(gone, frozenset()))]
    swaps += (_Swap(rival, choice.rate(gone, frozenset({rival}))) for rival in close)
    best = min(swaps, key=lambda swap: (swap.objective, swap.rival or ""))
    return _described(choice, name, best.rival, existing)


def _closest(
    choice: Choice, name: str, shapes: frozenset[int], rivals: Iterable[str]
) -> tuple[str, ...]:
    """Return the rivals that make the shapes cheapest, of all and of those that are smaller.

    To rate one takes the costs of all shapes of its table, so that only these are rated.
    """
    without = choice.names - {name}
    cost = {rival: choice.total_ns(shapes, without | {rival}) for rival in rivals}
    ordered = sorted(cost, key=lambda rival: (cost[rival], choice.sizes[rival], rival))
    smaller = [rival for rival in ordered if choice.sizes[rival] < choice.sizes[name]]
    return tuple(sorted({*ordered[:_MOST_RATED], *smaller[:_MOST_RATED]}))


def _described(
    choice: Choice, name: str, rival: str | None, existing: Sequence[IndexSpec]
) -> RunnerUp:
    moved = choice.names - {name} | ({rival} if rival else set())
    numbers = frozenset(
        number
        for number in range(len(choice.loads))
        if choice.costs.relevant(number) & {name, rival}
        and _differ(choice.costs.cost(number, choice.names), choice.costs.cost(number, moved))
    )
    reads = frozenset(number for number in numbers if not choice.loads[number].writes)
    change = _Change(
        choice.sizes[rival] - choice.sizes[name] if rival else -choice.sizes[name],
        _ratio(choice, reads, moved),
        _ratio(choice, numbers - reads, moved),
        max((_saved(choice, number, moved) for number in reads), default=0.0),
    )
    size = choice.sizes[rival] if rival else 0
    spec = choice.specs[rival] if rival else None
    return RunnerUp(
        kind=_kind(choice.specs[name], spec, existing),
        sql=None if spec is None else create_index_sql(index_name(spec, ()), spec),
        size_bytes=size,
        cost_ratio=_ratio(choice, numbers, moved),
        reason=_reason(spec, change),
    )


def _saved(choice: Choice, number: int, names: frozenset[str]) -> float:
    cost = choice.costs.cost(number, choice.names).cost_ns
    return cost - choice.costs.cost(number, names).cost_ns


def _ratio(choice: Choice, numbers: frozenset[int], moved: frozenset[str]) -> float:
    now = choice.total_ns(numbers, choice.names)
    return choice.total_ns(numbers, moved) / now if now else 1.0


def _differ(one: ShapeCost, other: ShapeCost) -> bool:
    return one.used != other.used or one.cost_ns != other.cost_ns


def _kind(spec: IndexSpec, rival: IndexSpec | None, existing: Sequence[IndexSpec]) -> RivalKind:
    if rival is None:
        return "no-index"
    if any(_begins(old, rival) for old in existing):
        return "existing-widened"
    if rival.where != spec.where:
        return "condition"
    own, other = set(spec.terms), set(rival.terms)
    if own == other:
        return "other-order"
    if other < own:
        return "narrower"
    return "wider" if own < other else "other"


def _begins(short: IndexSpec, long: IndexSpec) -> bool:
    same = (short.table.lower(), short.where) == (long.table.lower(), long.where)
    width = len(short.terms)
    return same and width < len(long.terms) and long.terms[:width] == short.terms


def _reason(rival: IndexSpec | None, change: _Change) -> str:
    """Return why the rival lost: size and costs, each only as it was measured."""
    cost = f"its queries would cost {_cost_words(change.reads)}"
    if change.saved_ns > 0 and change.reads < 1 - _SAME_RATIO:
        cost += f", at most {change.saved_ns / 1e3:,.1f} µs a call"
    if abs(change.writes - 1) > _SAME_RATIO:
        cost += f", and writes {_cost_words(change.writes)}"
    size = _megabytes(abs(change.size_bytes))
    if rival is None:
        return f"no index would save {size}, but {cost}"
    on = index_on(rival)
    if abs(change.size_bytes) < _SAME_BYTES:
        return f"{on} would be as large; {cost}"
    return f"{on} would be {size} {'larger' if change.size_bytes > 0 else 'smaller'}; {cost}"


def _cost_words(ratio: float) -> str:
    if abs(ratio - 1) <= _SAME_RATIO:
        return "the same"
    if ratio >= 2:
        return f"{ratio:,.1f} times as much"
    return f"{100 * abs(ratio - 1):.1f} % {'more' if ratio > 1 else 'less'}"


def _megabytes(size_bytes: float) -> str:
    if size_bytes < _MEGABYTE:
        return f"{size_bytes / 1e3:,.0f} kB"
    return f"{size_bytes / _MEGABYTE:,.1f} MB"
