"""Runs dbtune and ends it as kill -9 does, at a statement or at a moment."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.conftest import clean_environment, dbtune_command

# Counts the statements that hold a text and go to the database of a name, whichever connection
# sends them, and kills its own process when SQLite is about to run the one of that number.
_KILL_AT = """
import os, signal, sqlite3, sys
text, name, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
del sys.argv[1:4]
def look(statement):
    global number
    if text in statement:
        number -= 1
        if number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
open_connection = sqlite3.connect
def connect(target, *arguments, **options):
    connection = open_connection(target, *arguments, **options)
    if str(target).split("?")[0].endswith("/" + name):
        connection.set_trace_callback(look)
    return connection
sqlite3.connect = sqlite3.dbapi2.connect = connect
from dbtune.__main__ import main
main()
"""

# What is raised here itself SQLite's trace would swallow: the timer raises it later, in whatever
# Python runs then.
_PRESS_CTRL_C = (
    "signal.signal(signal.SIGALRM, signal.default_int_handler); "
    "signal.setitimer(signal.ITIMER_REAL, 0.005)"
)


def kill_at_statement(text: str, number: int, database: Path, *arguments: str | Path) -> None:
    """Run dbtune and kill it at the statement of that number that holds a text.

    Fails where no such statement was sent to the database: the command has ended by then.
    """
    program = [sys.executable, "-c", _KILL_AT, text, database.name, str(number)]
    killed = subprocess.run(
        [*program, *map(str, arguments)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr


def kill_after(seconds: float, *arguments: str | Path) -> None:
    """Run dbtune and kill it after some seconds, unless it has ended by then."""
    with subprocess.Popen(
        [dbtune_command(), *map(str, arguments)],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()


def interrupt_at_statement(
    text: str, number: int, database: Path, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run dbtune, and press Ctrl-C a moment after a statement began; return how it ended."""
    program = _KILL_AT.replace("os.kill(os.getpid(), signal.SIGKILL)", _PRESS_CTRL_C)
    command = [sys.executable, "-c", program, text, database.name, str(number)]
    return subprocess.run(
        [*command, *map(str, arguments)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
