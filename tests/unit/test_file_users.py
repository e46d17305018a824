"""Who has a file open, seen from outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dbtune.sqlite.file.file_users import other_users

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="only Linux tells who has a file open"
)

HOLD = "import sys; file = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def test_another_process_that_has_the_file_open_is_named(tmp_path: Path) -> None:
    """Its number and command are given while it has the file open, and not after it closed it."""
    path = tmp_path / "app.db"
    path.write_text("x")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        (user,) = other_users(path)
        holder.communicate()
    assert user.pid == holder.pid
    assert user.command.startswith("python")
    assert str(user) == f"process {holder.pid} ({user.command})"
    assert other_users(path) == ()


def test_this_process_and_missing_files_have_no_other_users(tmp_path: Path) -> None:
    """What dbtune itself has open does not count; a file that is not there is open nowhere."""
    path = tmp_path / "app.db"
    path.write_text("x")
    with path.open():
        assert other_users(path) == ()
    assert other_users(tmp_path / "missing.db") == ()
