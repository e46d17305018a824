"""dbtune record: children are recorded however they are made, and those that hide are named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.fixtures.recorded import PRELUDE, record_program, senders

RECORDING = "queries.jsonl"

# For programs whose children are Python too: import the program's own send().
CHILD = "import app; app.send('child')"


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that another process does; the test's time limit ends it."""
    while not condition():
        time.sleep(0.01)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_is_recorded(run_dbtune: RunDbtune, tmp_path: Path, method: str) -> None:
    """Processes that end by themselves, and those that a pool ends; none is named."""
    program = f"""
import multiprocessing
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    process = context.Process(target=send, args=("process",))
    process.start()
    process.join()
    with context.Pool(2) as pool:
        pool.map(send, ["a", "b", "c"])
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert senders(tmp_path / RECORDING) == ["a", "b", "c", "process"], done.stderr
    assert "Note: " not in done.stderr


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.run([sys.executable, '-c', CHILD], check=True)",
        "subprocess.run([sys.executable, '-W', 'error', '-c', CHILD], env=os.environ, check=True)",
        "subprocess.run(f'{sys.executable} -c \"{CHILD}\"', shell=True, check=True)",
        "os.system(f'{sys.executable} -c \"{CHILD}\"')",
        "os.execv(sys.executable, [sys.executable, '-c', CHILD])",
        "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-c', CHILD], os.environ), 0)",
        "os.spawnv(os.P_WAIT, sys.executable, [sys.executable, '-c', CHILD])",
    ],
    ids=["run", "options", "shell", "system", "exec", "posix_spawn", "spawnv"],
)
def test_programs_that_it_starts_are_recorded(
    run_dbtune: RunDbtune, tmp_path: Path, start: str
) -> None:
    """Also where the program itself becomes another one; none is named."""
    program = f"""
import subprocess
CHILD = "{CHILD}"
if __name__ == "__main__":
    send("parent")
    {start}
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert senders(tmp_path / RECORDING) == ["child", "parent"], done.stderr
    assert "Note: " not in done.stderr


def test_threads_and_forks_are_recorded(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """A fork writes what it sends, and nothing of its parent's a second time."""
    program = """
import threading
threads = [threading.Thread(target=send, args=(f"thread {n}",)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if os.fork() == 0:
    send("fork")
    sys.exit(0)
os.wait()
"""
    record_program(run_dbtune, tmp_path, program)
    expected = ["fork", *(f"thread {n}" for n in range(4))]
    assert senders(tmp_path / RECORDING) == expected


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("subprocess.run([sys.executable, '-I', '-c', '1'])", "-I"),
        ("subprocess.run([sys.executable, '-bE', '-c', '1'])", "-E"),
        ("subprocess.run([sys.executable, '-S', '-c', '1'])", "-S"),
        ("subprocess.run([sys.executable, '-c', '1'], env={})", "environment"),
        ("os.environ.clear(); subprocess.run([sys.executable, '-c', '1'])", "environment"),
        ("os.system(f'{sys.executable} -I -c 1')", "-I"),
        ("subprocess.run(f'env -i {sys.executable} -c 1', shell=True)", "environment"),
        ("os.execve(sys.executable, [sys.executable, '-c', '1'], {})", "environment"),
    ],
)
def test_children_that_hide_are_named(
    run_dbtune: RunDbtune, tmp_path: Path, start: str, reason: str
) -> None:
    """However short they live, with what to do."""
    done = record_program(run_dbtune, tmp_path, f"import subprocess\nsend('a')\n{start}\n")
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("Note: ")]
    assert told.startswith("Note: not recorded") and reason in told and "-c" in told
    assert senders(tmp_path / RECORDING) == ["a"]


def test_a_hidden_child_that_a_shell_starts_is_seen_running(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """No recorded process starts it, so that it is found among the running ones."""
    (tmp_path / "run.sh").write_text(
        f"unset PYTHONPATH\n{sys.executable} -c 'import time; time.sleep(0.5)'\n", encoding="utf-8"
    )
    done = run_dbtune("record", "--", "sh", "run.sh")
    assert "Note: not recorded" in done.stderr and "environment" in done.stderr


def test_the_command_itself_is_named_where_it_hides(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """However short it lives."""
    done = run_dbtune("record", "--", sys.executable, "-I", "-c", "1")
    assert "Nothing was recorded." in done.stderr
    assert "-I" in done.stderr.split("Note: ")[1]


def test_programs_that_are_not_python_are_not_named(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """A shell, ls, and what a fork became."""
    program = """
import subprocess
send("a")
subprocess.run(["ls"], env={})
subprocess.run("ls; sleep 0.2", shell=True)
subprocess.run(["ls"], preexec_fn=lambda: None)
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert "Note: " not in done.stderr


def test_os_exit_loses_nothing_that_has_ended_and_is_named(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """What runs at exit does not run then; the recorder writes before."""
    program = """
if os.fork() == 0:
    send("fork")
    os._exit(3)
_, status = os.wait()
sys.exit(os.WEXITSTATUS(status))
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert done.returncode == 3
    assert senders(tmp_path / RECORDING) == ["fork"]
    assert "app.py (pid " in done.stderr and "os._exit" in done.stderr


def test_a_killed_child_is_named_and_loses_little(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """What it sent more than 200 ms before is in the recording."""
    program = """
child = os.fork()
if child == 0:
    send("early")
    time.sleep(60)
while not os.path.getsize("queries.jsonl"):
    time.sleep(0.01)
os.kill(child, 9)
os.wait()
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert senders(tmp_path / RECORDING) == ["early"]
    assert "killed or crashed" in done.stderr


def test_a_daemon_goes_on_recording_and_is_named(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """dbtune ends with the command that it started."""
    program = """
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for stream in (0, 1, 2):
        os.close(stream)
    send("daemon")
    open("pid", "w").write(str(os.getpid()))
    while not os.path.exists("told"):
        time.sleep(0.01)
    send("later")
    sys.exit()
os.wait()
while not os.path.exists("pid"):
    time.sleep(0.01)
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert "still running" in done.stderr
    assert f"(pid {(tmp_path / 'pid').read_text(encoding='utf-8')})" in done.stderr
    (tmp_path / "told").touch()
    wait_until(lambda: senders(tmp_path / RECORDING) == ["daemon", "later"])


def test_what_is_sent_is_written_while_the_program_runs(tmp_path: Path) -> None:
    """A recording can be followed, and SIGKILL to all of it loses little."""
    program = "send('a')\ntime.sleep(60)\n"
    (tmp_path / "app.py").write_text(PRELUDE + program, encoding="utf-8")
    with subprocess.Popen(
        [dbtune_command(), "record", "--", sys.executable, "app.py"],
        cwd=tmp_path,
        env=clean_environment(),
        start_new_session=True,
    ) as process:
        wait_until(lambda: senders(tmp_path / RECORDING) == ["a"])
        os.killpg(process.pid, signal.SIGKILL)
