"""Programs that record themselves in a process of their own, since what is watched stays so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import dbtune

_BEGIN = """
import json, os, sqlite3, sys
from _dbtune_recorder import apsw_patch, frameworks, lazy_loads, pool_waits, sqlite_patch
heard = []
sqlite_patch.install(heard.append, types_too=True)
apsw_patch.install(heard.append)
frameworks.watch()
lazy_loads.watch()
pool_waits.watch()

def ask(query="SELECT 1"):
    connection = sqlite3.connect(":memory:")
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows
"""
_END = """
keys = "text rows route request_id relationship file_path line_number wait_ns error count"
keys = (keys + " transaction_id namespace").split()
print(json.dumps([[getattr(sent, key) for key in keys] for sent in heard]), flush=True)
# A server's threads may run still: how the interpreter ends under them is not what is tested.
os._exit(0)
"""


class Heard(NamedTuple):
    """A statement that a program's recorder heard of."""

    text: str
    rows: int | None
    route: str | None
    request_id: str | None
    relationship: str | None
    file_path: str | None
    line_number: int | None
    wait_ns: int | None
    error: str | None
    count: int
    transaction_id: str | None
    namespace: str | None


def hear(program: str, folder: Path, python: str = sys.executable) -> list[Heard]:
    """Run a program, app.py in a folder, and return what was heard of it, in its order.

    The program begins with a line break. Deprecations in libraries are no concern of these
    tests, and nothing may be printed.
    """
    library = folder / "library"
    library.mkdir()
    (library / "_dbtune_recorder").symlink_to(Path(dbtune.__file__).parent / "recorder")
    (folder / "start.py").write_text(f"{_BEGIN}import app{_END}")
    (folder / "app.py").write_text("from __main__ import *" + program)
    environment = {**os.environ, "PYTHONPATH": str(library)}
    result = subprocess.run(
        [python, "-W", "ignore", "start.py"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    read: list[list[Any]] = json.loads(result.stdout)
    return [Heard(*values) for values in read]
