"""The file of a recording: private, whole, bounded, and never somebody else's."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.recorder.recorder import Recorder, open_recorder
from dbtune.recorder.sent import Sent
from dbtune.recorder.settings import RecorderSettings
from dbtune.recorder.writer import Writer
from tests.unit.recorder.listening import read, recording
from tests.unit.recorder.writing import PROGRAM, run, send


def test_it_is_readable_for_its_owner_only(tmp_path: Path) -> None:
    """Whatever the umask, and whatever it was before."""
    path = tmp_path / "a.jsonl"
    path.touch(0o644)
    path.chmod(0o644)
    with recording(path), closing(sqlite3.connect(":memory:")) as connection:
        send(connection, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_headers_say_who_wrote(tmp_path: Path) -> None:
    """Each process and opening has its own; statements follow in the order they ended."""
    path = tmp_path / "a.jsonl"
    for _ in range(2):
        with (
            recording(path, sample_rate=1.0) as recorder,
            closing(sqlite3.connect(":memory:")) as connection,
        ):
            send(connection, 2)
            recorder.flush()
            send(connection, 1)
    written = read(path)
    assert [header["pid"] for header in written.headers] == [os.getpid()] * 2
    assert written.headers[0]["sqlite_version"] == sqlite3.sqlite_version
    assert written.headers[0]["generator"] == "dbtune record"
    assert [query.line_number is not None for query in written.queries] == [True] * 6


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "database", "json", "none"])
def test_what_is_no_recording_is_refused(kind: str, tmp_path: Path) -> None:
    """A link leads elsewhere, a pipe would block, a database would be destroyed."""
    path = tmp_path / "a.jsonl"
    if kind == "link":
        path.symlink_to(tmp_path / "other.jsonl")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "database":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE t (a)")
    elif kind == "json":
        path.write_text('{"name": "project"}')
    else:
        path = tmp_path / "missing" / "a.jsonl"
    before = (path.read_bytes(), path.stat().st_mode) if path.is_file() else None
    with pytest.raises(OSError, match=r"a\.jsonl"):
        open_recorder(RecorderSettings(str(path)))
    assert before is None or (path.read_bytes(), path.stat().st_mode) == before


def test_a_database_that_is_refused_keeps_its_locks(tmp_path: Path) -> None:
    """Closing any descriptor of a file takes away all locks that its process holds on it."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OSError, match="other than a recording"):
            open_recorder(RecorderSettings(str(path)))
        another = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('BEGIN')"
        another += ".execute('SELECT * FROM t')"
        result = subprocess.run([sys.executable, "-c", another], capture_output=True, text=True)
        assert "database is locked" in result.stderr


def test_what_goes_to_a_closed_stream_is_not_in_the_recording(tmp_path: Path) -> None:
    """The file would get the stream's number, as the first that is free."""
    path = tmp_path / "a.jsonl"
    program = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
os.close(1)
from dbtune.recorder.recorder import open_recorder
from dbtune.recorder.settings import RecorderSettings
recorder = open_recorder(RecorderSettings({str(path)!r}))
assert recorder.writer._file._file.descriptor > 2
try:
    os.write(1, b"lost")
except OSError:
    sys.exit(5)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 5


def test_a_line_that_was_cut_off_stays_alone(tmp_path: Path) -> None:
    """After a crash the next process begins on a line of its own."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"dbtune.recording": 1}\n{"db.query.te')
    with recording(path), closing(sqlite3.connect(":memory:")) as connection:
        send(connection, 1)
    lines = path.read_text().splitlines()
    assert lines[1] == '{"db.query.te'
    assert lines[2].startswith('{"dbtune.recording": 1')
    assert len(lines) == 4


def test_one_path_has_one_recorder(tmp_path: Path) -> None:
    """The file is closed once all who opened it have closed it."""
    path = tmp_path / "a.jsonl"
    first = open_recorder(RecorderSettings(str(path)))
    second = open_recorder(RecorderSettings(str(path)))
    assert first is second
    first.close()
    second.note(Sent("SELECT 1"))
    second.close()
    assert len(read(path).queries) == 1
    third = open_recorder(RecorderSettings(str(path)))
    assert third is not first
    third.close()


def test_a_removed_file_is_made_anew(tmp_path: Path) -> None:
    """As after logrotate: with a header, and nothing lost."""
    path = tmp_path / "a.jsonl"
    with recording(path) as recorder:
        recorder.note(Sent("SELECT 1"))
        recorder.flush()
        path.rename(tmp_path / "old.jsonl")
        recorder.note(Sent("SELECT 2"))
    written = read(path)
    assert (len(written.headers), len(written.queries)) == (1, 1)
    assert len(read(tmp_path / "old.jsonl").queries) == 1


def test_at_the_limit_nothing_more_is_written(tmp_path: Path) -> None:
    """What was left out is counted in the last line."""
    path = tmp_path / "a.jsonl"
    with recording(path, max_mb=0.01) as recorder:
        for number in range(500):
            recorder.note(Sent(f"SELECT {number} FROM a_table"))
            recorder.flush()
    written = read(path)
    assert path.stat().st_size <= 10_000 + 100
    assert written.queries
    assert written.dropped == recorder.dropped == 500 - len(written.queries)


def test_full_files_are_put_aside(tmp_path: Path) -> None:
    """As many as were asked for are kept, the newest as .1; each has its header."""
    path = tmp_path / "a.jsonl"
    with recording(path, max_mb=0.01, keep=2) as recorder:
        for number in range(500):
            recorder.note(Sent(f"SELECT {number} FROM a_table"))
            recorder.flush()
    files = [path, tmp_path / "a.jsonl.1", tmp_path / "a.jsonl.2"]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    for file in files:
        assert len(read(file).headers) == 1
        assert 0 < file.stat().st_size <= 10_000
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert recorder.dropped == 0


def test_processes_that_put_one_file_aside_lose_nothing(tmp_path: Path) -> None:
    """Each notices when another one has done it."""
    path = tmp_path / "a.jsonl"
    program = """
for number in range(300):
    connection.execute("SELECT a FROM (SELECT ? AS a)", (number,)).fetchall()
    recorder.flush()
"""
    text = (PROGRAM + program).replace("(sys.argv[1])", "(sys.argv[1], max_mb=0.02, keep=99)")
    command = [sys.executable, "-c", text, str(path)]
    children = [subprocess.Popen(command) for _ in range(4)]
    assert [child.wait(60) for child in children] == [0] * 4
    files = list(tmp_path.iterdir())
    assert len(files) > 4
    assert sum(len(read(file).queries) for file in files) == 4 * 300


def test_a_full_queue_drops_and_counts(tmp_path: Path) -> None:
    """The application goes on; the recording says how many are missing."""
    writer = Writer(RecorderSettings(str(tmp_path / "a.jsonl")))
    writer._is_awake = True  # so that nothing is written meanwhile
    for _ in range(20_500):
        writer.put(Sent("SELECT 1"))
    writer.close_file()
    written = read(tmp_path / "a.jsonl")
    assert (len(written.queries), written.dropped, writer.dropped) == (20_000, 500, 500)


@pytest.mark.parametrize(("params", "dropped"), [(True, 40 - 16), (False, 0)])
def test_large_values_fill_the_queue_too(tmp_path: Path, params: bool, dropped: int) -> None:
    """Memory is bounded by bytes as well; where values are not recorded they do not wait in it."""
    writer = Writer(RecorderSettings(str(tmp_path / "a.jsonl"), params=params))
    writer._is_awake = True  # so that nothing is written meanwhile
    for _ in range(40):
        writer.put(Sent("INSERT INTO t VALUES (?, ?)", (b"x" * 1_000_000, 7)))
    writer.close_file()
    assert writer.dropped == dropped
    masked = '[{"type": "blob", "len": 1000000}, {"type": "integer"}]'
    assert ((tmp_path / "a.jsonl").read_text().count(masked) == 40) is not params


@pytest.mark.parametrize("params", [True, False])
@pytest.mark.parametrize(
    "text", ["SELECT ?", f"SELECT '{'x' * 17_000_000}'"], ids=["bound", "text"]
)
def test_a_value_that_is_larger_than_the_queue_is_recorded(
    tmp_path: Path, params: bool, text: str
) -> None:
    """An application that stores files sends nothing else."""
    path = tmp_path / "a.jsonl"
    with recording(path, params=params), closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(text, (b"x" * 17_000_000,) if "?" in text else ()).fetchall()
    assert (len(read(path).queries), read(path).dropped) == (1, 0)


def test_a_full_disk_is_not_felt(tmp_path: Path) -> None:
    """The program ends as ever, and what fitted is readable."""
    path = tmp_path / "a.jsonl"
    program = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, {resource.RLIM_INFINITY}))
for number in range(2000):
    assert connection.execute("SELECT ?", (number,)).fetchall() == [(number,)]
recorder.flush()
assert recorder.dropped
print("done")
"""
    result = run(program, path)
    assert (result.returncode, result.stdout) == (0, "done\n")
    assert result.stderr.count("statements could not be written") == 1
    assert path.stat().st_size <= 20_000


def chosen(recorder_settings: dict[str, Any], sents: list[Sent], path: Path) -> list[str]:
    """The statements of these that a recorder with such settings writes."""
    recorder: Recorder = open_recorder(RecorderSettings(str(path), **recorder_settings))
    for sent in sents:
        sent.has_origin = True
        recorder.note(sent)
    recorder.close()
    return [query.text for query in read(path).queries] if path.stat().st_size else []


def test_only_slow_statements_are_written_where_that_is_wanted(tmp_path: Path) -> None:
    """The time of all of an executemany() counts."""
    sents = [Sent("quick"), Sent("slow"), Sent("many")]
    sents[0].duration_ns, sents[1].duration_ns, sents[2].duration_ns = 999_999, 1_000_000, 10_000
    sents[2].count = 100
    assert chosen({"slow_ms": 1.0}, sents, tmp_path / "a.jsonl") == ["slow", "many"]


def test_samples_are_of_whole_requests_and_transactions(tmp_path: Path) -> None:
    """All of one is written, or nothing."""
    sents = []
    for number in range(100):
        for kind in ("request", "transaction"):
            for _ in range(3):
                sent = Sent(f"{kind}_{number}")
                if kind == "request":
                    sent.chance = number / 100
                else:
                    sent.transaction_id = f"17-{number}"
                sents.append(sent)
    texts = chosen({"sample_rate": 0.25}, sents, tmp_path / "a.jsonl")
    assert {texts.count(text) for text in texts} == {3}
    assert {text for text in texts if text.startswith("r")} == {f"request_{n}" for n in range(25)}
    assert 5 <= len({text for text in texts if text.startswith("t")}) <= 50
    assert read(tmp_path / "a.jsonl").headers[0]["sample_rate"] == 0.25
