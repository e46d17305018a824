"""What connections to a copy let through, and how they tell failures apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from dbtune.benchmark.configurations import CONFIGURATIONS, Base, with_indexes, working_copy
from dbtune.benchmark.fresh_keys import FreshValues
from dbtune.benchmark.send_unit import UnitSender
from dbtune.benchmark.sqlite_session import SqliteSession, SqliteTarget
from dbtune.benchmark.tally import BEGIN, COMMIT, Outcome
from dbtune.errors import RefusedError
from dbtune.model.load import LoadPlan, LoadStatement
from dbtune.model.workload import RecordedQuery
from tests.fixtures.hostile import full_text_and_rtree
from tests.fixtures.load import make_shop, plan_of

READ_THEN_WRITE = (
    RecordedQuery("SELECT count(*) FROM orders", transaction_id="1"),
    RecordedQuery("UPDATE orders SET total = total + 1 WHERE id = 1", transaction_id="1"),
)


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[ExitStack]:
    """Closes what a test opens."""
    with ExitStack() as stack:
        yield stack


def sessions(
    stack: ExitStack, tmp_path: Path, config: str, plan: LoadPlan, count: int
) -> list[SqliteSession]:
    """Connections to one working copy in a configuration."""
    configuration = CONFIGURATIONS[config]
    path = working_copy(Base(tmp_path / "shop.db", "delete"), configuration)
    target = SqliteTarget(path, plan.statements, configuration.hook)
    return [stack.enter_context(closing(target.open())) for _ in range(count)]


def send(session: SqliteSession, plan: LoadPlan) -> Outcome:
    """Send the first unit."""
    return UnitSender(session, plan.statements, FreshValues(0)).send(plan.units[0])


@pytest.mark.parametrize("config", ["rollback", "wal"])
def test_reading_before_writing_fails_where_another_writes_meanwhile(
    tmp_path: Path, open_session: ExitStack, config: str
) -> None:
    """A deferred transaction cannot become a writer then; no busy timeout helps."""
    plan = plan_of(make_shop(tmp_path / "shop.db"), *READ_THEN_WRITE)
    mine, other = sessions(open_session, tmp_path, config, plan, 2)
    other.begin(writes=True)
    other.run(0, ())
    mine.begin(writes=True)
    mine.run(0, ())
    other.run(1, ())
    with pytest.raises(Exception, match="locked") as caught:
        mine.run(1, ())
    assert mine.kind_of(caught.value) == "locked"
    mine.rollback()
    other.commit()


def test_the_hook_lets_writers_take_turns(tmp_path: Path, open_session: ExitStack) -> None:
    """BEGIN IMMEDIATE waits for its turn before it reads; a read-only one begins at once."""
    plan = plan_of(make_shop(tmp_path / "shop.db"), *READ_THEN_WRITE)
    mine, other = sessions(open_session, tmp_path, "wal+hook", plan, 2)
    other.begin(writes=True)
    mine.begin(writes=False)
    mine.run(0, ())
    mine.commit()
    other.run(1, ())
    other.commit()
    outcome = send(mine, plan)
    assert outcome.failure is None
    assert [sent.shape_id for sent in outcome.sent][::3] == [BEGIN, COMMIT]


def test_a_broken_constraint_is_no_lock(tmp_path: Path, open_session: ExitStack) -> None:
    """And what was begun is given up, so that the next unit finds a clean connection."""
    path = make_shop(tmp_path / "shop.db")
    plan = plan_of(path, "UPDATE users SET email = 'a@example.org'")
    (session,) = sessions(open_session, tmp_path, "wal", plan, 1)
    outcome = send(session, plan)
    assert outcome.failure == "constraint"
    assert "UNIQUE" in outcome.message
    session.begin(writes=False)


@pytest.mark.parametrize(
    "text",
    [
        "ATTACH 'other.db' AS other",
        "PRAGMA journal_mode = DELETE",
        "CREATE TABLE more (a)",
        "DELETE FROM sqlite_master",
        "SELECT load_extension('x')",
    ],
)
def test_only_rows_can_be_touched(tmp_path: Path, open_session: ExitStack, text: str) -> None:
    """Whatever a recording says."""
    path = make_shop(tmp_path / "shop.db")
    statements = (LoadStatement("x", text, "write"),)
    session = open_session.enter_context(closing(SqliteTarget(path, statements).open()))
    with pytest.raises(Exception, match=r"not authorized|prohibited|may not be modified"):
        session.run(0, ())


def test_full_text_search_works_under_the_authorizer(
    tmp_path: Path, open_session: ExitStack
) -> None:
    """Its writes go to tables of its own."""
    path = tmp_path / "text.db"
    full_text_and_rtree(path)
    plan = plan_of(
        path,
        "INSERT INTO notes (title, body) VALUES ('new', 'fresh words')",
        "SELECT * FROM notes WHERE notes MATCH 'fresh'",
    )
    session = open_session.enter_context(closing(SqliteTarget(path, plan.statements).open()))
    assert [session.refusal(place) for place in range(2)] == [None, None]
    sender = UnitSender(session, plan.statements, FreshValues())
    assert [sender.send(unit).failure for unit in plan.units] == [None, None]


def test_texts_that_are_not_utf8_are_read(tmp_path: Path, open_session: ExitStack) -> None:
    """As the application that wrote them does."""
    path = make_shop(tmp_path / "shop.db", "UPDATE users SET name = CAST(x'ff41' AS TEXT)")
    plan = plan_of(path, "SELECT name FROM users")
    session = open_session.enter_context(closing(SqliteTarget(path, plan.statements).open()))
    assert send(session, plan).failure is None


def test_a_copy_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """As where new indexes took more of the disk than was foreseen."""
    base = Base(make_shop(tmp_path / "shop.db"), "delete")
    (tmp_path / "indexed.db").mkdir()
    with pytest.raises(RefusedError, match="cannot be written") as caught:
        with_indexes(base, (), ())
    assert "--scratch" in str(caught.value.hint)
