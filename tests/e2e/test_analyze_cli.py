"""`dbtune analyze` as a user runs it: what comes out where, and with which exit code."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.journeys.analyze import AnalyzeOptions
from dbtune.report.documents.from_json import from_json
from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.report_schema import valid_report

HOSTILE = 'evil\x1b[2J"\n-- name'
ROWS = 4_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop.db that lacks an index, has a duplicate, and a table with a hostile name."""
    folder = tmp_path_factory.mktemp("shop")
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        connection.executescript(
            f"""
            CREATE TABLE orders (
                id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, created_at TEXT, note TEXT
            );
            CREATE INDEX idx_created ON orders (created_at);
            CREATE INDEX idx_created_again ON orders (created_at);
            CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, a);
            CREATE INDEX "x -- y" ON {quoted} (a);
            CREATE INDEX "x -- z" ON {quoted} (a);
            """
        )
        connection.executemany(
            "INSERT INTO orders (user_id, created_at, note) VALUES (?, ?, ?)",
            ((n % 500, f"2026-01-{n % 28 + 1:02}", "x" * 60) for n in range(ROWS)),
        )
        connection.executemany(
            f"INSERT INTO {quoted} (a) VALUES (?)", ((n % 40,) for n in range(ROWS))
        )
        connection.commit()
    lines = [
        f"SELECT * FROM orders WHERE user_id = {n} ORDER BY created_at DESC LIMIT 10;\n"
        for n in range(200)
    ]
    (folder / "queries.sql").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def shop(folder: Path, tmp_path: Path) -> Path:
    """A copy of the shop in the working directory of the test."""
    shutil.copy(folder / "shop.db", tmp_path)
    shutil.copy(folder / "queries.sql", tmp_path)
    return tmp_path / "shop.db"


@pytest.fixture(scope="module")
def analyzed(folder: Path) -> subprocess.CompletedProcess[str]:
    """One run with everything, which several tests look at."""
    return subprocess.run(
        [dbtune_command(), "analyze", "shop.db", "--queries", "queries.sql", "--output", "r.json"],
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def digest(path: Path) -> str:
    """The bytes of a file, to see whether they changed."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_verdict_comes_first_and_the_new_index_with_it(
    analyzed: subprocess.CompletedProcess[str],
) -> None:
    """The newcomer sees how much faster, then what to do, then why."""
    assert analyzed.returncode == 0, analyzed.stderr
    assert analyzed.stdout.startswith("shop.db can be ")
    assert "missing-index" in analyzed.stdout and "duplicate-index" in analyzed.stdout
    assert "Query shapes" in analyzed.stdout


def test_result_is_on_stdout_and_progress_on_stderr(
    analyzed: subprocess.CompletedProcess[str],
) -> None:
    """So that the result can be piped."""
    assert "Error" not in analyzed.stderr and "missing-index" not in analyzed.stderr
    assert analyzed.stderr.strip()


def test_without_a_terminal_there_is_no_escape(analyzed: subprocess.CompletedProcess[str]) -> None:
    """Neither of ours nor of the hostile table's name, and lines fit 80 columns."""
    assert "\x1b" not in analyzed.stdout
    assert r"evil\x1b[2J" in analyzed.stdout


def test_output_file_is_the_report_of_the_contract(
    analyzed: subprocess.CompletedProcess[str], folder: Path
) -> None:
    """--output writes the document while stdout keeps its own form, and leaves nothing else."""
    text = (folder / "r.json").read_text(encoding="utf-8")
    document = valid_report(text)
    assert document["command"] == "analyze" and document["verdict"]["gain_ratio"] > 0.5
    assert from_json(text, "r.json").findings
    assert not list(folder.glob("*.partial")) and not list(folder.glob(".*"))


def test_json_is_the_whole_of_stdout(run_dbtune: RunDbtune, shop: Path) -> None:
    """--json is one document that a program reads."""
    done = run_dbtune("analyze", "shop.db", "--queries", "queries.sql", "--json")
    assert done.returncode == 0, done.stderr
    assert valid_report(done.stdout)["source"]["path"].endswith("shop.db")


def test_sql_runs_line_by_line_on_the_database(run_dbtune: RunDbtune, shop: Path) -> None:
    """--sql piped into SQLite creates the index, and drops only with --drops."""
    done = run_dbtune("analyze", "shop.db", "--queries", "queries.sql", "--sql", "--drops")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(shop)) as connection:
        for line in done.stdout.splitlines():
            assert line.startswith("--") or sqlite3.complete_statement(line)
            connection.execute(line)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    assert any(name.startswith("ix_orders_user_id") for name in names)
    assert len({"idx_created", "idx_created_again"} & names) <= 1


def test_format_prints_lines_for_models(run_dbtune: RunDbtune, shop: Path) -> None:
    """Both are Python."""
    for form, mark in (("sqlalchemy", "Index("), ("django", "models.Index(")):
        done = run_dbtune("analyze", "shop.db", "--queries", "queries.sql", "--format", form)
        assert done.returncode == 0, done.stderr
        compile(done.stdout, form, "exec")
        assert mark in done.stdout


def test_source_is_unchanged(run_dbtune: RunDbtune, shop: Path) -> None:
    """analyze only reads, and leaves nothing beside the database."""
    before = digest(shop)
    assert run_dbtune("analyze", "shop.db", "--queries", "queries.sql").returncode == 0
    assert digest(shop) == before
    assert sorted(path.name for path in shop.parent.iterdir()) == ["queries.sql", "shop.db"]


def test_without_queries_it_says_how_to_record(run_dbtune: RunDbtune, shop: Path) -> None:
    """Schema and health only, in one clear word."""
    done = run_dbtune("analyze", "shop.db")
    assert done.returncode == 0, done.stderr
    assert "No recording given" in done.stdout and "dbtune record -o" in done.stdout
    assert "duplicate-index" in done.stdout and "missing-index" not in done.stdout


def test_queries_come_from_stdin_and_from_several_files(run_dbtune: RunDbtune, shop: Path) -> None:
    """`-` is stdin, --queries may be repeated, and a glob behind it gives several files."""
    (shop.parent / "more.sql").write_text("SELECT count(*) FROM orders;\n", encoding="utf-8")
    piped = run_dbtune(
        "analyze", "shop.db", "--queries", "-", "--json", input="SELECT count(*) FROM orders;\n"
    )
    assert len(valid_report(piped.stdout)["shapes"]) == 1
    (shop.parent / "third.sql").write_text("SELECT min(id) FROM orders;\n", encoding="utf-8")
    several = ["--queries", "queries.sql", "--queries", "more.sql", "third.sql"]
    done = run_dbtune("analyze", "shop.db", *several, "--json")
    assert len(valid_report(done.stdout)["shapes"]) == 3


def test_fail_on_ends_with_1_where_a_finding_is_that_severe(
    run_dbtune: RunDbtune, shop: Path
) -> None:
    """A missing index that costs most of the workload is high."""
    done = run_dbtune("analyze", "shop.db", "--queries", "queries.sql", "--fail-on", "high")
    assert done.returncode == 1, done.stderr
    assert "missing-index" in done.stdout


def test_fail_on_ends_with_0_where_nothing_is_that_severe(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """An empty database has no findings of weight, and one with a duplicate index has."""
    (tmp_path / "empty.db").touch()
    done = run_dbtune("analyze", "empty.db", "--fail-on", "low")
    assert done.returncode == 0, done.stderr
    assert "no tables" in done.stdout


USAGE = {
    "two forms": (["--json", "--sql"], "exclude one another"),
    "format and json": (["--json", "--format", "django"], "exclude one another"),
    "sql and another format": (["--sql", "--format", "django"], "exclude one another"),
    "drops alone": (["--drops"], "--drops goes with --sql only"),
    "drops for models": (["--format", "django", "--drops"], "--drops goes with --sql only"),
    "a file without --queries": (["queries.sql"], "unexpected extra argument (queries.sql)"),
    "negative budget": (["--budget-mb", "-1"], "--budget-mb"),
    "gain over all": (["--min-gain", "1.5"], "--min-gain"),
    "slowdown below none": (["--max-write-slowdown", "0.5"], "0.5 is below 1. It is a write's"),
    "a version that is none": (["--app-sqlite", "3.x"], "expected a version such as 3.45.1"),
    "slowdown that is no number": (["--max-write-slowdown", "nan"], "1 allows no slowdown"),
}


@pytest.mark.parametrize(("arguments", "message"), USAGE.values(), ids=USAGE)
def test_usage_errors_end_with_2(
    run_dbtune: RunDbtune, shop: Path, arguments: list[str], message: str
) -> None:
    """Said before any work is done, with nothing on stdout."""
    done = run_dbtune("analyze", "shop.db", *arguments)
    assert done.returncode == 2
    assert message in done.stderr and done.stdout == ""


def test_a_recording_of_nothing_is_not_told_as_a_search(run_dbtune: RunDbtune, shop: Path) -> None:
    """No option makes it find more."""
    (shop.parent / "none.jsonl").touch()
    done = run_dbtune("analyze", shop, "--queries", shop.parent / "none.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "No query was checked: the recording holds none that shop.db can run.\n"
    )
    assert "--min-gain" not in done.stdout


def test_help_gives_the_defaults_that_hold(run_dbtune: RunDbtune) -> None:
    """The help knows them by heart, since the journey is too heavy to import for it."""
    text = " ".join(run_dbtune("analyze", "--help").stdout.split())
    options = AnalyzeOptions()
    assert f"each index has to save [default: {options.min_gain_ratio}]" in text
    assert f"of the advice together [default: {options.time_limit_seconds:g}]" in text


def test_sql_and_format_sql_are_the_same(run_dbtune: RunDbtune, shop: Path) -> None:
    """Asking twice for one form is no contradiction."""
    done = run_dbtune("analyze", "shop.db", "--sql", "--format", "sql")
    assert done.returncode == 0, done.stderr


REFUSED = {
    "the database": ("shop.db", 5),
    "its -wal": ("shop.db-wal", 5),
    "its -journal to be": ("./shop.db-journal", 5),
    "a link to elsewhere": ("link.json", 5),
    "a hard link to the database": ("hard.json", 5),
    "another database": ("other.db", 5),
    "a folder": (".", 2),
    "a missing folder": ("nowhere/r.json", 2),
}


@pytest.mark.parametrize(("output", "code"), REFUSED.values(), ids=REFUSED)
def test_output_never_overwrites_what_is_not_a_report(
    run_dbtune: RunDbtune, shop: Path, output: str, code: int
) -> None:
    """Refused before the work, with nothing written."""
    folder = shop.parent
    (folder / "target.txt").write_text("mine", encoding="utf-8")
    (folder / "link.json").symlink_to("target.txt")
    os.link(shop, folder / "hard.json")
    shutil.copy(shop, folder / "other.db")
    before = {path.name: digest(path) for path in folder.iterdir()}
    done = run_dbtune("analyze", "shop.db", "--output", output)
    assert done.returncode == code, done.stderr
    assert "Error: " in done.stderr and "Hint: " in done.stderr and done.stdout == ""
    assert {path.name: digest(path) for path in folder.iterdir()} == before


def test_output_replaces_an_older_report(run_dbtune: RunDbtune, shop: Path) -> None:
    """As a whole: the new one takes the old one's place."""
    report = shop.parent / "r.json"
    report.write_text("{}", encoding="utf-8")
    assert run_dbtune("analyze", "shop.db", "--output", "r.json").returncode == 0
    assert json.loads(report.read_text(encoding="utf-8"))["schema_version"] == 1


def test_width_follows_columns(run_dbtune: RunDbtune, shop: Path) -> None:
    """Without a terminal COLUMNS says how wide it is."""
    done = run_dbtune("analyze", "shop.db", env={"COLUMNS": "60"})
    prose = [line for line in done.stdout.splitlines() if not line.startswith("    ")]
    assert done.returncode == 0 and max(map(len, prose)) <= 60


def test_narrow_encodings_do_not_stop_the_report(run_dbtune: RunDbtune, shop: Path) -> None:
    """Where there is no µ it gets an escape instead of a stack trace."""
    done = run_dbtune(
        "analyze", "shop.db", "--queries", "queries.sql", env={"PYTHONIOENCODING": "iso8859-5"}
    )
    assert done.returncode == 0, done.stderr
    assert "\\xb5s" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")
@pytest.mark.parametrize(("variable", "colored"), [("NO_COLOR", False), ("DBTUNE_X", True)])
def test_terminal_gets_colors_unless_no_color(shop: Path, variable: str, colored: bool) -> None:
    """On a terminal of its own (a pty), by https://no-color.org."""
    env = {**clean_environment(), "TERM": "xterm", variable: "1"}
    drawn = run_on_terminal([dbtune_command(), "-q", "analyze", "shop.db"], shop.parent, env)
    assert "duplicate-index" in drawn
    assert ("\x1b[" in drawn) is colored


def run_on_terminal(command: list[str], cwd: Path, env: dict[str, str]) -> str:
    """Run a command whose stdout is a terminal, and return what it drew."""
    import pty

    controller, terminal = pty.openpty()
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal
    ):
        os.close(terminal)
        drawn = bytearray()
        try:
            while chunk := os.read(controller, 65536):
                drawn += chunk
        except OSError:
            pass  # EIO: Linux's way to say that the other side closed
        finally:
            os.close(controller)
    return drawn.decode()
