"""dbtune record: a program runs as it would alone, and what it sends is recorded."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import RunDbtune, clean_environment
from tests.fixtures.recorded import record_program, recorded, senders
from tests.unit.recorder.test_other_pythons import find_python

RECORDING = '{"db.query.text": "SELECT 1"}\n'


def test_statements_are_recorded_and_told(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """stdout is the program's own; the summary names file and database, and what comes next."""
    program = """
connection = sqlite3.connect("app.db")
connection.execute("CREATE TABLE t (a, b)")
connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, "secret"), (2, "secret")])
connection.commit()
print(connection.execute("SELECT a FROM t WHERE b = 'secret'").fetchall())
connection.close()
"""
    done = record_program(run_dbtune, tmp_path, program, "-o", "app.jsonl")
    assert (done.returncode, done.stdout) == (0, "[(1,), (2,)]\n"), done.stderr
    assert "statements of 1 process in " in done.stderr
    assert "Next: dbtune analyze app.db --queries app.jsonl\n" in done.stderr
    statements = {line["db.query.text"]: line for line in recorded(tmp_path / "app.jsonl")}
    select = statements["SELECT a FROM t WHERE b = ?"]
    assert (select["rows"], select["code.file.path"]) == (2, "app.py")
    assert select["db.namespace"] == str(tmp_path / "app.db")
    assert "secret" not in (tmp_path / "app.jsonl").read_text(encoding="utf-8")
    assert (tmp_path / "app.jsonl").stat().st_mode & 0o777 == 0o600
    analyzed = run_dbtune("analyze", "app.db", "--queries", "app.jsonl", "--strict")
    assert analyzed.returncode == 0, analyzed.stderr


def test_values_are_recorded_on_request(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """Those bound and those in the text."""
    program = """
connection = sqlite3.connect("app.db")
connection.execute("SELECT 'literal', ?", ("bound",)).fetchall()
connection.close()
"""
    assert record_program(run_dbtune, tmp_path, program, "--params").returncode == 0
    (line,) = recorded(tmp_path / "queries.jsonl")
    assert line["db.query.text"] == "SELECT 'literal', ?"
    assert line["db.query.parameters"] == ["bound"]


def test_slow_sampled_and_full_recordings_hold_less(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """--slow-ms, --sample-rate and --max-mb reach the program."""
    program = "for _ in range(500): send('x' * 1000)\n"
    record_program(run_dbtune, tmp_path, program, "-o", "slow.jsonl", "--slow-ms", "60000")
    assert not (tmp_path / "slow.jsonl").exists()
    done = record_program(
        run_dbtune, tmp_path, program, "-o", "sampled.jsonl", "--sample-rate", "0.5"
    )
    assert 0 < len(recorded(tmp_path / "sampled.jsonl")) < 500, done.stderr
    done = record_program(run_dbtune, tmp_path, program, "-o", "full.jsonl", "--max-mb", "0.1")
    assert 0 < len(recorded(tmp_path / "full.jsonl")) < 500
    assert "left out" in done.stderr


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("sys.exit(0)", 0),
        ("sys.exit(3)", 3),
        ("sys.exit(70)", 70),
        ("raise SystemExit('message')", 1),
        ("os.kill(os.getpid(), 9)", 137),
        ("os.kill(os.getpid(), 15)", 143),
        ("import ctypes; ctypes.string_at(0)", 139),
    ],
)
def test_the_exit_code_is_the_programs(
    run_dbtune: RunDbtune, tmp_path: Path, ending: str, code: int
) -> None:
    """As a shell tells it: 128+N where signal N ended it."""
    done = record_program(run_dbtune, tmp_path, f"send('a')\n{ending}\n")
    assert done.returncode == code, done.stderr


def test_stdin_and_closed_streams_are_the_programs(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """It reads what dbtune was given, and may close stdout and stderr."""
    program = "print(sys.stdin.read())\nsend('a')\nos.close(1)\nos.close(2)\n"
    done = record_program(run_dbtune, tmp_path, program, input="hello")
    assert done.stdout == "hello\n"
    assert senders(tmp_path / "queries.jsonl") == ["a"]


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (["nowhere-to-be-found"], 127, "command not found"),
        (["./plain.txt"], 126, "cannot be executed"),
        (["./folder"], 126, "cannot be executed"),
        ([], 2, "no command"),
    ],
)
def test_what_cannot_be_started_is_told_as_a_shell_does(
    run_dbtune: RunDbtune, tmp_path: Path, command: list[str], code: int, message: str
) -> None:
    """127 and 126, with no recording left behind."""
    (tmp_path / "plain.txt").write_text("text", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    done = run_dbtune("record", "--", *command)
    assert done.returncode == code
    assert message in done.stderr and "Hint: " in done.stderr
    assert not (tmp_path / "queries.jsonl").exists()


@pytest.mark.parametrize(
    ("output", "code", "message"),
    [
        ("-", 2, "cannot go to stdout"),
        ("folder", 2, "a folder"),
        ("missing/app.jsonl", 2, "does not exist"),
        ("pipe", 2, "not a regular file"),
        ("app.db", 5, "no recording"),
        ("app.py", 5, "no recording"),
        ("link", 5, "symbolic link"),
        ("old.jsonl", 5, "holds a recording"),
    ],
)
def test_a_recording_goes_to_no_place_where_it_would_do_harm(
    run_dbtune: RunDbtune, tmp_path: Path, output: str, code: int, message: str
) -> None:
    """The program is not even started, and every file stays as it is."""
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "old.jsonl").write_text(RECORDING, encoding="utf-8")
    (tmp_path / "link").symlink_to("old.jsonl")
    program = "open('started', 'w').close()\n"
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    before = (tmp_path / "app.db").read_bytes()
    for options in ((), ("--overwrite",)) if code == 5 and output != "old.jsonl" else ((),):
        done = run_dbtune("record", *options, "-o", output, "--", sys.executable, "app.py")
        assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert not (tmp_path / "started").exists()
    assert (tmp_path / "app.db").read_bytes() == before
    assert (tmp_path / "old.jsonl").read_text(encoding="utf-8") == RECORDING


def test_a_recording_is_added_to_or_replaced_on_request(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """The summary counts this run's statements only."""
    path = tmp_path / "queries.jsonl"
    path.write_text(RECORDING, encoding="utf-8")
    done = record_program(run_dbtune, tmp_path, "send('a')\n", "--append")
    assert "Recorded 1 statement of 1 process" in done.stderr
    assert [line["db.query.text"] for line in recorded(path)] == ["SELECT 1", 'SELECT ? AS "a"']
    record_program(run_dbtune, tmp_path, "send('b')\n", "--overwrite")
    assert senders(path) == ["b"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--append", "--overwrite"), "exclude each other"),
        (("--keep", "2"), "without --max-mb"),
        (("--sample-rate", "0"), "0"),
        (("--sample-rate", "2"), "2"),
        (("--slow-ms", "-1"), "-1"),
        (("--max-mb", "0"), "0"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    run_dbtune: RunDbtune, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    """Exit code 2, before the program starts."""
    done = record_program(run_dbtune, tmp_path, "open('started', 'w').close()\n", *options)
    assert done.returncode == 2 and message in done.stderr
    assert not (tmp_path / "started").exists()


def test_full_files_are_put_aside(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """All that are kept count, and the next command reads them."""
    program = "for _ in range(400): send('x' * 1000); time.sleep(0.001)\n"
    done = record_program(run_dbtune, tmp_path, program, "--max-mb", "0.1", "--keep", "9")
    files = sorted(tmp_path.glob("queries.jsonl*"))
    assert len(files) > 1
    assert sum(len(recorded(path)) for path in files) == 400
    assert "Recorded 400 statements of 1 process" in done.stderr
    assert done.stderr.count("--queries queries.jsonl") == len(files)


def test_nothing_recorded_is_explained(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """With what may be the reason, and no empty file is left."""
    done = record_program(run_dbtune, tmp_path, "print('hello')\n")
    assert "Nothing was recorded.\nHint: Python ran" in done.stderr
    assert "exit code" not in done.stderr
    done = run_dbtune("record", "--", "true")
    assert (done.returncode, "no Python process was seen" in done.stderr) == (0, True)
    assert not (tmp_path / "queries.jsonl").exists()


def test_a_command_that_fails_before_it_sends_anything_is_told(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """Its own message is what helps, so no other reason is guessed."""
    done = record_program(run_dbtune, tmp_path, "sys.exit(2)\n")
    assert done.returncode == 2
    assert "Hint: the command ended with exit code 2 and sent no statement" in done.stderr
    assert "Python ran" not in done.stderr


def test_after_a_database_in_memory_the_digest_comes_next(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """As tests of Django's have it: there is no file to analyze, and the recording is of use."""
    program = "sqlite3.connect(':memory:').execute('SELECT 1').fetchall()\n"
    done = record_program(run_dbtune, tmp_path, program)
    assert "Next: dbtune queries queries.jsonl\nHint: its database was in memory" in done.stderr
    assert "dbtune analyze DB --queries queries.jsonl\n" in done.stderr


@pytest.mark.parametrize("path", [None, ":/lib", "/lib:", ":"])
def test_the_program_sees_its_own_python(
    run_dbtune: RunDbtune, tmp_path: Path, path: str | None
) -> None:
    """The same sys.path, arguments and flags; an empty entry is the working directory."""
    program = "import json\nprint(json.dumps([sys.path, sys.argv, list(sys.flags)]))\n"
    own = {} if path is None else {"PYTHONPATH": path}
    done = record_program(run_dbtune, tmp_path, program, env=own)
    alone = subprocess.run(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env={**clean_environment(), **own},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == alone.stdout


def test_another_sitecustomize_runs_after_dbtunes(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """It is the one that is imported, and PYTHONPATH's other folders stay."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("NAME = 'own'\n", encoding="utf-8")
    program = "import sitecustomize\nprint(sitecustomize.NAME)\nsend('a')\n"
    done = record_program(run_dbtune, tmp_path, program, env={"PYTHONPATH": str(folder)})
    assert done.stdout == "own\n", done.stderr
    assert senders(tmp_path / "queries.jsonl") == ["a"]


def test_another_sitecustomize_fails_as_it_would_alone(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """Python tells of its error, and the program is recorded all the same."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("raise ValueError('own')\n", encoding="utf-8")
    done = record_program(run_dbtune, tmp_path, "send('a')\n", env={"PYTHONPATH": str(folder)})
    assert done.stderr.startswith("Error in sitecustomize;"), done.stderr
    assert "ValueError: own" in done.stderr
    assert senders(tmp_path / "queries.jsonl") == ["a"]


def test_quiet_says_only_what_is_missing(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """-q leaves the summary out."""
    (tmp_path / "app.py").write_text("import sqlite3\n", encoding="utf-8")
    done = run_dbtune("-q", "record", "--", sys.executable, "app.py")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_stops_the_recording_and_not_the_program(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """Which prints and logs nothing of dbtune's; the end tells what is missing."""
    program = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
for number in range(100):
    send("x" * 1000)
print("done")
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert done.stderr.startswith("Recorded ")
    assert "Note: statements are missing" in done.stderr
    analyzed = run_dbtune("recording", "inspect", "queries.jsonl")
    assert analyzed.returncode == 0, analyzed.stderr


@pytest.mark.parametrize("version", ["2.7", "3.7", "3.8", "3.9", "3.10", "3.12", "3.13"])
def test_other_pythons_are_recorded_from_3_8_on(
    run_dbtune: RunDbtune, tmp_path: Path, version: str
) -> None:
    """Older ones run as ever, and are named."""
    python = find_python(version)
    if python is None:
        pytest.skip(f"python{version} is neither in DBTUNE_TEST_PYTHONS nor on PATH")
    (tmp_path / "app.py").write_text(
        "import sqlite3, sys\n"
        "connection = sqlite3.connect('app.db')\n"
        "connection.execute('SELECT 1').fetchall()\n"
        "connection.close()\n"
        "sys.exit(3)\n",
        encoding="utf-8",
    )
    done = run_dbtune("record", "--", python, "app.py")
    assert done.returncode == 3, done.stderr
    if version in ("2.7", "3.7"):
        assert "Nothing was recorded.\nNote: " in done.stderr
        assert f"Python {version} is too old" in done.stderr
    else:
        assert "Recorded 1 statement of 1 process" in done.stderr
        assert "Note: " not in done.stderr
