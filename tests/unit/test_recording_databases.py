"""Recordings of several databases, of lost statements, and of a later format."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from dbtune.errors import ConfigurationError
from dbtune.workload.databases import WantedDatabase, wanted_database
from dbtune.workload.omissions import omissions
from dbtune.workload.sources import read_workload


def write(tmp_path: Path, statements: list[tuple[str | None, str]]) -> Path:
    """Write a recording of statements, each with its database."""
    lines = [
        json.dumps({"db.query.text": text, "db.namespace": namespace})
        for namespace, text in statements
    ]
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def templates(path: Path, wanted: WantedDatabase) -> set[str]:
    """Return the query shapes that are taken for a database."""
    return {shape.template for shape in read_workload([path], database=wanted).shapes}


@pytest.mark.parametrize(
    ("statements", "taken"),
    [
        # The same file, though others have its name and come first.
        ([("/old/app.db", "SELECT 1 AS a"), ("/srv/app.db", "SELECT 1 AS b")], "b"),
        ([("/srv/app.db", "SELECT 1 AS b"), ("/old/app.db", "SELECT 1 AS a")], "b"),
        # Files of that name, whatever comes first.
        ([("/x/cache.db", "SELECT 1 AS a"), ("/old/app.db", "SELECT 1 AS b")], "b"),
        # The only one, under any name; a database in memory is none that could be meant.
        ([("/x/main.db", "SELECT 1 AS a")], "a"),
        ([(":memory:", "SELECT 1 AS m"), ("/x/main.db", "SELECT 1 AS a")], "a"),
        ([(":memory:", "SELECT 1 AS m")], "m"),
    ],
)
def test_the_database_at_hand_is_found(
    tmp_path: Path, statements: list[tuple[str | None, str]], taken: str
) -> None:
    """And statements that do not say theirs are taken with it."""
    path = write(tmp_path, [(None, "SELECT 1 AS c"), *statements, (None, "SELECT 1 AS d")])
    wanted = wanted_database(Path("/srv/app.db"), None)
    assert templates(path, wanted) == {f"select ? as {name}" for name in ("c", "d", taken)}


def test_a_name_can_be_given(tmp_path: Path) -> None:
    """By its path, its last part, or an alias; what is not there is told."""
    path = write(tmp_path, [("default", "SELECT 1 AS a"), ("/x/logs.db", "SELECT 1 AS b")])
    database = Path("/srv/app.db")
    for name, taken in (("default", "a"), ("/x/logs.db", "b"), ("logs.db", "b")):
        assert templates(path, wanted_database(database, name)) == {f"select ? as {taken}"}
    with pytest.raises(ConfigurationError) as caught:
        read_workload([path], database=wanted_database(database, "other.db"))
    assert "/x/logs.db, default" in caught.value.message


def test_several_that_may_be_meant_are_asked_about(tmp_path: Path) -> None:
    """With their names, and how to choose."""
    path = write(tmp_path, [("/x/a.db", "SELECT 1"), ("/x/b.db", "SELECT 2")])
    with pytest.raises(ConfigurationError) as caught:
        read_workload([path], database=wanted_database(Path("/srv/app.db"), None))
    assert "none of them called app.db: /x/a.db, /x/b.db" in caught.value.message
    assert "--recorded-as" in (caught.value.hint or "")


def test_what_was_left_out_is_told(tmp_path: Path) -> None:
    """Statements of other databases, and those that the recorder could not write."""
    path = write(tmp_path, [("/x/a.db", "SELECT 1"), ("/srv/app.db", "SELECT 2")] * 3)
    with path.open("a") as file:
        file.write('{"dbtune.dropped": 40}\n{"dbtune.dropped": 2}\n')
    workload = read_workload([path], database=wanted_database(Path("/srv/app.db"), None))
    assert (workload.statements, workload.lost_statements, workload.broken_count) == (3, 42, 0)
    assert list(omissions(workload))[:2] == [
        "statements that the recorder left out, since its queue or its file was full: 42",
        "statements of other databases left out: 3 (/x/a.db)",
    ]


def test_stdin_that_would_have_to_be_read_twice_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where statements were taken before a better database turns up."""
    more = " " * (2 << 20)  # so that the second file is not seen together with the first
    statements = [("/x/a.db", "SELECT 1"), ("/x/a.db", f"SELECT 1{more}")]
    path = write(tmp_path, [*statements, ("/srv/app.db", "SELECT 2")])
    stdin = SimpleNamespace(buffer=io.BytesIO(path.read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(ConfigurationError, match="can be read only once"):
        read_workload(["-"], database=wanted_database(Path("/srv/app.db"), None))


def test_without_a_database_all_statements_count(tmp_path: Path) -> None:
    """As for a digest of the recording itself."""
    path = write(tmp_path, [("/x/a.db", "SELECT 1 AS a"), ("/x/b.db", "SELECT 2 AS b")])
    assert read_workload([path]).statements == 2


def test_a_recording_in_a_later_format_is_refused(tmp_path: Path) -> None:
    """Wherever its header stands: what the lines below mean is not known."""
    path = tmp_path / "q.jsonl"
    path.write_text('{"db.query.text": "SELECT 1"}\n{"dbtune.recording": 2, "new": []}\n')
    with pytest.raises(ConfigurationError) as caught:
        read_workload([path])
    assert caught.value.message == (
        f"{path} line 2: it is written in format 2 of recordings; this dbtune reads 1"
    )
    assert "upgrade" in (caught.value.hint or "")


def test_the_time_is_that_of_the_database(tmp_path: Path) -> None:
    """What was sent to others before and after it does not make its recording longer."""
    lines = [
        {"db.query.text": "SELECT 1", "db.namespace": f"/srv/{name}.db", "ts": f"2026-01-0{day}"}
        for day, name in enumerate(("jobs", "app", "app", "jobs"), start=1)
    ]
    for line in lines:
        line["ts"] += "T12:00:00Z"
    path = tmp_path / "q.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    workload = read_workload([path], database=WantedDatabase("/copy/app.db"))
    assert (workload.started_at, workload.ended_at) == (
        "2026-01-02T12:00:00.000000Z",
        "2026-01-03T12:00:00.000000Z",
    )
