"""The prefilter: a clone without rows plans as the copy would, and throws candidates away."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from dbtune.advisor.candidates.clone import Catalog, Finalist, survivors
from dbtune.advisor.candidates.key_statistics import TableSample
from dbtune.advisor.candidates.proposals import Proposals, propose
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.time_limit import never
from dbtune.model.advice import IndexSpec
from dbtune.model.workload import QueryShape
from dbtune.sqlite.explain import explain
from dbtune.sqlite.schema.statistics import read_statistics
from tests.unit.advisor.workbench import baseline_of, build, filled, read, scratch, shape

DDL = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, city TEXT, name TEXT)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, status TEXT, total REAL)",
    "CREATE INDEX by_total ON orders (total)",
    "CREATE VIEW open_orders AS SELECT user_id, total FROM orders WHERE status = 'open'",
    "CREATE VIEW broken AS SELECT * FROM gone",
    "CREATE VIRTUAL TABLE words USING fts5(word)",
    filled("users", "city, name", "'city' || (n % 30), 'name' || n", 1_000),
    filled("orders", "user_id, status, total", "n % 500, iif(n % 9, 'done', 'open'), n", 5_000),
)
QUERY = shape("SELECT total FROM orders WHERE user_id = 7 AND status = 'open' ORDER BY total")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """An analysed scratch copy."""
    return build(tmp_path / "copy.db", *DDL, "ANALYZE")


def finalists(path: Path, *shapes: QueryShape) -> tuple[Finalist, ...]:
    """Return what the prefilter leaves of the candidates for shapes."""
    baseline = baseline_of(path, *shapes)
    with scratch(path) as connection:
        found = proposals(connection, path, baseline)
        catalog = Catalog(connection)
        ready = baseline.subjects.ready
        return survivors(catalog, found.candidates, found.estimates, ready)


def proposals(connection: apsw.Connection, path: Path, baseline: Baseline) -> Proposals:
    """Return all candidates with their estimates."""
    schema = read(path)
    return propose(connection, schema, read_statistics(connection, schema), baseline, never)


def test_a_clone_plans_as_the_copy_does(copy: Path) -> None:
    """With the copy's statistics and its own indexes, views and virtual tables."""
    statements = (
        "SELECT * FROM orders WHERE total > 4990",
        "SELECT name FROM users JOIN orders ON user_id = users.id WHERE total = 5",
        "SELECT * FROM open_orders WHERE user_id = 3",
        "SELECT * FROM words WHERE words MATCH 'x'",
    )
    with scratch(copy) as connection:
        names = {"users", "orders", "open_orders", "words"}
        with closing(Catalog(connection).clone(names)) as clone:
            for sql in statements:
                assert explain(clone._connection, sql) == explain(connection, sql)


def test_what_no_plan_uses_is_thrown_away(copy: Path) -> None:
    """Of dozens of candidates a few are left, the best one among them as a first choice."""
    baseline = baseline_of(copy, QUERY)
    with scratch(copy) as connection:
        found = proposals(connection, copy, baseline)
    left = finalists(copy, QUERY)
    assert 0 < len(left) < len(found.candidates)
    first = [f.candidate.spec for f in left if f.first_for]
    assert first
    assert all(spec.terms[0] in {"user_id", "status"} or spec.where for spec in first)


def test_second_choices_are_left_too(copy: Path) -> None:
    """The clone only estimates, so what is first really is found by measuring."""
    left = finalists(copy, QUERY)
    assert any(not finalist.first_for for finalist in left)
    assert any(f.candidate.spec.where is None and not f.candidate.covering for f in left)


def test_a_group_of_tables_is_all_a_clone_holds(copy: Path) -> None:
    """Which keeps it quick where the schema is large."""
    with scratch(copy) as connection, closing(Catalog(connection).clone({"USERS"})) as clone:
        tables = {row[0] for row in clone._connection.execute("SELECT name FROM sqlite_schema")}
        assert "users" in tables and "orders" not in tables


def test_a_view_brings_its_table_s_candidates(copy: Path) -> None:
    """The plan names the table behind it."""
    left = finalists(copy, shape("SELECT total FROM open_orders WHERE user_id = 7"))
    assert {finalist.candidate.spec.table for finalist in left} == {"orders"}


def test_a_clone_is_as_before_after_each_shape(copy: Path) -> None:
    """What was tried for one shape is gone before the next one."""
    baseline = baseline_of(copy, QUERY)
    (subject,) = baseline.subjects.ready
    spec = IndexSpec("orders", ("user_id",))
    with scratch(copy) as connection:
        table = read(copy).table("orders")
        assert table is not None
        with closing(TableSample(connection, table, 5_000, (spec,))) as sample:
            estimates = {spec: sample.estimate(spec)}
        with closing(Catalog(connection).clone({"orders"})) as clone:
            before = list(clone._connection.execute("SELECT * FROM sqlite_schema"))
            first = clone.choices({0: spec}, estimates, subject.statements)
            assert list(clone._connection.execute("SELECT * FROM sqlite_schema")) == before
            assert clone.choices({0: spec}, estimates, subject.statements) == first == ({0}, {0})


def test_an_index_that_cannot_be_built_is_passed_over(copy: Path) -> None:
    """A term that is no deterministic function, say."""
    baseline = baseline_of(copy, QUERY)
    (subject,) = baseline.subjects.ready
    spec, bad = IndexSpec("orders", ("user_id",)), IndexSpec("orders", ("random()",))
    with scratch(copy) as connection:
        table = read(copy).table("orders")
        assert table is not None
        with closing(TableSample(connection, table, 5_000, (spec,))) as sample:
            estimates = dict.fromkeys((spec, bad), sample.estimate(spec))
        with closing(Catalog(connection).clone({"orders"})) as clone:
            assert clone.choices({0: bad, 1: spec}, estimates, subject.statements)[1] == {1}


def test_without_statistics_there_are_clones_too(tmp_path: Path) -> None:
    """ANALYZE may never have run."""
    path = build(tmp_path / "plain.db", *DDL)
    with scratch(path) as connection, closing(Catalog(connection).clone({"orders"})) as clone:
        sql = "SELECT * FROM orders WHERE total = 5"
        assert explain(clone._connection, sql) == explain(connection, sql)
