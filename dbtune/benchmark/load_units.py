"""Recorded statements as what clients send: requests, with their transactions, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from dbtune.benchmark.fresh_keys import fresh_keys, numbered_rowid, with_nulls
from dbtune.benchmark.insert_values import bind_literals
from dbtune.model.load import Call, LoadPlan, LoadStatement, LoadTransaction, LoadUnit, UnitName
from dbtune.model.schema import Schema
from dbtune.model.workload import Parameters, RecordedQuery, Sample
from dbtune.sqlite.placeholders import bind as bind_values
from dbtune.workload.binding import bind
from dbtune.workload.comments import clean_statement
from dbtune.workload.fingerprint import SHAPE_ID_LENGTH, StatementForm, fingerprint, read_form
from dbtune.workload.splitting import split_statements

# Every worker process holds the plan: beyond it, memory and start-up grow and variety does not.
MOST_STATEMENTS = 50_000
# A line that stands for a thousand executions in a request is executemany, and one is enough to
# know what more would cost.
_MOST_TIMES = 1_000

_BEGINS, _ENDS = frozenset({"BEGIN"}), frozenset({"COMMIT", "END", "ROLLBACK"})

# Values for a statement recorded without any: several sets to take in turn, () where there are none
DrawValues = Callable[[str], Sequence[Parameters]]


@dataclass(frozen=True)
class Units:
    """A plan and what was left out of it, in words."""

    plan: LoadPlan
    left_out: tuple[str, ...] = ()


@dataclass
class _Sent:
    """A call with what decides about its transaction."""

    call: Call
    writes: bool
    transaction: str | None


@dataclass
class _Group:
    """What becomes one unit: the calls of a request or a transaction so far."""

    name: UnitName
    weight: float
    sent: list[_Sent] = field(default_factory=list)


class UnitBuilder:
    """Takes a recording line by line and makes a plan of it, in the order of first appearance."""

    def __init__(self, schema: Schema, draw: DrawValues) -> None:
        self._schema = schema
        self._draw = draw
        self._statements: dict[str, int] = {}
        self._found: list[LoadStatement] = []
        self._rowids: list[tuple[int | str, ...]] = []
        self._forms: dict[str, StatementForm] = {}
        self._draws: Counter[str] = Counter()
        self._groups: dict[object, _Group] = {}
        self._begun: dict[str | None, str] = {}
        self._skipped: Counter[str] = Counter()
        self._taken = 0
        self._beyond = 0

    def add(self, query: RecordedQuery) -> None:
        """Take one line."""
        if self._taken >= MOST_STATEMENTS:
            self._beyond += 1
            return
        text = clean_statement(query.text)
        many = split_statements(text) if ";" in text and not query.parameters else (text,)
        for part in many:
            if part:
                self._taken += 1
                self._add_one(query, part)

    def finish(self) -> Units:
        """Return the plan."""
        groups = [group for group in self._groups.values() if group.sent]
        units = tuple(LoadUnit(group.weight, tuple(_transactions(group))) for group in groups)
        names = Counter(group.name for group in groups)
        unit: UnitName = names.most_common(1)[0][0] if names else "statement"
        plan = LoadPlan(tuple(self._found), units, unit)
        return Units(plan, tuple(self._left_out()))

    def _left_out(self) -> Iterator[str]:
        for verb, count in self._skipped.most_common(5):
            yield f"{count:,} x {verb}, which neither reads nor writes rows"
        if self._beyond:
            yield (
                f"the load is made of the first {MOST_STATEMENTS:,} statements of the recording; "
                f"{self._beyond:,} more were left out"
            )

    def _add_one(self, query: RecordedQuery, text: str) -> None:
        form = self._forms.get(text)
        if form is None:
            form = self._forms[text] = read_form(text)
        if form.kind == "other":
            self._note_other(query, form.template.partition(" ")[0].upper())
            return
        parameters = None if query.masked else query.parameters
        bound = bind(Sample(text, parameters))
        values = bound.parameters
        if values is None:
            values = self._drawn(bound.text, query.values_digest)
        sent = bind_values(bound.text, values)
        if not sent.values and form.kind == "write":
            sent = bind_literals(sent.text, self._schema)
        known = self._statements.get(sent.text)
        if known is None:
            known = self._learn(sent.text, form)
        values = with_nulls(sent.values, self._rowids[known])
        self._send(query, known, values, writes=form.kind == "write")

    def _learn(self, text: str, form: StatementForm) -> int:
        known = self._statements[text] = len(self._found)
        shape = fingerprint(form.template)[:SHAPE_ID_LENGTH]
        writes = form.kind == "write"
        new = fresh_keys(text, self._schema) if writes else ()
        self._found.append(LoadStatement(shape, text, form.kind, new))
        self._rowids.append(numbered_rowid(text, self._schema) if writes else ())
        return known

    def _drawn(self, text: str, digest: str | None) -> Parameters:
        """Return drawn values; the same ones wherever the recording says that they were equal."""
        draws = self._draw(text)
        if not draws:
            return None
        self._draws[text] += 1
        number = self._draws[text] if digest is None else crc32(digest.encode())
        return draws[number % len(draws)]

    def _send(self, query: RecordedQuery, known: int, values: Parameters, *, writes: bool) -> None:
        executions = query.count if query.recorded_count is None else query.recorded_count
        weight = query.count / executions if executions else 1.0
        times = max(1, min(round(executions), _MOST_TIMES))
        transaction = query.transaction_id or self._begun.get(query.request_id)
        if query.request_id is not None:
            group = self._group(("request", query.request_id), "request", weight)
        elif transaction is not None:
            group = self._group(("transaction", transaction), "transaction", weight)
        else:
            # A line without either may stand for many executions, each of which came by itself.
            group = self._group(("statement", self._taken), "statement", query.count)
            times = 1
        group.sent.append(_Sent(Call(known, values, times), writes, transaction))

    def _group(self, key: object, name: UnitName, weight: float) -> _Group:
        found = self._groups.get(key)
        if found is None:
            found = self._groups[key] = _Group(name, weight)
        return found

    def _note_other(self, query: RecordedQuery, verb: str) -> None:
        """Take BEGIN and COMMIT for what they are; count what cannot be sent."""
        if verb in _BEGINS:
            self._begun[query.request_id] = f"begun {self._taken}"
        elif verb in _ENDS:
            self._begun.pop(query.request_id, None)
        elif verb not in {"SAVEPOINT", "RELEASE"}:
            self._skipped[verb or "?"] += 1


def reads_only(plan: LoadPlan) -> LoadPlan:
    """Return a plan without what writes; units that only write are gone."""
    units = []
    for unit in plan.units:
        kept = tuple(_reading(plan, unit))
        if kept:
            units.append(LoadUnit(unit.weight, kept))
    return LoadPlan(plan.statements, tuple(units), plan.unit)


def without(plan: LoadPlan, refused: Iterable[int]) -> LoadPlan:
    """Return a plan without some statements, by their places, which others keep."""
    gone = frozenset(refused)
    if not gone:
        return plan
    units = []
    for unit in plan.units:
        transactions = []
        for transaction in unit.transactions:
            calls = tuple(call for call in transaction.calls if call.statement not in gone)
            if calls:
                transactions.append(_transaction(plan, calls, explicit=transaction.explicit))
        if transactions:
            units.append(LoadUnit(unit.weight, tuple(transactions)))
    return LoadPlan(plan.statements, tuple(units), plan.unit)


def _reading(plan: LoadPlan, unit: LoadUnit) -> Iterator[LoadTransaction]:
    for transaction in unit.transactions:
        calls = tuple(
            call for call in transaction.calls if plan.statements[call.statement].kind == "read"
        )
        if calls:
            yield LoadTransaction(calls, writes=False, explicit=transaction.explicit)


def _transaction(plan: LoadPlan, calls: tuple[Call, ...], *, explicit: bool) -> LoadTransaction:
    writes = any(plan.statements[call.statement].kind == "write" for call in calls)
    return LoadTransaction(calls, writes, explicit)


def _transactions(group: _Group) -> Iterator[LoadTransaction]:
    """Yield the calls of a group as transactions: neighbours of one id, the rest one by one."""
    run: list[_Sent] = []
    for sent in group.sent:
        if run and (sent.transaction is None or sent.transaction != run[0].transaction):
            yield _closed(run)
            run = []
        run.append(sent)
    if run:
        yield _closed(run)


def _closed(run: Sequence[_Sent]) -> LoadTransaction:
    writes = any(sent.writes for sent in run)
    # One statement is a transaction of its own with or without BEGIN, unless it is sent repeatedly.
    explicit = run[0].transaction is not None and (len(run) > 1 or run[0].call.times > 1)
    return LoadTransaction(tuple(sent.call for sent in run), writes, explicit)
