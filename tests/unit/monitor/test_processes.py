"""What the processes that hold a database use, counted from one look to the next."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.monitor.processes import Processes, Usage, compare_usages, read_usages
from tests.fixtures.hostile import ordinary
from tests.fixtures.other_process import other_process


def usage(cpu: float = 0.0, read: int | None = 0, disk: int | None = 0) -> Usage:
    """A process that holds a megabyte."""
    return Usage(cpu, 1_000_000, read, disk)


def test_cpu_is_of_the_time_between() -> None:
    """Of all together, and 1 is a core."""
    before = {(1, 0.0): usage(10), (2, 0.0): usage(5)}
    after = {(1, 0.0): usage(12), (2, 0.0): usage(6)}
    state = compare_usages(before, after, 2.0)
    assert state.cpu_ratio == 1.5
    assert state.memory_bytes == 2_000_000


def test_a_process_that_came_meanwhile_does_not_count_its_past() -> None:
    """Nor does another one that was given the number of one that ended."""
    before = {(1, 0.0): usage(10), (2, 0.0): usage(100)}
    after = {(1, 0.0): usage(11), (2, 7.0): usage(50), (3, 8.0): usage(50)}
    assert compare_usages(before, after, 1.0).cpu_ratio == 1.0


def test_nothing_is_known_without_two_looks() -> None:
    """But what they hold is."""
    state = compare_usages({}, {(1, 0.0): usage(10)}, 1.0)
    assert (state.cpu_ratio, state.cache_hit_ratio) == (None, None)
    assert state.memory_bytes == 1_000_000


@pytest.mark.parametrize(
    ("read", "disk", "ratio"), [(100, 0, 1.0), (100, 25, 0.75), (100, 400, 0.0), (0, 0, None)]
)
def test_reads_that_needed_no_disk(read: int, disk: int, ratio: float | None) -> None:
    """The system reads ahead, so that it may be more than was asked for."""
    before = {(1, 0.0): usage(0, 1000, 1000)}
    after = {(1, 0.0): usage(0, 1000 + read, 1000 + disk)}
    assert compare_usages(before, after, 1.0).cache_hit_ratio == ratio


def test_reads_that_are_not_told_count_for_nothing() -> None:
    """Those of another user's process."""
    before, after = {(1, 0.0): usage(0, None, None)}, {(1, 0.0): usage(1, None, None)}
    state = compare_usages(before, after, 1.0)
    assert (state.cpu_ratio, state.cache_hit_ratio) == (1.0, None)


def test_a_process_is_found_by_its_file_and_forgotten_when_it_ends(tmp_path: Path) -> None:
    """And those that were seen at the locks are asked too."""
    path = tmp_path / "a.db"
    ordinary(path)
    processes = Processes(path)
    with other_process(path) as application:
        application.run("SELECT count(*) FROM users")
        assert processes.read(0.0, (), apart_from=0).count == 1
        state = processes.read(10.0, (os.getpid(),), apart_from=application.pid)
        assert (state.count, state.hidden) == (1, 0)
        assert state.memory_bytes
    assert processes.read(20.0, (application.pid,), apart_from=os.getpid()).count == 0


def test_who_connects_for_each_request_is_remembered_for_a_while(tmp_path: Path) -> None:
    """At most looks it does not hold the file."""
    path = tmp_path / "a.db"
    ordinary(path)
    processes = Processes(path)
    with other_process(path) as application:
        assert processes.read(0.0, (application.pid,), apart_from=0).count == 1
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert processes.read(1.0, (child.pid,), apart_from=0).count == 1
        assert processes.read(29.0, (), apart_from=0).count == 1
        assert processes.read(60.0, (), apart_from=0).count == 0
        child.communicate()


def test_what_ended_is_left_out() -> None:
    """Between the list of processes and the look at one."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    usages = read_usages((ended.pid, os.getpid()))
    assert usages is not None
    assert [pid for pid, _ in usages] == [os.getpid()]


def test_looking_opens_nothing_of_the_database(tmp_path: Path) -> None:
    """Closing it would drop the locks that this process has."""
    path = tmp_path / "a.db"
    ordinary(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with other_process(path) as other:
            Processes(path).read(0.0, (os.getpid(),), apart_from=0)
            assert not other.may_write()
        connection.execute("ROLLBACK")
