"""`dbtune demo` as a newcomer runs it."""

from __future__ import annotations

import shlex
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.resources import sql
from tests.conftest import RunDbtune, clean_environment, dbtune_command

SMALL = ("--scale", "0.01")
NAMES = {"platform.db", "platform.queries.jsonl", "hand_written_indexes.sql"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_demo_prints_its_files_and_the_next_command(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """stdout names the three files with their sizes, and ends with what to run next."""
    done = run_dbtune("demo", "try it", *SMALL)
    assert (done.returncode, names(tmp_path / "try it")) == (0, NAMES)
    lines = done.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[:3]] == [
        "try it/platform.db",
        "try it/platform.queries.jsonl",
        "try it/hand_written_indexes.sql",
    ]
    assert shlex.split(lines[-1].removeprefix("Next: ")) == [
        "dbtune",
        "analyze",
        "try it/platform.db",
        "--queries",
        "try it/platform.queries.jsonl",
    ]


def test_demo_builds_in_the_working_directory_by_default(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """Without DIR the files come to where one stands."""
    assert run_dbtune("demo", *SMALL).returncode == 0
    assert names(tmp_path) == NAMES


def test_demo_twice_gives_the_same_without_leftovers(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """A second run prints the same and leaves the same files."""
    first = run_dbtune("demo", "demo", *SMALL)
    recording = (tmp_path / "demo" / "platform.queries.jsonl").read_bytes()
    second = run_dbtune("demo", "demo", *SMALL)
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert names(tmp_path / "demo") == NAMES
    assert (tmp_path / "demo" / "platform.queries.jsonl").read_bytes() == recording


def test_hand_written_indexes_apply_cleanly(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """All seventeen can be created on the demo, and none is in the way of another."""
    assert run_dbtune("demo", *SMALL).returncode == 0
    script = (tmp_path / "hand_written_indexes.sql").read_text(encoding="utf-8")
    assert script == sql("platform/hand_written_indexes")
    with closing(sqlite3.connect(tmp_path / "platform.db")) as connection:
        count = "SELECT count(*) FROM sqlite_master WHERE type = 'index'"
        before = connection.execute(count).fetchone()[0]
        connection.executescript(script)
        assert connection.execute(count).fetchone()[0] == before + 17


@pytest.mark.parametrize("scale", ["0", "-1", "abc", "nan", "inf", "1001"])
def test_a_scale_that_is_no_size_is_a_usage_error(
    scale: str, run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """Exit code 2, the value named, and nothing written."""
    done = run_dbtune("demo", "demo", "--scale", scale)
    assert done.returncode == 2
    assert scale in done.stderr and "--scale" in done.stderr
    assert names(tmp_path) == set()


def test_a_file_in_place_of_the_folder_is_a_usage_error(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """DIR has to be a folder."""
    (tmp_path / "demo").write_text("mine", encoding="utf-8")
    done = run_dbtune("demo", "demo", *SMALL)
    assert done.returncode == 2 and "demo" in done.stderr


def test_a_folder_that_cannot_be_made_ends_with_4(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """The target failed: the message names the folder, and there is no stack trace."""
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    done = run_dbtune("demo", "file/demo", *SMALL)
    assert done.returncode == 4
    assert done.stderr.startswith("Error: cannot write the demo to file/demo:")
    assert "Hint:" in done.stderr and "Traceback" not in done.stderr


def test_files_of_others_are_refused_with_5(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """A platform.db that is not a demo's stays, and the message says what to do."""
    (tmp_path / "platform.db").write_text("mine", encoding="utf-8")
    done = run_dbtune("demo", *SMALL)
    assert done.returncode == 5
    assert "platform.db exists and was not made by dbtune demo" in done.stderr
    assert names(tmp_path) == {"platform.db"}


def test_kill_while_building_leaves_nothing(tmp_path: Path) -> None:
    """kill -TERM ends with 130, and the folder is as empty as before."""
    with subprocess.Popen(
        [dbtune_command(), "demo"],
        cwd=tmp_path,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "Building the platform ...\n"
        process.send_signal(signal.SIGTERM)
        message = process.stderr.read()
        assert process.wait(60) == 130
    assert message.strip() == "Error: interrupted."
    assert names(tmp_path) == set()


def test_quiet_says_nothing_on_stderr(run_dbtune: RunDbtune) -> None:
    """With -q only the result is printed."""
    done = run_dbtune("-q", "demo", *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
