"""What is written as a process ends, forks or is told to stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.recorder.listening import read
from tests.unit.recorder.writing import run


@pytest.mark.parametrize(
    ("end", "status", "columns"),
    [
        ("", 0, "ab"),
        ("sys.exit(3)", 3, "ab"),
        ("raise RuntimeError", 1, "ab"),
        ("os.kill(os.getpid(), signal.SIGTERM); signal.pause()", -15, "ab"),
        ("os.kill(os.getpid(), signal.SIGINT); signal.pause()", -2, "ab"),
        ("import threading\nthreading.Thread(target=last).start()", 0, "abc"),
        ("import atexit\natexit.register(last)", 0, "abc"),
        ("class Owner:\n    def __del__(self): last()\nowner = Owner()", 0, "abc"),
    ],
)
def test_everything_is_written_at_the_end(
    end: str, status: int, columns: str, tmp_path: Path
) -> None:
    """Whatever ends the process: a statement being fetched and one sent at the very end too."""
    path = tmp_path / "a.jsonl"
    program = f"""
def last():
    other = sqlite3.connect(":memory:")
    other.execute("SELECT c FROM (SELECT 1 AS c)").fetchall()
    other.close()
connection.execute("SELECT a FROM (SELECT 1 AS a)").fetchall()
cursor = connection.execute("SELECT b FROM (SELECT 1 AS b)")
next(cursor)
{end}
"""
    result = run(program, path)
    assert result.returncode == status, result.stderr
    assert sorted(query.text[7] for query in read(path).queries) == list(columns)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's list of threads")
def test_the_writers_thread_is_gone_before_python_ends(tmp_path: Path) -> None:
    """Python stops it wherever it is, and a lock that it holds then would never be free again."""
    program = """
connection.execute("SELECT 1").fetchall()
while not os.path.getsize(sys.argv[1]):
    pass
sys.setswitchinterval(100)  # nothing runs beside this but what it waits for
recorder.writer.close()
print(len(os.listdir("/proc/self/task")))
"""
    result = run(program, tmp_path / "a.jsonl")
    assert (result.returncode, result.stdout) == (0, "1\n"), result.stderr


def test_an_application_keeps_its_own_sigterm(tmp_path: Path) -> None:
    """Set before or after, its handler is the one that runs."""
    program = """
def leave(number, frame):
    sys.exit(7)
signal.signal(signal.SIGTERM, leave)
connection.execute("SELECT 1").fetchall()
os.kill(os.getpid(), signal.SIGTERM)
signal.pause()
"""
    result = run(program, tmp_path / "a.jsonl")
    assert result.returncode == 7, result.stderr
    assert len(read(tmp_path / "a.jsonl").queries) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)"])
def test_forks_write_their_own_lines_only(leave: str, tmp_path: Path) -> None:
    """A child has a header of its own, and repeats nothing of what its parent had queued."""
    path = tmp_path / "a.jsonl"
    program = f"""
connection.execute("SELECT a FROM (SELECT 1 AS a)").fetchall()
cursor = connection.execute("SELECT b FROM (SELECT 1 AS b)")
child = os.fork()
if not child:
    other = sqlite3.connect(":memory:")
    other.execute("SELECT c FROM (SELECT 1 AS c)").fetchall()
    other.close()
    recorder.flush()
    {leave}
assert os.waitpid(child, 0)[1] == 0
"""
    result = run(program, path)
    assert result.returncode == 0, result.stderr
    written = read(path)
    assert len({header["pid"] for header in written.headers}) == 2
    assert sorted(query.text[7] for query in written.queries) == ["a", "b", "c"]


def test_children_of_multiprocessing_lose_nothing(tmp_path: Path) -> None:
    """They end without atexit, and often before a fifth of a second has passed."""
    path = tmp_path / "a.jsonl"
    program = """
import multiprocessing
def work(number):
    connection = sqlite3.connect(":memory:")
    connection.execute("SELECT a FROM (SELECT 1 AS a)").fetchall()
    connection.close()
context = multiprocessing.get_context("fork")
children = [context.Process(target=work, args=(number,)) for number in range(3)]
for child in children: child.start()
for child in children: child.join()
"""
    result = run(program, path)
    assert result.returncode == 0, result.stderr
    assert len(read(path).queries) == 3


def test_closed_descriptors_are_not_written_to(tmp_path: Path) -> None:
    """A daemon closes all that is open, and its next file has the recording's number."""
    path, other = tmp_path / "a.jsonl", tmp_path / "other"
    program = f"""
connection.execute("SELECT 1").fetchall()
recorder.flush()
recorder_number = recorder.writer._file._file.descriptor
os.close(recorder_number)
with open({str(other)!r}, "wb") as file:
    assert file.fileno() == recorder_number
    connection.execute("SELECT 2").fetchall()
    recorder.flush()
    file.write(b"own")
"""
    result = run(program, path)
    assert result.returncode == 0, result.stderr
    assert other.read_bytes() == b"own"
    assert len(read(path).queries) == 2
