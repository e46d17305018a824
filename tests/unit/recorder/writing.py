"""Programs that write recordings, and connections that send."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, signal, sqlite3, sys
from dbtune.recorder.recorder import open_recorder
from dbtune.recorder.settings import RecorderSettings
from dbtune.recorder.sqlite_patch import install
recorder = open_recorder(RecorderSettings(sys.argv[1]))
install(recorder.note, types_too=True)
connection = sqlite3.connect(":memory:")
"""


def send(connection: sqlite3.Connection, count: int) -> None:
    """Send so many statements."""
    for number in range(count):
        connection.execute("SELECT ?", (number,)).fetchall()


def run(program: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that records itself."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM + program, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
