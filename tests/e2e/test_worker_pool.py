"""Worker processes: one snapshot for all, errors and deaths told, no process left behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import DbtuneError, LockedError, SourceError, TargetError
from dbtune.postgres.workers.arrow_source import arrow_available
from dbtune.postgres.workers.snapshot import file_identity, require_same_file
from dbtune.postgres.workers.worker_pool import WorkerPool
from tests.fixtures.other_process import other_process
from tests.fixtures.pool_tasks import CountRows, Leave, Misbehave, OpenOther, Report

ROOT = Path(__file__).parents[2]
needs_fast = pytest.mark.skipif(not arrow_available(), reason="needs the extra dbtune[fast]")


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Return as soon as the condition holds; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A database with a table of one row."""
    return make_source(tmp_path / "source.db")


def make_source(path: Path, journal_mode: str = "wal") -> Path:
    """Create a table t with one row."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal_mode}")
        connection.execute("CREATE TABLE t(a)")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
    return path


def counts(pool: WorkerPool) -> set[int]:
    """How many rows the processes see, each kind several times."""
    seen: set[int] = set()
    tasks = [CountRows("t", arrow) for arrow in (True, False) for _ in range(3)]
    pool.run(tasks, lambda task, result: seen.add(result[0]))
    seen.add(pool.sqlite.execute("SELECT count(*) FROM t").fetchone()[0])
    return seen


@pytest.mark.parametrize("jobs", [0, 2])
def test_all_readers_stay_on_one_snapshot_until_it_is_renewed(jobs: int, tmp_path: Path) -> None:
    """A commit of another process is seen by no reader, then by all."""
    source = make_source(tmp_path / "wal.db")
    with (
        other_process(source) as writer,
        WorkerPool(source, jobs, fast=True, conninfo=None) as pool,
    ):
        assert counts(pool) == {1}
        writer.run("INSERT INTO t VALUES (2)")
        assert counts(pool) == {1}
        pool.renew()
        assert counts(pool) == {2}


def test_nobody_can_commit_to_a_rollback_journal_database_while_it_is_read(tmp_path: Path) -> None:
    """The pool's locks keep a writer from changing what is read, and are gone afterwards."""
    source = make_source(tmp_path / "delete.db", "delete")
    with other_process(source) as writer:
        with WorkerPool(source, 1, fast=True, conninfo=None) as pool:
            with pytest.raises(RuntimeError, match="locked"):
                writer.run("INSERT INTO t VALUES (2)")
            assert counts(pool) == {1}
        writer.run("INSERT INTO t VALUES (2)")
        assert writer.run("SELECT count(*) FROM t") == [[2]]


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_source_keeps_every_byte(tmp_path: Path, journal_mode: str) -> None:
    """Reading with all kinds of process changes neither the file nor its -wal."""
    source = make_source(tmp_path / "source.db", journal_mode)
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("INSERT INTO t VALUES (2)")
        connection.commit()  # in WAL mode it stays in the -wal while this is open
        files = [source, *source.parent.glob("source.db-wal")]
        before = [file.read_bytes() for file in files]
        with WorkerPool(source, 1, fast=True, conninfo=None) as pool:
            assert counts(pool) == {2}
        assert [file.read_bytes() for file in files] == before


@needs_fast
def test_tasks_run_where_their_library_is(source: Path) -> None:
    """A task for ADBC runs in a process of that kind, others in those of sqlite3."""
    kinds = {}
    with WorkerPool(source, 1, fast=True, conninfo=None) as pool:
        assert [kind for kind, _ in pool.workers] == ["rows", "arrow"]
        pool.run(
            [CountRows("t"), CountRows("t", True)],
            lambda task, result: kinds.update({task.arrow: result[2]}),
        )
    assert kinds == {False: "rows", True: "arrow"}


@needs_fast
@pytest.mark.parametrize("arrow", [False, True])
def test_no_process_can_open_the_source_by_two_libraries(source: Path, arrow: bool) -> None:
    """The other library's connection is refused."""
    with (
        WorkerPool(source, 1, fast=True, conninfo=None) as pool,
        pytest.raises(RuntimeError, match="must not open"),
    ):
        pool.run([OpenOther(arrow)], lambda task, result: None)


@pytest.mark.parametrize("jobs", [0, 1])
def test_progress_is_told(source: Path, jobs: int) -> None:
    """Rows that a task reports arrive before its result."""
    told: list[int] = []
    with WorkerPool(source, jobs, fast=False, conninfo=None) as pool:
        pool.run(
            [Report()],
            lambda task, result: told.append(result),
            lambda task, rows: told.append(rows),
        )
    assert told == [1, 2, 3, 6]


@pytest.mark.parametrize("jobs", [0, 2])
@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("dbtune error", SourceError, "no such thing"),
        ("bug", ZeroDivisionError, "a bug"),
        ("sql", SourceError, "table bad: .*no such table"),
        ("postgres", TargetError, 'table bad .*"missing" does not exist'),
    ],
)
def test_an_error_of_a_task_is_raised_here(
    source: Path, target: str, jobs: int, how: str, kind: type[Exception], message: str
) -> None:
    """It keeps its class and hint, and what a library says comes with the task's subject."""
    with (
        pytest.raises(kind, match=message) as raised,
        WorkerPool(source, jobs, fast=False, conninfo=target) as pool,
    ):
        pool.run([Misbehave(how)], lambda task, result: None)
    if how == "dbtune error":
        assert isinstance(raised.value, DbtuneError)
        assert raised.value.hint == "look elsewhere"


def test_a_worker_that_dies_is_told_with_its_task(source: Path) -> None:
    """The task's subject and the signal are in the message; the other workers end, too."""
    with (
        pytest.raises(SourceError, match=r"table bad: the process .* signal 9"),
        WorkerPool(source, 2, fast=False, conninfo=None) as pool,
    ):
        pids = [pid for _, pid in pool.workers]
        pool.run([Misbehave("die"), Misbehave("hang")], lambda task, result: None)
    assert not any(map(is_running, pids))


def test_a_result_that_cannot_be_sent_is_a_bug(source: Path) -> None:
    """The pool does not hang for it."""
    with (
        pytest.raises(RuntimeError, match="cannot be sent"),
        WorkerPool(source, 1, fast=False, conninfo=None) as pool,
    ):
        pool.run([Misbehave("unsendable")], lambda task, result: None)


def test_an_error_in_a_callback_ends_running_tasks(source: Path) -> None:
    """Leaving the pool does not wait for a task that would never end."""

    def refuse(task: object, result: object) -> None:
        raise KeyError("callback")

    with (
        pytest.raises(KeyError, match="callback"),
        WorkerPool(source, 2, fast=False, conninfo=None) as pool,
    ):
        pids = [pid for _, pid in pool.workers]
        pool.run([Misbehave("hang"), CountRows("t")], refuse)
    assert not any(map(is_running, pids))


HANGING = """
import sys
from pathlib import Path
from dbtune.postgres.workers.worker_pool import WorkerPool
from tests.fixtures.pool_tasks import Misbehave

if __name__ == "__main__":
    with WorkerPool(Path(sys.argv[1]), 2, fast=True, conninfo=None) as pool:
        print(*[pid for _, pid in pool.workers], flush=True)
        pool.run([Misbehave("hang"), Misbehave("hang", True)], print)
"""


@pytest.fixture
def hanging(source: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process group whose pool runs tasks without end."""
    script = tmp_path / "hanging.py"
    script.write_text(HANGING)
    child = subprocess.Popen(
        [sys.executable, str(script), str(source)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield child
    child.kill()
    child.communicate()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("how", ["killed", "interrupted"])
def test_workers_end_with_their_parent(hanging: subprocess.Popen[str], how: str) -> None:
    """Neither kill -9 of the parent nor Ctrl-C leaves a worker, busy or idle."""
    assert hanging.stdout is not None
    pids = [int(pid) for pid in hanging.stdout.readline().split()]
    assert pids and all(map(is_running, pids))
    if how == "killed":
        hanging.kill()
    else:
        os.killpg(hanging.pid, signal.SIGINT)
    _, errors = hanging.communicate(timeout=30)
    wait_until(lambda: not any(map(is_running, pids)))
    assert errors.count("KeyboardInterrupt") == (how == "interrupted")


def test_a_source_that_is_written_all_the_time_is_read_alone(tmp_path: Path) -> None:
    """Where commits never pause for the processes to begin, tasks run in this process."""
    source = make_source(tmp_path / "busy.db")
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(source, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            while not done.wait(0.0003):
                connection.execute("UPDATE t SET a = a + 1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with WorkerPool(source, 2, fast=False, conninfo=None) as pool:
            here = os.getpid()
            pids: set[int] = set()
            pool.run([CountRows("t")], lambda task, result: pids.add(result[1]))
            assert (pids == {here}) is (pool.workers == ())
    finally:
        done.set()
        writer.join()


def test_a_source_that_is_locked_for_good_is_refused(tmp_path: Path) -> None:
    """After some attempts the lock is told, and the processes end."""
    source = make_source(tmp_path / "locked.db", "delete")
    with (
        other_process(source) as holder,
        WorkerPool(source, 1, fast=False, conninfo=None) as pool,
    ):
        pids = [pid for _, pid in pool.workers]
        pool.sqlite.execute("ROLLBACK")
        pool.run([Leave()], lambda task, result: None)
        holder.run("BEGIN EXCLUSIVE")
        with pytest.raises(LockedError, match="is locked by another connection"):
            pool.renew()
    assert not any(map(is_running, pids))


def test_a_replaced_source_is_refused(tmp_path: Path) -> None:
    """Readers of two files would not see one state."""
    source = make_source(tmp_path / "first.db")
    opened = file_identity(source)
    require_same_file(source, opened)
    os.replace(make_source(tmp_path / "second.db"), source)
    with pytest.raises(SourceError, match=r"first\.db was replaced"):
        require_same_file(source, opened)


def test_without_the_extra_everything_runs_on_rows(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing pyarrow means no process of that kind; tasks that prefer it still run."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with WorkerPool(source, 1, fast=True, conninfo=None) as pool:
        assert [kind for kind, _ in pool.workers] == ["rows"]
        assert counts(pool) == {1}


def test_a_missing_source_is_told(tmp_path: Path) -> None:
    """Nothing is started for it."""
    pool = WorkerPool(tmp_path / "none.db", 2, fast=True, conninfo=None)
    with pytest.raises(SourceError, match="does not exist"):
        pool.__enter__()
    assert pool.workers == ()
