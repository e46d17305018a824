"""Loads sent by real processes: every unit is counted once, as what it came to."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from dbtune.benchmark.load_process import LoadOrder, serve
from dbtune.benchmark.run_load import Load, run_load
from dbtune.benchmark.session import Session
from dbtune.benchmark.sqlite_session import SqliteSession, SqliteTarget
from dbtune.errors import ConfigurationError
from dbtune.model.event import Event
from dbtune.model.load import LoadPlan, LoadRate, LoadRun, LoadSettings
from dbtune.model.workload import RecordedQuery
from dbtune.sqlite.file.hook_settings import HookSettings
from tests.fixtures.load import ENDLESS, make_shop, plan_of

QUICK = LoadSettings(duration_s=0.4, processes=2, threads=2)


def run(path: Path, plan: LoadPlan, rate: LoadRate, settings: LoadSettings = QUICK) -> LoadRun:
    """Send a load as the hook does."""
    target = SqliteTarget(path, plan.statements, HookSettings())
    return run_load(Load("wal+hook", plan, target.open, rate, settings))


def wal_shop(tmp_path: Path) -> Path:
    """The shop in WAL mode."""
    return make_shop(tmp_path / "shop.db", "PRAGMA journal_mode = WAL")


def check_sums(found: LoadRun) -> None:
    """Whole and parts agree."""
    ended = found.succeeded + found.failures.timeout
    assert found.latency is not None
    assert round(found.latency.count) == ended + found.unfinished
    assert found.statements == sum(shape.calls for shape in found.shapes)
    for shape in found.shapes:
        assert shape.latency is not None
        assert round(shape.latency.count) == shape.calls


def test_each_unit_is_counted_once(tmp_path: Path) -> None:
    """A request of a read, BEGIN, a read, a write and COMMIT: five calls each."""
    path = wal_shop(tmp_path)
    plan = plan_of(
        path,
        RecordedQuery("SELECT * FROM orders", request_id="a"),
        RecordedQuery("SELECT * FROM users WHERE id = 1", request_id="a", transaction_id="1"),
        RecordedQuery("UPDATE orders SET total = 1", request_id="a", transaction_id="1"),
    )
    found = run(path, plan, LoadRate(clients=5))
    assert found.succeeded > 0
    assert found.failures.total == 0
    assert found.success_ratio == 1.0
    assert [shape.calls for shape in found.shapes] == [found.succeeded] * 5
    check_sums(found)


def test_what_is_answered_was_committed(tmp_path: Path) -> None:
    """Rows in the file: at least as many as were counted, which the warm-up does not."""
    path = wal_shop(tmp_path)
    insert = RecordedQuery("INSERT INTO users (email) VALUES (?)", ("c@example.org",))
    found = run(path, plan_of(path, insert), LoadRate(clients=4))
    assert found.failures.total == 0
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT count(*) FROM users").fetchone()[0]
    assert rows - 2 >= found.succeeded > 0


def test_more_clients_than_connections_wait_for_one(tmp_path: Path) -> None:
    """All of an endless query's clients give up: some in the query, the others in the queue."""
    path = wal_shop(tmp_path)
    settings = LoadSettings(duration_s=0.8, timeout_s=0.2, processes=1, threads=2)
    found = run(path, plan_of(path, ENDLESS), LoadRate(clients=6), settings)
    assert found.succeeded == 0
    assert found.success_ratio == 0.0
    messages = {error.message for error in found.errors}
    assert found.failures.timeout == found.failures.total > 0
    assert {"interrupted", "no connection was free in time"} <= messages
    check_sums(found)


def test_unanswered_arrivals_are_counted_with_their_wait(tmp_path: Path) -> None:
    """The open loop goes on while all connections are busy: nothing is left out."""
    path = wal_shop(tmp_path)
    settings = LoadSettings(duration_s=0.5, processes=1, threads=1)
    found = run(path, plan_of(path, ENDLESS), LoadRate(per_second=400), settings)
    assert (found.succeeded, found.failures.total) == (0, 0)
    assert found.unfinished > 100
    check_sums(found)


def test_a_lock_of_somebody_else_is_told_as_such(tmp_path: Path) -> None:
    """BEGIN IMMEDIATE gives up after the busy timeout: every unit that ends was locked."""
    path = wal_shop(tmp_path)
    plan = plan_of(
        path, *(RecordedQuery("DELETE FROM orders", transaction_id="1") for _ in range(2))
    )
    target = SqliteTarget(path, plan.statements, HookSettings(busy_timeout_ms=20))
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        found = run_load(Load("wal+hook", plan, target.open, LoadRate(clients=3), QUICK))
        holder.execute("ROLLBACK")
    assert found.succeeded == 0
    assert found.failures.locked == found.failures.total > 0
    assert [shape.text for shape in found.shapes] == ["BEGIN"]
    assert found.shapes[0].failures.locked == found.failures.total


def test_what_cannot_be_opened_ends_the_load(tmp_path: Path) -> None:
    """The error of the process is raised here, and no process is left."""
    with pytest.raises(ConfigurationError, match="unable to open"):
        run(tmp_path / "missing.db", plan_of(wal_shop(tmp_path), "SELECT 1"), LoadRate(clients=2))
    assert multiprocessing.active_children() == []


def tell_files() -> NoReturn:
    """Open no connection, and tell how many files this process may open, and could at most."""
    raise ConfigurationError(f"files {resource.getrlimit(resource.RLIMIT_NOFILE)}")


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")
def test_a_process_may_open_as_many_files_as_the_system_allows(tmp_path: Path) -> None:
    """Many systems begin with 1,024, and a connection takes two or three."""
    plan = plan_of(wal_shop(tmp_path), "SELECT 1")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        with pytest.raises(ConfigurationError, match=rf"files \({before[1]}, {before[1]}\)"):
            run_load(Load("wal", plan, tell_files, LoadRate(2), QUICK))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def tell_blocked() -> NoReturn:
    """Open no connection, and tell whether Ctrl-C is kept from this process."""
    raise ConfigurationError(f"{signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])}")


def kill_soon() -> Session:
    """Open a connection in a process that is killed about now."""
    threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGKILL)).start()
    return SqliteSession(sqlite3.connect(":memory:"), (), immediate=False)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_no_process_ever_sees_an_interrupt(tmp_path: Path) -> None:
    """A terminal sends Ctrl-C to all of them, while they start too: they would print traces."""
    plan = plan_of(wal_shop(tmp_path), "SELECT 1")
    with pytest.raises(ConfigurationError, match="True"):
        run_load(Load("wal", plan, tell_blocked, LoadRate(2), QUICK))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_process_that_is_killed_is_told(tmp_path: Path) -> None:
    """Whether it is seen when the word is given or when the answer is awaited."""
    plan = plan_of(wal_shop(tmp_path), "SELECT 1")
    with pytest.raises(ConfigurationError, match="was killed before its end"):
        run_load(Load("wal", plan, kill_soon, LoadRate(2), QUICK))
    assert multiprocessing.active_children() == []


def test_a_process_whose_parent_was_killed_ends_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Before it has told that it is ready, too."""
    path = wal_shop(tmp_path)
    plan = plan_of(path, "SELECT 1")
    order = LoadOrder(0, plan, SqliteTarget(path, plan.statements).open, LoadRate(1), QUICK)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, order))
    process.start()
    theirs.close()
    ours.close()
    process.join()
    assert process.exitcode == 1
    assert capfd.readouterr().err == ""


def test_an_interrupted_load_leaves_no_process(tmp_path: Path) -> None:
    """Ctrl-C comes while the processes are at work."""

    def interrupt(event: Event) -> None:
        raise KeyboardInterrupt

    path = wal_shop(tmp_path)
    plan = plan_of(path, "SELECT 1")
    load = Load("wal", plan, SqliteTarget(path, plan.statements).open, LoadRate(2), QUICK)
    with pytest.raises(KeyboardInterrupt):
        run_load(load, interrupt)
    assert multiprocessing.active_children() == []


def test_progress_runs_to_its_end(tmp_path: Path) -> None:
    """Of each run its name and how far it is."""
    events: list[Event] = []
    path = wal_shop(tmp_path)
    plan = plan_of(path, "SELECT 1")
    load = Load("wal", plan, SqliteTarget(path, plan.statements).open, LoadRate(2), QUICK)
    run_load(load, events.append)
    assert {event.stage for event in events} == {"Loading wal, 2 clients"}
    assert events[0].done == 0.0
    assert events[-1].done == events[-1].total
