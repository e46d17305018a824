"""`dbtune doctor`: what works here, as a plain table or as JSON."""

from __future__ import annotations

import configparser
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune import __version__
from tests.fixtures.hostile import build_more, ordinary

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_it_names_versions_libraries_extras_and_disk(run_dbtune: Run) -> None:
    """A table on stdout with one line for each thing, and exit code 0 on a working machine."""
    result = run_dbtune("doctor")
    assert (result.returncode, result.stderr) == (0, "")
    for expected in (__version__, sqlite3.sqlite_version, "apsw's SQLite", "temporary folder"):
        assert expected in result.stdout
    assert "failed" not in result.stdout


def test_json_has_the_same_lines(run_dbtune: Run) -> None:
    """--json is one document with topic, name, value, state and advice of each."""
    table = run_dbtune("doctor").stdout
    found = diagnoses(run_dbtune("doctor", "--json").stdout)
    assert {"version", "STAT4", "FTS5", "sqlglot", "WAL-reset race"} <= {name for _, name in found}
    assert all(name in table for _, name in found)
    assert found["dbtune", "version"]["value"] == __version__


def test_the_table_is_plain_and_as_wide_as_the_terminal(run_dbtune: Run) -> None:
    """No colours and no box drawing; its last line counts the lines in each state."""
    environment = {"TERM": "tmux-256color", "COLUMNS": "70", "FORCE_COLOR": "1"}
    plain = run_dbtune("doctor", env=environment).stdout
    assert plain.isascii() and "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 70
    found = diagnoses(run_dbtune("doctor", "--json").stdout)
    assert f"{len(found)} checked: " in plain.splitlines()[-1]


def test_something_essential_that_does_not_load_is_named_and_ends_with_2(
    run_dbtune: Run, tmp_path: Path
) -> None:
    """A broken library is one failed line with the pip line, and the rest is still looked at."""
    (tmp_path / "sqlglot.py").write_text("raise ImportError('libbroken.so is missing')\n")
    result = run_dbtune("doctor", env={"PYTHONPATH": str(tmp_path), "COLUMNS": "160"})
    assert result.returncode == 2
    assert "libbroken.so is missing" in result.stdout
    assert "pip install sqlglot" in result.stdout
    assert "temporary folder" in result.stdout


def test_an_extra_that_is_missing_is_only_a_note(run_dbtune: Run, tmp_path: Path) -> None:
    """Extras are a choice: the pip line is printed, and the exit code stays 0."""
    found = diagnoses(run_dbtune("doctor", "--json").stdout)
    missing = [line for (topic, _), line in found.items() if topic == "extras"]
    for line in missing:
        if line["value"] == "not installed":
            assert line["state"] == "note"
            assert "pip install 'dbtune[" in line["advice"]
    assert len(missing) == 9


def test_all_that_extras_install_is_looked_for(run_dbtune: Run) -> None:
    """But for those of the tests, of lint and of the example, which nobody else needs."""
    configuration = configparser.ConfigParser()
    configuration.read(Path(__file__).parents[2] / "setup.cfg")
    offered = configuration["options.extras_require"]
    wanted = {
        re.split(r"[><=\[]", line)[0]
        for name in offered
        if name not in {"test", "example", "lint", "docs"}
        for line in offered[name].split()
    }
    found = diagnoses(run_dbtune("doctor", "--json").stdout)
    assert {name for topic, name in found if topic == "extras"} == wanted


def test_scratch_of_a_killed_run_is_named_and_left_alone(run_dbtune: Run, tmp_path: Path) -> None:
    """A folder that no living run holds is a note; doctor itself removes nothing."""
    folder = tmp_path / "dbtune-abandoned"
    folder.mkdir()
    (folder / "in-use.lock").touch()
    found = diagnoses(run_dbtune("doctor", "--json", env={"TMPDIR": str(tmp_path)}).stdout)
    line = found["disk", "scratch of killed runs"]
    assert (line["value"], line["state"]) == ("dbtune-abandoned", "note")
    assert folder.is_dir()


def test_a_database_is_described_and_not_changed(run_dbtune: Run, tmp_path: Path) -> None:
    """Size, journal mode, place and room are told, and no byte and no file changes."""
    database = tmp_path / "shop.db"
    ordinary(database)
    before = database.read_bytes()
    result = run_dbtune("doctor", database, "--json")
    found = diagnoses(result.stdout)
    assert result.returncode == 0
    assert "2 tables" in found["database", "file"]["value"]
    assert found["database", "journal mode"]["value"] == "delete"
    assert found["database", "backups"]["value"] == "0"
    assert database.read_bytes() == before
    assert os.listdir(tmp_path) == ["shop.db"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux tells who has it open")
def test_who_has_the_database_open_is_told(run_dbtune: Run, tmp_path: Path) -> None:
    """The process that holds the file is named with what it stands in the way of."""
    database = tmp_path / "shop.db"
    ordinary(database)
    build_more(database, "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("SELECT count(*) FROM users").fetchone()
        found = diagnoses(run_dbtune("doctor", database, "--json").stdout)
    line = found["database", "open elsewhere"]
    assert f"process {os.getpid()}" in line["value"]
    assert line["state"] == "note"


def test_leftovers_of_interrupted_backups_are_told(run_dbtune: Run, tmp_path: Path) -> None:
    """A .partial file beside the backups is a note with the folder to delete it from."""
    database = tmp_path / "shop.db"
    ordinary(database)
    folder = tmp_path / "shop.db.dbtune"
    folder.mkdir()
    (folder / "backup-20260101T000000Z.db.partial").touch()
    found = diagnoses(run_dbtune("doctor", database, "--json").stdout)
    assert found["database", "unfinished backups"]["state"] == "note"


def test_it_runs_as_a_module_too(run_dbtune: Run) -> None:
    """`python -m dbtune doctor` is the same command, for where the script is not on the path."""
    result = subprocess.run(
        [sys.executable, "-m", "dbtune", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (
        diagnoses(result.stdout).keys() == diagnoses(run_dbtune("doctor", "--json").stdout).keys()
    )


def diagnoses(document: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the lines of `doctor --json` by topic and name."""
    return {(line["topic"], line["name"]): line for line in json.loads(document)}
