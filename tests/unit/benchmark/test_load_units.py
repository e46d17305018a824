"""How a recording becomes what clients send."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.benchmark.load_units import reads_only, without
from dbtune.model.load import LoadPlan, LoadUnit
from dbtune.model.schema import Schema
from dbtune.model.workload import RecordedQuery
from tests.fixtures.load import make_shop, schema_of, units_of

READ, WRITE = "SELECT name FROM users WHERE id = ?", "UPDATE users SET name = ? WHERE id = ?"


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    """The shop's schema."""
    return schema_of(make_shop(tmp_path / "shop.db"))


def read(**more: object) -> RecordedQuery:
    """A recorded read."""
    return RecordedQuery(READ, (1,), **more)  # type: ignore[arg-type]


def write(**more: object) -> RecordedQuery:
    """A recorded write."""
    return RecordedQuery(WRITE, ("A", 1), **more)  # type: ignore[arg-type]


def drawn(plan: LoadPlan, unit: LoadUnit) -> list[list[str]]:
    """The statements of each transaction: R or W, in brackets where BEGIN comes first."""
    return [
        [
            ("[%s]" if transaction.explicit else "%s") % plan.statements[call.statement].kind[0]
            for call in transaction.calls
        ]
        for transaction in unit.transactions
    ]


def test_statements_of_a_request_are_sent_together_in_order(schema: Schema) -> None:
    """Also where the lines of two requests alternate."""
    lines = [read(request_id="a"), write(request_id="b"), write(request_id="a")]
    plan = units_of(schema, lines).plan
    assert plan.unit == "request"
    assert [drawn(plan, unit) for unit in plan.units] == [[["r"], ["w"]], [["w"]]]


def test_statements_with_one_transaction_id_are_committed_together(schema: Schema) -> None:
    """A request may commit more than once, and one statement needs no BEGIN."""
    lines = [read(request_id="a", transaction_id=name) for name in ("1", "1", "2")]
    plan = units_of(schema, [*lines, write(request_id="a", transaction_id="2")]).plan
    assert drawn(plan, plan.units[0]) == [["[r]", "[r]"], ["[r]", "[w]"]]
    assert [t.writes for t in plan.units[0].transactions] == [False, True]


def test_a_transaction_without_a_request_is_a_unit(schema: Schema) -> None:
    """So jobs and scripts are sent as they commit."""
    lines = [write(transaction_id="1"), write(transaction_id="1"), write(transaction_id="2")]
    plan = units_of(schema, lines).plan
    assert plan.unit == "transaction"
    assert [drawn(plan, unit) for unit in plan.units] == [[["[w]", "[w]"]], [["w"]]]


def test_recorded_begin_and_commit_make_a_transaction(schema: Schema) -> None:
    """They are sent as the configuration begins, and not as they were recorded."""
    lines = [RecordedQuery("BEGIN"), read(), write(), RecordedQuery("COMMIT"), read()]
    units = units_of(schema, lines)
    assert units.left_out == ()
    assert [drawn(units.plan, unit) for unit in units.plan.units] == [[["[r]", "[w]"]], [["r"]]]


def test_lines_alone_come_as_often_as_they_count(schema: Schema) -> None:
    """A line that stands for many executions is likelier, and is sent once at a time."""
    plan = units_of(schema, [read(count=30.0), write()]).plan
    assert [unit.weight for unit in plan.units] == [30.0, 1.0]
    assert [unit.transactions[0].calls[0].times for unit in plan.units] == [1, 1]


def test_executions_within_a_request_are_all_sent(schema: Schema) -> None:
    """Three rows of executemany, recorded of every tenth request."""
    plan = units_of(schema, [write(request_id="a", count=30.0, recorded_count=3.0)]).plan
    assert plan.units[0].weight == 10.0
    assert plan.units[0].transactions[0].calls[0].times == 3


def test_a_mix_of_reads_has_no_writes(schema: Schema) -> None:
    """A request that only writes is gone."""
    lines = [read(request_id="a"), write(request_id="a"), write(request_id="b")]
    plan = reads_only(units_of(schema, lines).plan)
    assert [drawn(plan, unit) for unit in plan.units] == [[["r"]]]
    assert not plan.writes


def test_statements_left_out_leave_the_rest_of_their_unit(schema: Schema) -> None:
    """What the copy does not take is not sent, and what goes with it is."""
    plan = units_of(schema, [read(request_id="a"), write(request_id="a"), write()]).plan
    (place,) = (n for n, s in enumerate(plan.statements) if s.kind == "write")
    rest = without(plan, [place])
    assert [drawn(rest, unit) for unit in rest.units] == [[["r"]]]


def test_commands_are_counted_and_not_sent(schema: Schema) -> None:
    """PRAGMA and DDL change what others measure."""
    lines = [RecordedQuery("PRAGMA cache_size = 5"), RecordedQuery("DROP TABLE users"), read()]
    units = units_of(schema, lines)
    assert len(units.plan.units) == 1
    assert "1 x PRAGMA, which neither" in " ".join(units.left_out)


def test_equal_values_that_were_not_recorded_are_drawn_equal(schema: Schema) -> None:
    """The digest tells that they were; without one the sets take turns."""
    draws = [(n,) for n in range(5)]
    digests = ["00000000000000a1", "another recorder's", "00000000000000a1"]
    lines = [RecordedQuery(READ, values_digest=digest) for digest in digests]
    plan = units_of(schema, [*lines, *[RecordedQuery(READ)] * 5], lambda text: draws).plan
    values = [unit.transactions[0].calls[0].values for unit in plan.units]
    assert values[0] == values[2] != values[1]
    assert sorted(values[3:]) == draws  # type: ignore[type-var]


def test_masked_values_are_never_sent(schema: Schema) -> None:
    """They are types and lengths."""
    line = RecordedQuery(READ, (None,), masked=True)
    plan = units_of(schema, [line], lambda text: [(2,)]).plan
    assert plan.units[0].transactions[0].calls[0].values == (2,)
