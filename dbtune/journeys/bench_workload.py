"""A recording as the plan of a load, with values drawn from a copy where none were recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.statements.drawn_values import ValueDrawer
from dbtune.benchmark.load_units import UnitBuilder, Units, reads_only, without
from dbtune.benchmark.parent_rows import ParentRows
from dbtune.benchmark.sqlite_session import SqliteTarget
from dbtune.model.event import Event, OnEvent
from dbtune.model.load import LoadPlan, Mix
from dbtune.model.schema import Schema
from dbtune.model.workload import Parameters, QueryShape, Sample
from dbtune.sqlite.connect import open_readonly
from dbtune.workload.batch import Batch
from dbtune.workload.databases import WantedDatabase
from dbtune.workload.fingerprint import kind_of
from dbtune.workload.omissions import unreadable, unused
from dbtune.workload.recording_file import RecordingFile
from dbtune.workload.sources import all_queries, read_of_database

_TEXT_CHARACTERS = 100
_REASONS_TOLD = 10


def read_units(
    files: Sequence[RecordingFile],
    database: WantedDatabase,
    copy: Path,
    schema: Schema,
    *,
    strict: bool,
    on_event: OnEvent,
) -> Units:
    """Return what a recording sends to a database; where it holds no values, the copy's are drawn.

    Raises ConfigurationError for a recording that cannot be read.
    """
    with _drawer(copy, schema) as drawer:

        def build(batches: Iterator[Batch]) -> Units:
            builder = UnitBuilder(schema, drawer)
            for query in chain.from_iterable(map(all_queries, batches)):
                builder.add(query)
            return builder.finish()

        units, left = read_of_database(files, database, build, strict=strict, on_event=on_event)
    told = (
        *unused(left.lost_statements, left.other_databases, left.other_statements),
        *unreadable(left.broken.kept, left.broken.count),
    )
    return Units(units.plan, (*units.left_out, *told))


def sendable(plan: LoadPlan, copy: Path, schema: Schema, mix: Mix, on_event: OnEvent) -> Units:
    """Return the part of a plan that the copy takes, and in words what it does not."""
    on_event(Event("Preparing the statements on a copy"))
    wanted = reads_only(plan) if mix == "reads" else plan
    sent = {call.statement for u in wanted.units for t in u.transactions for call in t.calls}
    refused: dict[int, str] = {}
    with closing(SqliteTarget(copy, plan.statements).open()) as session:
        for place in sorted(sent):
            reason = session.refusal(place)
            if reason is not None:
                refused[place] = reason
    rest = without(wanted, refused)
    with closing(open_readonly(copy)) as connection:
        rest = ParentRows(connection, schema).mend(rest)
    return Units(rest, left_out(plan, refused, "SQLite"))


def left_out(plan: LoadPlan, refused: dict[int, str], engine: str) -> tuple[str, ...]:
    """Return in words which statements are not sent, and why: a line a reason."""
    reasons = Counter(refused.values())
    first = {reason: place for place, reason in reversed(refused.items())}
    told = [
        f"{count:,} {'statement' if count == 1 else 'statements'}, of which {engine} says: "
        f"{reason}; the first: {_short(plan.statements[first[reason]].text)}"
        for reason, count in reasons.most_common(_REASONS_TOLD)
    ]
    if len(reasons) > len(told):
        told.append(f"{len(reasons) - len(told):,} more reasons were left out here")
    return tuple(told)


@contextmanager
def _drawer(copy: Path, schema: Schema) -> Iterator[_Draws]:
    with closing(open_scratch(copy)) as connection:
        yield _Draws(ValueDrawer(connection, schema))


class _Draws:
    """Sets of values for a statement, drawn once."""

    def __init__(self, drawer: ValueDrawer) -> None:
        self._drawer = drawer
        self._known: dict[str, tuple[Parameters, ...]] = {}

    def __call__(self, text: str) -> tuple[Parameters, ...]:
        if text not in self._known:
            shape = QueryShape(
                id="",
                template=text,
                kind=kind_of(text),
                count=1.0,
                duration_ns=None,
                samples=(Sample(text),),
                needs_values=True,
            )
            filled = self._drawer.fill(shape)
            self._known[text] = tuple(sample.parameters for sample in filled)
        return self._known[text]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TEXT_CHARACTERS else f"{line[:_TEXT_CHARACTERS]}..."
