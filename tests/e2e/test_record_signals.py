"""dbtune record: signals, the terminal and job control are the program's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import clean_environment, dbtune_command
from tests.fixtures.recorded import PRELUDE, senders

if sys.platform == "win32":
    pytest.skip("signals and terminals are POSIX's", allow_module_level=True)
import fcntl
import termios

# Writes a line for each signal that reaches it, and ends once told to.
COUNTING = """
import signal
log = open("signals", "a", buffering=1)
def tell(number, frame):
    log.write(signal.Signals(number).name + "\\n")
for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "WINCH"):
    signal.signal(getattr(signal, "SIG" + name), tell)
send("a")
log.write(f"ready {os.isatty(0)} {os.isatty(1)} {os.getpid()}\\n")
while not os.path.exists("end"):
    time.sleep(0.01)
sys.exit(5)
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a program under dbtune record; it is ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(program: str, **how: object) -> subprocess.Popen[bytes]:
        (tmp_path / "app.py").write_text(PRELUDE + program, encoding="utf-8")
        process = subprocess.Popen(  # type: ignore[call-overload]
            [dbtune_command(), "record", "--", sys.executable, "app.py"],
            cwd=tmp_path,
            env=clean_environment(),
            start_new_session=True,
            **{"stderr": subprocess.PIPE, **how},
        )
        started.append(process)
        return process  # type: ignore[no-any-return]

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: the end of who types, and that of the program."""
    ours, theirs = os.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def wait_for_line(folder: Path, beginning: str) -> str:
    """Return the program's first line that begins so, once it is there."""
    while True:
        path = folder / "signals"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        found = [line for line in lines if line.startswith(beginning)]
        if found:
            return found[0]
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "WINCH"])
def test_a_signal_to_dbtune_reaches_the_program_once(
    start: Start, tmp_path: Path, name: str
) -> None:
    """The program decides what it means, and its exit code is passed on."""
    process = start(COUNTING)
    wait_for_line(tmp_path, "ready")
    process.send_signal(getattr(signal, f"SIG{name}"))
    wait_for_line(tmp_path, f"SIG{name}")
    (tmp_path / "end").touch()
    _, told = process.communicate()
    assert process.returncode == 5
    assert b"Recorded 1 statement" in told
    lines = (tmp_path / "signals").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == [f"SIG{name}"]


def test_ctrl_c_reaches_the_program_once(
    start: Start, tmp_path: Path, terminal: tuple[int, int]
) -> None:
    """The terminal sends it to both; dbtune does not send it again, and tells its summary."""
    ours, _ = terminal
    process = start_on(start, terminal)
    assert wait_for_line(tmp_path, "ready").startswith("ready True True")
    os.write(ours, b"\x03")
    wait_for_line(tmp_path, "SIGINT")
    (tmp_path / "end").touch()
    assert process.wait() == 5
    lines = (tmp_path / "signals").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["SIGINT"]
    assert b"Recorded 1 statement" in os.read(ours, 10_000)


def test_job_control_stops_and_continues_both(
    start: Start, tmp_path: Path, terminal: tuple[int, int]
) -> None:
    """As a shell does it: the group stops, and goes on."""
    process = start_on(start, terminal)
    program = int(wait_for_line(tmp_path, "ready").split()[-1])
    os.killpg(process.pid, signal.SIGSTOP)
    wait_for_state(process.pid, "T")
    wait_for_state(program, "T")
    os.killpg(process.pid, signal.SIGCONT)
    (tmp_path / "end").touch()
    assert process.wait() == 5


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_program_that_a_signal_ends_is_recorded_to_its_end(
    start: Start, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """With 128+N as its exit code, nothing of SIGTERM's lost, and a summary."""
    process = start("send('a')\nopen('signals', 'w').write('ready')\ntime.sleep(60)\n")
    wait_for_line(tmp_path, "ready")
    process.send_signal(number)
    _, told = process.communicate()
    assert process.returncode == code, told
    if number != signal.SIGHUP:
        assert senders(tmp_path / "queries.jsonl") == ["a"]


def start_on(start: Start, terminal: tuple[int, int]) -> subprocess.Popen[bytes]:
    """Start the counting program with a terminal of its own."""
    _, theirs = terminal
    return start(
        COUNTING,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )


def wait_for_state(pid: int, state: str) -> None:
    """Wait until a process is in a state, by its letter in /proc."""
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != state:
        time.sleep(0.01)
