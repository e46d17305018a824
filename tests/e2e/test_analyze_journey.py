"""`dbtune analyze` on what recordings, disks and options can be like."""

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
from typing import Any

import pytest

from tests.conftest import RunDbtune, clean_environment, dbtune_command

ROWS = 25_000
BY_CUSTOMER = "SELECT note FROM orders WHERE customer_id = ? ORDER BY placed_at DESC LIMIT ?"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with one large table and a small one."""
    path = tmp_path_factory.mktemp("built") / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, status TEXT,"
            " placed_at TEXT, note TEXT)"
        )
        connection.execute("CREATE TABLE states (code TEXT, name TEXT)")
        connection.executemany(
            "INSERT INTO orders (customer_id, status, placed_at, note) VALUES (?, ?, ?, ?)",
            [
                (
                    n * 7919 % 400,
                    "open" if n % 50 == 0 else "done",
                    f"2026-01-{n % 28 + 1:02}",
                    "x" * 60,
                )
                for n in range(ROWS)
            ],
        )
        connection.executemany(
            "INSERT INTO states VALUES (?, ?)", [(f"c{n}", "x") for n in range(30)]
        )
        connection.commit()
    return path


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Path:
    """A copy of the shop in a folder of its own."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return Path(shutil.copy(built, folder / "shop.db"))


def record(folder: Path, *lines: dict[str, Any], name: str = "queries.jsonl") -> Path:
    """Write a recording."""
    path = folder / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def query(text: str, *values: Any, count: int = 100) -> dict[str, Any]:
    """Return a line of a recording; without values none are recorded."""
    line: dict[str, Any] = {"db.query.text": text, "count": count}
    return {**line, "db.query.parameters": list(values)} if values else line


def analyzed(run: RunDbtune, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    """Run analyze and return its report."""
    result = run("analyze", *arguments, "--json")
    assert result.returncode == code, result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def missing(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the findings of the advisor."""
    return [f for f in report["findings"] if f["code"] == "missing-index"]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_values_that_were_not_recorded_are_drawn(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """None at all, or masked ones; the evidence of the index says so."""
    masked = {"type": "integer", "len": 1}
    for number, line in enumerate((query(BY_CUSTOMER), query(BY_CUSTOMER, masked, masked))):
        recording = record(tmp_path, line, name=f"{number}.jsonl")
        report = analyzed(run_dbtune, shop, "--queries", recording)
        (finding,) = missing(report)
        assert finding["evidence"]["values"] == "drawn"
        assert "customer_id" in finding["change"]["up"][0]
        assert report["shapes"][0]["values"] == "drawn"


def test_values_that_were_recorded_are_used(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """In order, by name, and as blobs."""
    recording = record(
        tmp_path,
        query(BY_CUSTOMER, 7, 5),
        {"db.query.text": "SELECT id FROM orders WHERE status = :s AND note = :n",
         "db.query.parameters": {"s": "open", "n": {"$blob": "AAEC"}}},
    )  # fmt: skip
    report = analyzed(run_dbtune, shop, "--queries", recording)
    assert {shape["values"] for shape in report["shapes"]} == {"recorded"}
    assert all(f["evidence"]["values"] == "recorded" for f in missing(report))


@pytest.mark.parametrize("content", ["", "\n\n", '{"dbtune.recording": 1}\n'])
def test_an_empty_recording_is_told_and_no_failure(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune, content: str
) -> None:
    """Nothing was recorded, so nothing is advised."""
    (tmp_path / "empty.jsonl").write_text(content)
    report = analyzed(run_dbtune, shop, "--queries", "empty.jsonl")
    assert missing(report) == [] and report["shapes"] == []
    assert any("holds no statements" in line for line in report["not_checked"])


def test_a_recording_of_commands_alone_is_told(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """What neither reads nor writes rows is not run, and harms nothing."""
    (tmp_path / "q.sql").write_text("BEGIN;\nPRAGMA user_version = 9;\nCOMMIT;\nVACUUM;\n")
    before = digest(shop)
    report = analyzed(run_dbtune, shop, "--queries", "q.sql")
    assert missing(report) == [] and digest(shop) == before
    assert any("neither read nor write rows" in line for line in report["not_checked"])


def test_statements_that_cannot_be_prepared_become_findings(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """With their text, SQLite's words, and what was meant; the others get their advice."""
    recording = record(
        tmp_path,
        query(BY_CUSTOMER, 7, 5),
        query("SELECT * FROM order WHERE id = 5"),
        query("SELECT custmer_id FROM orders"),
        query("SELECT * FROM ordres"),
        query("SELEC 1"),
    )
    report = analyzed(run_dbtune, shop, "--queries", recording)
    failed = [f for f in report["findings"] if f["code"] == "unplannable-query"]
    texts = json.dumps(failed)
    assert len(failed) == 4 and "syntax error" in texts
    assert "no such column: custmer_id" in texts and "no such table: ordres" in texts
    assert missing(report)


def test_several_kinds_of_recordings_are_read_together(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """A folder with JSONL and .sql files, and the shapes that they share counted once."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    record(folder, query("SELECT note FROM orders WHERE customer_id = 5", count=10), name="a.jsonl")
    (folder / "b.sql").write_text("SELECT note FROM orders WHERE customer_id = 9;\n" * 3)
    report = analyzed(run_dbtune, shop, "--queries", "recordings")
    (shape,) = report["shapes"]
    assert shape["count"] == 13 and len(missing(report)) == 1


def test_a_sample_scales_what_it_says_of_the_whole(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """An index's size is about what it is on the whole database."""
    recording = record(tmp_path, query("SELECT note FROM orders WHERE customer_id = ?", 7))
    (whole,) = missing(analyzed(run_dbtune, shop, "--queries", recording))
    small = analyzed(run_dbtune, shop, "--queries", recording, "--scratch-mb", "5")
    (sampled,) = missing(small)
    assert sampled["change"]["up"] == whole["change"]["up"]
    fraction = sampled["evidence"]["sampled_ratio"]
    assert 0 < fraction < 1 and "sampled_ratio" not in whole["evidence"]
    size, guess = whole["evidence"]["size_bytes"], sampled["evidence"]["size_bytes"]
    assert 0.6 * size <= guess <= 1.6 * size
    assert any("orders" in line and "%" in line for line in small["not_checked"])


def test_a_scratch_folder_that_is_not_there_is_told(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """Before anything is done, with the exit code of a wrong option."""
    recording = record(tmp_path, query(BY_CUSTOMER, 7, 5))
    result = run_dbtune("analyze", shop, "--queries", recording, "--scratch", "gone")
    assert result.returncode == 2 and "gone" in result.stderr and "Traceback" not in result.stderr
    assert not (tmp_path / "gone").exists()


def test_too_little_room_is_refused_with_a_way_out(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """Not even a sample fits."""
    recording = record(tmp_path, query(BY_CUSTOMER, 7, 5))
    result = run_dbtune("analyze", shop, "--queries", recording, "--scratch-mb", "0.5")
    assert result.returncode == 5 and "--scratch-mb" in result.stderr


def test_a_scratch_folder_that_is_named_is_used_and_left_empty(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """Nothing goes into the temporary folder, which may be small or seen by others."""
    recording = record(tmp_path, query(BY_CUSTOMER, 7, 5))
    for name in ("scratch", "temporary"):
        (tmp_path / name).mkdir()
    result = run_dbtune(
        "analyze", shop, "--queries", recording, "--scratch", "scratch",
        env={"TMPDIR": str(tmp_path / "temporary")},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert os.listdir(tmp_path / "scratch") == os.listdir(tmp_path / "temporary") == []


def test_writes_are_held_to_their_limit(shop: Path, tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """--max-write-slowdown 1 allows no index on a table that is written."""
    recording = record(
        tmp_path,
        query(BY_CUSTOMER, 7, 5, count=10),
        query("INSERT INTO orders (customer_id, status) VALUES (?, ?)", 5, "open", count=50),
    )
    options = ("--queries", recording)
    assert missing(analyzed(run_dbtune, shop, *options))
    held = analyzed(run_dbtune, shop, *options, "--max-write-slowdown", "1")
    assert missing(held) == []


def test_a_tiny_time_limit_still_gives_the_plain_answer(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """And says what was cut short."""
    recording = record(tmp_path, query(BY_CUSTOMER, 7, 5))
    report = analyzed(run_dbtune, shop, "--queries", recording, "--time-limit", "0.001")
    assert "customer_id" in missing(report)[0]["change"]["up"][0]
    assert any("--time-limit" in line for line in report["not_checked"])


def test_proposals_without_a_recording_are_not_judged(shop: Path, run_dbtune: RunDbtune) -> None:
    """Nothing says what would use them."""
    shop.with_name("ddl.sql").write_text("CREATE INDEX i ON orders (status);\n")
    report = analyzed(run_dbtune, shop, "--consider", shop.with_name("ddl.sql"))
    assert report["considered"] == []
    assert any("--consider" in line for line in report["not_checked"])


def test_proposals_are_judged_beside_the_advice(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """Useful, repeated, impossible ones, and an expression as it is written."""
    (tmp_path / "ddl.sql").write_text(
        "-- what we thought of\n"
        "CREATE INDEX useful ON orders (customer_id);\n"
        "create index if not exists again on orders (CUSTOMER_ID);\n"
        "CREATE UNIQUE INDEX impossible ON orders (status);\n"
        "CREATE INDEX computed ON orders (substr(placed_at, 1, 7));\n"
    )
    recording = record(
        tmp_path,
        query("SELECT note FROM orders WHERE customer_id = ?", 7),
        query("SELECT count(*) FROM orders WHERE substr(placed_at, 1, 7) = '2025-12'"),
    )
    report = analyzed(run_dbtune, shop, "--queries", recording, "--consider", "ddl.sql")
    judged = {index["name"]: index for index in report["considered"]}
    assert judged["useful"]["used_by"] and judged["computed"]["used_by"]
    assert "the same as the proposed useful" in judged["again"]["note"]
    assert "UNIQUE" in judged["impossible"]["note"]


@pytest.mark.parametrize(
    ("content", "code"),
    [("CREATE TABLE x (a);", 2), ("CREATE INDEX;", 2), ("garbage", 2), ("", 0), ("-- none\n", 0)],
)
def test_a_file_of_proposals_that_holds_something_else_is_told(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune, content: str, code: int
) -> None:
    """As a usage error, before the work."""
    (tmp_path / "ddl.sql").write_text(content)
    recording = record(tmp_path, query("SELECT count(*) FROM states"))
    result = run_dbtune("analyze", shop, "--queries", recording, "--consider", "ddl.sql")
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr


def test_small_tables_get_nothing(shop: Path, tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """Thirty rows are read as fast as found, however often."""
    recording = record(tmp_path, query("SELECT name FROM states WHERE code = ?", "c5", count=10**6))
    report = analyzed(run_dbtune, shop, "--queries", recording)
    assert report["findings"] == [f for f in report["findings"] if f["code"] == "rollback-journal"]


def test_an_existing_wal_keeps_every_byte_beside_an_open_application(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """Its last commits are in the copy all the same: the new table is found."""
    recording = record(tmp_path, query("SELECT a FROM fresh WHERE a = 5"))
    with closing(sqlite3.connect(shop, isolation_level=None)) as application:
        application.execute("PRAGMA journal_mode = WAL")
        application.execute("PRAGMA wal_autocheckpoint = 0")
        application.execute("CREATE TABLE fresh (a)")
        wal = shop.with_name("shop.db-wal")
        before = digest(shop), digest(wal)
        report = analyzed(run_dbtune, shop, "--queries", recording)
        assert (digest(shop), digest(wal)) == before
    assert not any(f["code"] == "unplannable-query" for f in report["findings"])


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv to give up privileges")
@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_database_in_a_folder_that_is_closed_is_analyzed_or_says_why_not(
    shop: Path, tmp_path: Path, journal: str
) -> None:
    """Whoever may read the file but write nothing beside it; a WAL wants its -shm there."""
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    recording = record(tmp_path, query(BY_CUSTOMER, 7, 5))
    folder = shop.parent
    shop.chmod(0o444)
    folder.chmod(0o555)
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)
        os.chown(shop, 65534, 65534)
    before = digest(shop)
    # Root without its privileges may do no more than the modes allow.
    drop = () if os.getuid() else ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    command = [*drop, dbtune_command(), "analyze", str(shop), "--queries", str(recording)]
    done = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert digest(shop) == before and os.listdir(folder) == ["shop.db"]
    if done.returncode == 0:
        assert "ix_orders_customer_id" in done.stdout
    else:
        assert journal == "WAL" and done.returncode in {3, 5}
        assert "Error: " in done.stderr and "shop.db" in done.stderr
    assert "Traceback" not in done.stderr


def test_progress_can_be_silenced_and_goes_to_stderr(
    shop: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """stdout is the result alone."""
    recording = record(tmp_path, query("SELECT name FROM states WHERE code = 'c5'"))
    quiet = run_dbtune("-q", "analyze", shop, "--queries", recording)
    assert quiet.returncode == 0 and quiet.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_reaches_into_the_building_of_an_index(shop: Path, tmp_path: Path) -> None:
    """A step of SQLite that takes seconds does not keep it waiting, nor leave its files."""
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute(
            "INSERT INTO orders (customer_id, status, placed_at, note)"
            " SELECT a.customer_id, a.status, a.placed_at, a.note FROM orders AS a, states"
        )
        connection.commit()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    recording = record(
        tmp_path,
        query(BY_CUSTOMER, 7, 5),
        query("SELECT count(DISTINCT note || id) FROM orders"),
    )
    arguments = ("analyze", shop, "--queries", recording, "--scratch", scratch)
    with subprocess.Popen(
        [dbtune_command(), *map(str, arguments)],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        seen = ""
        for line in process.stderr:
            seen += line
            if line.startswith("Building candidates"):
                break
        process.send_signal(2)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, seen + errors
    assert "Traceback" not in errors and list(scratch.iterdir()) == []
