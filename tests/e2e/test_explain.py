"""`dbtune analyze`: every index and every query explains itself; `--explain` says all of one."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunDbtune
from tests.report_schema import valid_report

ROWS = 20_000
FEW = 400

BY_CUSTOMER = "SELECT * FROM orders WHERE customer_id = ? ORDER BY placed_at DESC LIMIT 10"
WRITE = "INSERT INTO orders (customer_id, state, placed_at, code, note) VALUES (?, ?, ?, ?, ?)"
BROKEN = "SELECT nothing FROM nowhere"

# A statement, its values, and why no index serves it.
UNHELPED: tuple[tuple[str, tuple[Any, ...], str], ...] = (
    (WRITE, (1, "open", "2026-01-01", "n", "x"), "needs-no-search"),
    ("SELECT note FROM orders WHERE id = ?", (77,), "already-optimal"),
    ("SELECT note FROM orders ORDER BY id LIMIT 20", (), "already-optimal"),
    ("SELECT 1 + 1", (), "already-optimal"),
    ("SELECT note FROM orders WHERE code = ?", ("c77",), "existing-index"),
    ("UPDATE orders SET note = 'y' WHERE code = ?", ("c78",), "existing-index"),
    ("SELECT name FROM states WHERE name LIKE ?", ("%x%",), "small-table"),
    ("SELECT * FROM orders WHERE note LIKE ?", ("%17%",), "cannot-use-index"),
    ("SELECT * FROM orders WHERE state <> ?", ("done",), "cannot-use-index"),
    ("SELECT * FROM orders WHERE state = ? OR random() = ?", ("open", 90), "cannot-use-index"),
    ("SELECT * FROM orders WHERE random() < 0", (), "reads-everything"),
    ("SELECT sum(length(note || state || code || placed_at)) FROM orders", (), "reads-everything"),
    ("SELECT id, note FROM orders", (), "reads-everything"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with one large table, one index that serves, and a small table."""
    path = tmp_path_factory.mktemp("explained") / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, state TEXT,"
            " placed_at TEXT, code TEXT, note TEXT)"
        )
        connection.execute("CREATE TABLE states (code TEXT, name TEXT)")
        connection.executemany(
            "INSERT INTO orders (customer_id, state, placed_at, code, note) VALUES (?, ?, ?, ?, ?)",
            (_order(number) for number in range(ROWS)),
        )
        connection.executemany(
            "INSERT INTO states VALUES (?, ?)", ((f"c{n}", f"name {n}") for n in range(FEW))
        )
        connection.execute("CREATE INDEX orders_code ON orders (code)")
        connection.execute("ANALYZE")
        connection.commit()
    return path


def _order(number: int) -> tuple[Any, ...]:
    state = "open" if number % 50 == 0 else "done"
    day = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return number * 7919 % 400, state, day, f"c{number}", f"{number:060}"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every statement above, one that an index helps, and one that cannot be prepared."""
    path = tmp_path_factory.mktemp("recorded") / "queries.jsonl"
    lines = [(BY_CUSTOMER, (7,), 300), *((sql, values, 5) for sql, values, _ in UNHELPED)]
    lines.append((BROKEN, (), 2))
    path.write_text("".join(f"{json.dumps(_line(*line))}\n" for line in lines), encoding="utf-8")
    return path


def _line(text: str, values: tuple[Any, ...], count: int) -> dict[str, Any]:
    return {"db.query.text": text, "db.query.parameters": list(values), "count": count}


def analyzed(run: RunDbtune, *arguments: str | Path) -> dict[str, Any]:
    """Return the report of a run, checked against its schema."""
    result = run("analyze", *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return valid_report(result.stdout)


def shapes_by_text(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the shapes by the statement recorded."""
    return {shape["text"]: shape for shape in report["shapes"]}


def test_every_query_without_help_says_why(
    built: Path, recording: Path, run_dbtune: RunDbtune
) -> None:
    """One recording with a statement of each kind; what an index serves has no reason."""
    report = analyzed(run_dbtune, built, "--queries", recording)
    shapes = shapes_by_text(report)
    reasons = {
        text: shape["unhelped"] and shape["unhelped"]["reason"] for text, shape in shapes.items()
    }
    assert reasons == {BY_CUSTOMER: None, **{sql: reason for sql, _, reason in UNHELPED}}
    ((left_out),) = report["not_analyzed"]
    assert (left_out["text"], left_out["reason"]) == (BROKEN, "cannot-be-prepared")
    messages = {sql: shapes[sql]["unhelped"]["message"] for sql, _, _ in UNHELPED}
    for number, fact in (
        (1, "by its primary key"),
        (4, "orders(code)"),
        (6, "states (400 rows)"),
        (7, "pattern for note begins with a wildcard"),
        (8, "state <> ?"),
        (9, "random() = ?"),
    ):
        assert fact in messages[UNHELPED[number][0]]


def test_a_recommended_index_explains_itself(
    built: Path, recording: Path, run_dbtune: RunDbtune
) -> None:
    """Whom it serves, plans in words, counters, times, the cost of writes, and its rival."""
    report = analyzed(run_dbtune, built, "--queries", recording)
    (explanation,) = report["explanations"]
    shape = shapes_by_text(report)[BY_CUSTOMER]
    assert explanation["shapes"] == [shape["id"]]
    assert shape["served_by"] == [explanation["name"]]
    assert explanation["share"] == pytest.approx(shape["share"])
    assert shape["words_before"] == [f"reads all {ROWS:,} rows of orders", "sorts for ORDER BY"]
    assert "customer_id" in shape["words_after"][0]
    assert shape["page_fetches_before"] > 10 * shape["page_fetches_after"] > 0
    assert shape["vm_steps_before"] > 10 * shape["vm_steps_after"] > 0
    assert shape["time_before_ns"] > shape["time_after_ns"] > 0
    assert shape["timed_runs"] in {3, 5}
    inserted = shapes_by_text(report)[WRITE]["id"]
    (write,) = (effect for effect in explanation["writes"] if effect["shape_id"] == inserted)
    assert write["cost_with"] > write["cost_without"] > 0 and write["count"] == 5
    assert explanation["runner_up"]["reason"]
    first, *others = (tried["outcome"] for tried in shape["tried"])
    assert first == "recommended" and others
    text = run_dbtune("analyze", built, "--queries", recording).stdout
    assert f"reads all {ROWS:,} rows of orders" in " ".join(text.split())
    assert "runner-up: " in text and "Without a new index: " in text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--min-gain", "1"), "gain-under-minimum"),
        (("--budget-mb", "0.05"), "over-budget"),
    ],
)
def test_a_candidate_that_lost_is_named(
    built: Path, tmp_path: Path, run_dbtune: RunDbtune, options: tuple[str, ...], reason: str
) -> None:
    """With what it would have gained, and the limit that it met."""
    recording = tmp_path / "q.jsonl"
    recording.write_text(json.dumps(_line(BY_CUSTOMER, (7,), 300)), encoding="utf-8")
    report = analyzed(run_dbtune, built, "--queries", recording, *options)
    (shape,) = report["shapes"]
    assert report["explanations"] == []
    assert shape["unhelped"]["reason"] == reason
    assert "orders(customer_id" in shape["unhelped"]["message"]
    assert " %" in shape["unhelped"]["message"]
    assert reason in {tried["outcome"] for tried in shape["tried"]}


def test_writes_that_outweigh_the_reads_are_the_reason(
    built: Path, tmp_path: Path, run_dbtune: RunDbtune
) -> None:
    """An index that costs the recording more than it saves, with both sums."""
    recording = tmp_path / "q.jsonl"
    lines = (
        _line("SELECT id FROM orders WHERE customer_id = ?", (7,), 1),
        _line(WRITE, (1, "open", "2026-01-01", "n", "x"), 100_000),
    )
    recording.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    report = analyzed(run_dbtune, built, "--queries", recording)
    read = next(shape for shape in report["shapes"] if shape["kind"] == "read")
    assert read["unhelped"]["reason"] == "costs-writes"
    assert "the recorded writes would cost" in read["unhelped"]["message"]


def explained(run: RunDbtune, *arguments: str | Path, code: int = 0) -> str:
    """Return what --explain prints, or its error."""
    result = run("analyze", *arguments)
    assert result.returncode == code, result.stderr
    return result.stdout if code == 0 else result.stderr


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A read that an index helps, a write, a read that needs none, and one of no table."""
    path = tmp_path_factory.mktemp("short") / "queries.jsonl"
    lines = (
        _line(BY_CUSTOMER, (7,), 300),
        _line(WRITE, (1, "open", "2026-01-01", "n", "x"), 9),
        _line("SELECT note FROM orders WHERE id = ?", (77,), 5),
        _line(BROKEN, (), 2),
    )
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def test_explain_says_all_of_one_query(built: Path, short: Path, run_dbtune: RunDbtune) -> None:
    """By its place in the list: statement, figures, plans, index, rival and candidates."""
    text = explained(run_dbtune, built, "--queries", short, "--explain", "1")
    assert f"  {BY_CUSTOMER}\n" in text
    for part in (
        "(1 of 3 by share of the cost)",
        "300 calls, ",
        "values recorded",
        "page fetches",
        "Plan before",
        "SCAN orders",
        "Plan after",
        "USING INDEX ix_orders_customer_id",
        "New indexes that serve it",
        "runner-up: ",
        "Indexes looked at for it",
        "recommended, saves ",
    ):
        assert part in text
    assert "No new index serves it" not in text
    assert "\x1b" not in text


def test_explain_of_a_write_says_what_each_index_adds(
    built: Path, short: Path, run_dbtune: RunDbtune
) -> None:
    """And why no index serves the write itself."""
    text = explained(run_dbtune, built, "--queries", short, "--explain", "2")
    assert f"  {WRITE}\n" in text
    assert "What each new index adds to it\n  ix_orders_customer_id" in text
    assert "needs-no-search: it writes rows without looking for any" in text


def test_explain_takes_ids_and_their_beginnings(
    built: Path, short: Path, run_dbtune: RunDbtune
) -> None:
    """Those of statements that were not analysed too; as JSON it is one object."""
    report = analyzed(run_dbtune, built, "--queries", short)
    (left_out,) = report["not_analyzed"]
    text = explained(run_dbtune, built, "--queries", short, "--explain", left_out["id"][:8])
    assert "not analysed" in text and BROKEN in text and left_out["message"] in text
    third = report["shapes"][2]
    output = explained(run_dbtune, built, "--queries", short, "--explain", third["id"], "--json")
    document = json.loads(output)
    assert document["rank"] == 3 and document["explanations"] == []
    assert document["shape"]["unhelped"] == third["unhelped"]
    first = report["shapes"][0]["id"]
    output = explained(run_dbtune, built, "--queries", short, "--explain", first, "--json")
    (explanation,) = json.loads(output)["explanations"]
    assert explanation["shapes"] == [first]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--explain", "4"), "there is no query shape 4: give 1 to 3, or the id of one"),
        (("--explain", "0"), "give a place in the list, 1 for the dearest"),
        (("--explain", "dearest"), "give a place in the list, 1 for the dearest"),
        (("--explain", "1", "--sql"), "it goes with --json, not with DDL"),
    ],
)
def test_a_query_that_is_not_there_is_a_usage_error(
    built: Path, short: Path, run_dbtune: RunDbtune, options: tuple[str, ...], said: str
) -> None:
    """Which names what there is."""
    text = explained(run_dbtune, built, "--queries", short, *options, code=2)
    assert said in " ".join(text.split())


def test_explain_needs_a_recording(built: Path, run_dbtune: RunDbtune) -> None:
    """Without one there are no queries to explain."""
    assert "give --queries FILE" in explained(run_dbtune, built, "--explain", "1", code=2)
