"""`dbtune monitor` as it is started, watched and stopped."""

from __future__ import annotations

import http.client
import json
import os
import pty
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import termios
import time
import urllib.request
from contextlib import closing
from fcntl import ioctl
from pathlib import Path

import pytest

from dbtune.model.metrics import METRICS
from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.documents import ROOT
from tests.fixtures.hostile import ordinary
from tests.fixtures.monitoring import (
    children,
    read_terminal,
    running,
    sample_until,
    wait_until,
)
from tests.fixtures.other_process import other_process

NAMES = {metric.name for metric in METRICS}


QUICK = ("--once", "--interval", "0.1")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small database in WAL mode."""
    path = tmp_path / "shop.db"
    ordinary(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
    return path


def test_one_sample_is_a_table(run_dbtune: RunDbtune, database: Path) -> None:
    """Every metric by its name, also where it is not known."""
    done = run_dbtune("monitor", database, *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    words = set(done.stdout.split())
    assert words >= NAMES


def test_thresholds_decide_how_once_ends(run_dbtune: RunDbtune, database: Path) -> None:
    """With 1 where one is passed, whatever time it should have lasted."""
    passed = "file_size_bytes>1kB for 1h"
    done = run_dbtune("monitor", database, *QUICK, "--threshold", passed)
    assert done.returncode == 1
    assert f"ALERT: shop.db: {passed}" in done.stderr
    assert '"for" of a threshold does not count' in done.stderr
    done = run_dbtune("monitor", database, *QUICK, "--threshold", "file_size_bytes>1GB")
    assert done.returncode == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_is_its_normal_end(database: Path, how: signal.Signals) -> None:
    """Exit code 0, no process left behind, and no byte changed."""
    before = database.read_bytes()
    with running(database) as monitor:
        assert set(monitor.sample()) == NAMES | {"ts", "database", "oldest_reader_pid"}
        (child,) = children(monitor.process.pid)
        assert monitor.stop(how) == (0, "")
    assert not Path(f"/proc/{child}").exists()
    assert database.read_bytes() == before
    assert sorted(os.listdir(database.parent)) == ["shop.db"]


def test_a_killed_monitor_leaves_no_process(database: Path) -> None:
    """What looks at the files ends with the pipe to it."""
    with running(database) as monitor:
        monitor.sample()
        (child,) = children(monitor.process.pid)
        monitor.stop(signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{child}").exists())


def test_a_process_that_holds_the_file_is_measured(database: Path) -> None:
    """The monitor itself is none of them."""
    with other_process(database) as application:
        application.run("SELECT count(*) FROM users")
        with running(database) as monitor:
            sample = monitor.sample()
            assert sample["processes"] == 1
            assert sample["memory_bytes"] > 1_000_000
            assert sample["cpu_ratio"] >= 0
    assert sample["checkpoint_lag_bytes"] == 0


def test_an_old_reader_raises_an_alert_and_its_end_clears_it(database: Path) -> None:
    """With the process that it is."""
    with other_process(database) as writer, other_process(database) as reader:
        reader.run("BEGIN")
        reader.run("SELECT count(*) FROM users")
        writer.run("INSERT INTO users (email) VALUES ('a')")
        with running(database, "--threshold", "oldest_reader_seconds>0.2 clear 0") as monitor:
            assert "ALERT: shop.db: oldest_reader_seconds>0.2" in monitor.note()
            samples = iter(monitor.sample, None)
            pids = (sample["oldest_reader_pid"] for sample in samples if sample)
            assert next(pid for pid in pids if pid) == reader.pid
            reader.run("COMMIT")
            assert "over: shop.db" in monitor.note()


def test_a_database_is_replaced_removed_and_made_again_under_it(
    database: Path, tmp_path: Path
) -> None:
    """Each is told once, and the figures are those of the file that is there."""
    other = tmp_path / "other.db"
    shutil.copy(database, other)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE more AS SELECT * FROM users")
        connection.commit()
    size = other.stat().st_size
    with running(database) as monitor:
        assert monitor.sample()["file_size_bytes"] < size
        other.rename(database)
        assert "was replaced by another file" in monitor.note()
        sample_until(monitor, "file_size_bytes", size)
        database.rename(other)
        assert "shop.db is gone" in monitor.note()
        sample = sample_until(monitor, "up", 0)
        assert sample["problem"] == "is gone"
        assert sample["file_size_bytes"] is None
        # In one step: a file that is empty for a moment is a database.
        text = tmp_path / "text"
        text.write_bytes(b"no database" * 100)
        text.rename(database)
        assert "text file" in monitor.note()
        loop = tmp_path / "loop"
        loop.symlink_to(database)
        loop.rename(database)
        assert "Too many levels of symbolic links" in monitor.note()
        other.rename(database)
        assert "can be read again" in monitor.note()
        sample_until(monitor, "up", 1)


def test_stopping_it_does_not_wait_for_a_server_that_hangs(database: Path) -> None:
    """But for a few seconds, and then it is told that an alert was not sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with running(database, "--threshold", "file_size_bytes>1", "--webhook", url) as monitor:
            connection, _ = server.accept()
            code, said = monitor.stop(signal.SIGTERM)
            connection.close()
    assert code == 0
    assert "an alert was still being sent when the monitor ended" in said


def test_a_name_that_is_not_utf8_fits_into_every_output(
    run_dbtune: RunDbtune, database: Path, tmp_path: Path
) -> None:
    """As in Prometheus' text; what cannot be said of it is a question mark."""
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b'/odd\xff\n"x.db'))
    database.rename(odd)
    got = tmp_path / "got.json"
    options = ("--output", tmp_path / "out.jsonl", "--exec", f"sh -c 'cat > {got}'")
    done = run_dbtune("monitor", odd, *QUICK, *options, "--threshold", "file_size_bytes>1")
    assert done.returncode == 1, done.stderr
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["database"] == 'odd\ufffd\n"x.db'
    assert json.loads(got.read_text("utf-8"))["database"] == 'odd\ufffd\n"x.db'
    with running(odd, "--prometheus", "0") as monitor:
        url = monitor.note().split()[-1].rstrip(".")
        for _ in range(2):  # the first is served once the second is there
            monitor.sample()
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert 'dbtune_up{database="odd\ufffd\\n\\"x.db"} 1.0' in answer.read().decode()


def test_it_is_in_nobodys_way(run_dbtune: RunDbtune, database: Path, tmp_path: Path) -> None:
    """Another monitor does not count it, and what needs the database alone need not wait for it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    backup = tmp_path / "backup.db"
    assert run_dbtune("backup", database, backup).returncode == 0
    with running(database) as first, running(database) as second:
        first.sample()
        assert second.sample()["processes"] == 0
        done = run_dbtune("restore", database, backup, "--yes")
        assert done.returncode == 0, done.stderr
        sample_until(first, "up", 1)


def test_a_recording_is_followed_from_before_it_exists(database: Path, tmp_path: Path) -> None:
    """And it is said that it is waited for."""
    recording = tmp_path / "app.jsonl"
    with running(database, "--recording", recording) as monitor:
        assert "does not exist yet" in monitor.note()
        assert monitor.sample()["statement_p99_seconds"] is None
        line = {"db.query.text": "SELECT 1", "ts": time.time(), "duration_ns": 2_000_000}
        recording.write_text(json.dumps(line) + "\n")
        while (sample := monitor.sample())["statements_per_second"] is None:
            pass
        assert sample["statements_per_second"] > 0
        assert sample["statement_p99_seconds"] == pytest.approx(0.002, rel=0.01)


def test_prometheus_finds_the_metrics_where_it_says(database: Path) -> None:
    """On a port that was free, of this machine only."""
    with running(database, "--prometheus", "0") as monitor:
        url = monitor.note().split()[-1].rstrip(".")
        assert url.startswith("http://127.0.0.1:")
        monitor.sample()
        monitor.sample()
        connection = http.client.HTTPConnection(url.split("/")[2], timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        assert 'dbtune_up{database="shop.db"} 1.0' in text
        assert monitor.stop() == (0, "")


def test_samples_are_appended_to_a_file(run_dbtune: RunDbtune, database: Path) -> None:
    """A line each, after what is there."""
    for _ in range(2):
        assert run_dbtune("monitor", database, *QUICK, "--output", "m.jsonl").returncode == 0
    lines = (database.parent / "m.jsonl").read_text().splitlines()
    assert [json.loads(line)["database"] for line in lines] == ["shop.db", "shop.db"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--threshold", "wal_size>1"], 2, "did you mean wal_size_bytes?"),
        (["--exec", "true"], 2, "no --threshold raises one"),
        (["--threshold", "up<1", "--webhook", "file:///x"], 2, "no web address"),
        (["--live"], 2, "stdout is none"),
        (["--once", "--prometheus", "0"], 2, "--once ends at once"),
        (["--prometheus", "nowhere"], 2, "is no address"),
        (["--prometheus", "203.0.113.1:9187"], 2, "cannot be listened on"),
        (["--output", "missing/m.jsonl"], 2, "folder that does not exist"),
        (["--output", "shop.db"], 5, "is a database"),
        (["--output", "shop.db-wal"], 5, "is a database"),
        (["--interval", "0"], 2, "--interval"),
        (["--output", "a.jsonl", "--recording", "./a.jsonl"], 2, "is the recording"),
    ],
)
def test_bad_options_are_told(
    run_dbtune: RunDbtune, database: Path, options: list[str], code: int, said: str
) -> None:
    """Before anything is watched or written."""
    before = database.read_bytes()
    done = run_dbtune("monitor", database, *options)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert database.read_bytes() == before


@pytest.mark.parametrize(("columns", "shown"), [(80, 9), (160, 17)])
def test_lines_fill_the_terminal(database: Path, columns: int, shown: int) -> None:
    """Not more, and the most important figures first."""
    command = [dbtune_command(), "monitor", str(database), "--interval", "0.1"]
    environment = clean_environment() | {"COLUMNS": str(columns)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        heading, line = process.stdout.readline(), process.stdout.readline()
        process.send_signal(signal.SIGINT)
    assert len(heading.split()) == shown
    assert max(len(heading), len(line)) <= columns + 1


def test_a_reader_that_goes_away_is_a_normal_end(database: Path) -> None:
    """As `| head -2` does; 1 would mean that a threshold is passed."""
    command = f"'{dbtune_command()}' monitor '{database}' --interval 0.1 | head -2"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_live_view_draws_one_table_anew(database: Path) -> None:
    """It moves the cursor back up, and alerts come above it."""
    terminal, inner = pty.openpty()
    ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    command = [dbtune_command(), "monitor", str(database), "--interval", "0.1", "--live"]
    with subprocess.Popen(
        [*command, "--threshold", "file_size_bytes>1"],
        env=clean_environment() | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=inner,
        stderr=inner,
    ) as process:
        os.close(inner)
        drawn = read_terminal(terminal, until=b"ALERT")
        drawn += read_terminal(terminal, until=b"\x1b[1A")
        process.send_signal(signal.SIGINT)
        drawn += read_terminal(terminal)
    os.close(terminal)
    assert process.returncode == 0
    text = drawn.decode()
    after = text.partition("ALERT")[2]
    # The table is drawn below the alert before the cursor goes up for the next one.
    assert 0 < after.find("checkpoint lag") < after.find("\x1b[1A")
    assert "Traceback" not in text


def test_without_the_extra_the_rest_works(database: Path) -> None:
    """And both say how to install it."""
    hide = (
        "import sys; sys.modules['psutil'] = sys.modules['prometheus_client'] = None\n"
        "from dbtune.cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    hint = "pip install 'dbtune[monitor]'"
    for options, code in ((QUICK, 0), (("--prometheus", "0"), 2)):
        done = subprocess.run(
            [sys.executable, "-c", hide, "monitor", str(database), *options],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert hint in done.stderr


def test_every_metric_is_documented() -> None:
    """With its unit."""
    text = (ROOT / "docs" / "how-to" / "monitor.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    documented = {row[1].strip(" `"): row[2].strip() for row in rows}
    units = {metric.name: metric.unit.replace("_", " ") for metric in METRICS}
    assert {name: documented.get(name) for name in units} == units
