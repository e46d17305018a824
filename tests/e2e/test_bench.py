"""`dbtune bench`: a load on copies, in one table, and nothing left behind."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import clean_environment, dbtune_command
from tests.fixtures.load import make_shop
from tests.fixtures.shop import added, build_shop, write_report

Run = Callable[..., "subprocess.CompletedProcess[str]"]

QUICK = ("--clients", "3", "--duration", "0.3")
BY_USER = "SELECT id FROM orders WHERE user_id = ? ORDER BY created_at DESC"
LINES: tuple[dict[str, Any], ...] = (
    {"db.query.text": BY_USER, "db.query.parameters": [7], "request_id": "a"},
    {"db.query.text": "SELECT name FROM users WHERE id = ?", "request_id": "a"},
    {
        "db.query.text": "INSERT INTO users (id, email) VALUES (?, ?)",
        "db.query.parameters": [1, "user1@example.org"],
        "request_id": "b",
    },
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop, and beside it a recording of two requests."""
    write_lines(tmp_path / "app.jsonl", *LINES)
    return build_shop(tmp_path / "shop.db")


def write_lines(path: Path, *lines: dict[str, Any]) -> Path:
    """Write a recording."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def bench(run_dbtune: Run, shop: Path, *more: str | Path, **how: Any) -> Any:
    """Run the command on the shop and its recording."""
    return run_dbtune("bench", shop, "--queries", "app.jsonl", *QUICK, *more, **how)


def document(result: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a run printed."""
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def check_run(run: Any) -> None:
    """Every unit is one thing, and the shapes add up."""
    assert sum(shape["calls"] for shape in run["shapes"]) == run["statements"] > 0
    assert run["failures"] == {"locked": 0, "timeout": 0, "constraint": 0, "other": 0}
    assert run["latency"]["count"] == run["succeeded"] + run["unfinished"]
    assert run["success_ratio"] == 1.0


def test_configurations_are_compared_on_copies(run_dbtune: Run, shop: Path) -> None:
    """All statements are sent, drawn and new values too; the database keeps every byte."""
    before = shop.read_bytes()
    configs = ("as-is", "rollback", "wal", "wal+hook")
    chosen = [part for name in configs for part in ("--config", name)]
    found = document(bench(run_dbtune, shop, *chosen, "--json", env={"TMPDIR": str(shop.parent)}))
    assert [run["config"] for run in found["runs"]] == list(configs)
    for run in found["runs"]:
        check_run(run)
        assert run["rate"] == {"clients": 3, "per_second": None}
    assert found["load"] == {"mix": "recorded", "unit": "request", "units": 2, "statements": 3}
    assert found["not_checked"] == []
    assert shop.read_bytes() == before
    assert sorted(os.listdir(shop.parent)) == ["app.jsonl", "shop.db"]


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_the_terminal(run_dbtune: Run, shop: Path, width: int) -> None:
    """With a line that says what the last configuration gives beside the first."""
    result = bench(run_dbtune, shop, env={"COLUMNS": str(width)})
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("shop.db (")
    assert lines[2].split()[:4] == ["config", "clients", "requests/s", "success"]
    assert ("stdev" in lines[2]) is (width == 160)
    assert "3 clients, as-is -> wal+hook: " in result.stdout
    assert "FROM orders WHERE user" in result.stdout


def test_arrivals_replace_clients(run_dbtune: Run, shop: Path) -> None:
    """The open loop: so many a second, whoever waits."""
    found = document(bench(run_dbtune, shop, "--rate", "50,100", "--mix", "reads", "--json"))
    rates = [run["rate"]["per_second"] for run in found["runs"]]
    assert rates == [50.0, 100.0, 50.0, 100.0]
    for run in found["runs"]:
        check_run(run)
        assert not any("INSERT" in shape["text"] for shape in run["shapes"])


def test_indexes_of_a_report_are_a_configuration_more(run_dbtune: Run, shop: Path) -> None:
    """They are created on a copy, and the plan there uses them."""
    report = write_report(shop, added("orders", "user_id", "created_at"))
    found = document(bench(run_dbtune, shop, "--config", "wal", "--with-indexes", report, "--json"))
    assert [run["config"] for run in found["runs"]] == ["wal", "wal+indexes"]
    means = [
        next(s["latency"]["median_ns"] for s in run["shapes"] if s["text"] == BY_USER)
        for run in found["runs"]
    ]
    assert means[1] < means[0]  # 3,000 rows against 30


def test_a_report_without_new_indexes_is_refused(run_dbtune: Run, shop: Path) -> None:
    """Nothing would differ."""
    result = bench(run_dbtune, shop, "--with-indexes", write_report(shop))
    assert result.returncode == 5
    assert "no new index" in result.stderr
    assert "Hint: make one: dbtune analyze" in result.stderr


def test_indexes_that_are_in_place_are_no_new_ones(run_dbtune: Run, shop: Path) -> None:
    """The database is measured with them anyway, and another report would not change that."""
    new = added("orders", "user_id", "created_at")
    report = write_report(shop, new)
    assert new.change is not None
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute(new.change.up[0])
    result = bench(run_dbtune, shop, "--with-indexes", report)
    assert result.returncode == 5
    assert "in place already" in result.stderr
    assert "Hint: leave the option out" in result.stderr


def test_all_figures_come_as_csv(run_dbtune: Run, shop: Path) -> None:
    """A row a run and a row a shape, whose calls add up to the document's."""
    result = bench(run_dbtune, shop, "--csv", "load.csv", "--output", "load.json")
    assert result.returncode == 0, result.stderr
    found = json.loads((shop.parent / "load.json").read_text(encoding="utf-8"))
    with (shop.parent / "load.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    runs = [row for row in rows if not row["shape_id"]]
    assert [int(row["succeeded"]) for row in runs] == [run["succeeded"] for run in found["runs"]]
    calls = sum(int(row["succeeded"]) for row in rows if row["shape_id"])
    assert calls == sum(run["statements"] for run in found["runs"])
    assert all(float(row["min_ms"]) <= float(row["max_ms"]) for row in rows)


def test_what_cannot_be_sent_is_told(run_dbtune: Run, shop: Path) -> None:
    """With its reason, and the rest is sent."""
    write_lines(
        shop.parent / "app.jsonl",
        *LINES,
        {"db.query.text": "SELECT * FROM gone"},
        {"db.query.text": "SELECT secret(id) FROM users"},
        {"db.query.text": "ATTACH 'other.db' AS other"},
        {"db.query.text": 5},
    )
    result = bench(run_dbtune, shop, env={"COLUMNS": "200"})
    assert result.returncode == 0, result.stderr
    for reason in ("no such table: gone", "no such function: secret", "ATTACH", "line 7"):
        assert reason in result.stdout
    assert not (shop.parent / "other.db").exists()


def test_statements_of_other_databases_are_left_out(run_dbtune: Run, shop: Path) -> None:
    """And counted, also where the one at hand comes late; a name can be given."""
    lines = (
        {"db.query.text": "SELECT count(*) FROM orders", "db.namespace": "/srv/logs.db"},
        {"db.query.text": "SELECT count(*) FROM users", "db.namespace": str(shop)},
    )
    write_lines(shop.parent / "app.jsonl", *lines)
    found = document(bench(run_dbtune, shop, "--config", "wal", "--json"))
    assert [s["text"] for s in found["runs"][0]["shapes"]] == ["SELECT count(*) FROM users"]
    assert found["not_checked"] == ["statements of other databases left out: 1 (/srv/logs.db)"]
    named = bench(run_dbtune, shop, "--config", "wal", "--json", "--recorded-as", "logs.db")
    sent = [shape["text"] for shape in document(named)["runs"][0]["shapes"]]
    assert sent == ["SELECT count(*) FROM orders"]


def test_several_databases_that_may_be_meant_are_asked_about(run_dbtune: Run, shop: Path) -> None:
    """None of them is called like the database at hand."""
    names = ("/srv/a.db", "/srv/b.db")
    lines = ({"db.query.text": "SELECT 1", "db.namespace": name} for name in names)
    write_lines(shop.parent / "app.jsonl", *lines)
    result = bench(run_dbtune, shop)
    assert result.returncode == 2
    assert "--recorded-as" in result.stderr


@pytest.mark.parametrize("content", ["", "BEGIN;\nCOMMIT;\n", "SELECT * FROM gone;\n"])
def test_nothing_to_send_is_no_error(run_dbtune: Run, shop: Path, content: str) -> None:
    """It is said, and nothing is loaded."""
    (shop.parent / "none.sql").write_text(content)
    result = run_dbtune("bench", shop, "--queries", "none.sql", *QUICK)
    assert result.returncode == 0, result.stderr
    assert "Nothing to send" in result.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--clients", "0"), "0 is not above 0"),
        (("--clients", "5,many"), "'many' is not a number"),
        (("--clients", "2.5"), "'2.5' is not a number"),
        (("--rate", "nan"), "nan is not above 0"),
        (("--duration", "0"), "0.1<=x"),
        (("--config", "fast"), "'fast' is not one of"),
        (("--postgres", "mysql://u:secret@h/d"), "expected postgresql://"),
        (("--with-indexes", "gone.json"), "gone.json does not exist"),
        (("--scratch", "gone"), "gone does not exist"),
        (("--csv", "load", "--output", "./load"), "--csv and --output are both load"),
        (("--csv", "gone/load.csv"), "--csv gone/load.csv is in a folder that does not exist"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    run_dbtune: Run, shop: Path, options: tuple[str, ...], told: str
) -> None:
    """With exit code 2, and no secret is shown."""
    result = bench(run_dbtune, shop, *options)
    assert result.returncode == 2, result.stderr
    assert told in result.stderr
    assert "secret" not in result.stdout + result.stderr


def test_a_csv_never_overwrites_the_database(run_dbtune: Run, shop: Path) -> None:
    """Refused before anything is read."""
    before = shop.read_bytes()
    result = bench(run_dbtune, shop, "--csv", shop)
    assert result.returncode == 5
    assert shop.read_bytes() == before


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for less than the copies of a database."""
    if os.name != "posix" or os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=17m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this system lets nobody mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_copies_that_do_not_fit_are_refused(
    run_dbtune: Run, tmp_path: Path, tiny_disk: Path
) -> None:
    """Before anything is written, with what is needed and what is there."""
    make_shop(tmp_path / "shop.db", "CREATE TABLE big AS SELECT zeroblob(2000000) AS b")
    write_lines(tmp_path / "app.jsonl", *LINES)
    result = bench(run_dbtune, tmp_path / "shop.db", "--scratch", tiny_disk)
    assert result.returncode == 5
    assert "no room for the copies of" in result.stderr
    assert "5.1 MB" in result.stderr
    assert os.listdir(tiny_disk) == []


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_an_interrupted_load_leaves_nothing(shop: Path, number: signal.Signals) -> None:
    """No copy and no process; the exit code is 130."""
    scratch = shop.parent / "scratch"
    scratch.mkdir()
    command = [dbtune_command(), "bench", str(shop), "--queries", "app.jsonl", "--duration", "60"]
    process = subprocess.Popen(
        [*command, "--scratch", str(scratch)],
        cwd=shop.parent,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Loading"):
            break
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)  # ends once no child holds the pipes
    assert process.returncode == 130, errors
    assert output == ""
    assert "Traceback" not in errors
    assert os.listdir(scratch) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_killed_load_leaves_no_process(shop: Path) -> None:
    """Its children see the end of their parent; the next run removes the copies."""
    scratch = shop.parent / "scratch"
    scratch.mkdir()
    command = [dbtune_command(), "bench", str(shop), "--queries", "app.jsonl", "--duration"]
    where = ("--scratch", str(scratch))
    process = subprocess.Popen(
        [*command, "60", *where],
        cwd=shop.parent,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Loading"):
            break
    process.kill()
    process.communicate(timeout=60)  # ends once no child holds the pipes
    assert len(os.listdir(scratch)) == 1
    again = subprocess.run(
        [*command, "0.1", "--clients", "1", *where],
        cwd=shop.parent,
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    assert again.returncode == 0
    assert os.listdir(scratch) == []
