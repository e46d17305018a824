"""dbtune record: what people run, from a script to servers with workers, with no change to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.fixtures.recorded import PRELUDE, record_program, recorded, senders

SCHEMA = """
import sqlite3
connection = sqlite3.connect("app.db")
connection.execute("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT)")
connection.commit()
connection.close()
"""
FLASK = """
import sqlite3
import flask
app = flask.Flask(__name__)
@app.get("/users/<int:user>")
def page(user):
    connection = sqlite3.connect("app.db")
    rows = connection.execute("SELECT name FROM users WHERE id = ?", (user,)).fetchall()
    connection.close()
    return {"rows": rows}
"""
DJANGO = """
import os, sys
from django.conf import settings
settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", DEBUG=False,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db"}},
)
import django
django.setup()
from django.db import connection
from django.http import HttpResponse
from django.urls import path
def page(request, user):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM users WHERE id = %s", [user])
        cursor.fetchall()
    return HttpResponse("hello")
urlpatterns = [path("users/<int:user>", page)]
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
RECORDING = "queries.jsonl"


def test_sqlalchemy_is_recorded(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """With transactions, errors and the line of the application."""
    program = """
from sqlalchemy import create_engine, exc, text
engine = create_engine("sqlite:///app.db")
with engine.begin() as connection:
    connection.execute(text("CREATE TABLE t (a UNIQUE)"))
    connection.execute(text("INSERT INTO t VALUES (:a)"), [{"a": 1}, {"a": 2}])
try:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": 1})
except exc.IntegrityError:
    pass
engine.dispose()
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert done.returncode == 0, done.stderr
    many, failed = [line for line in recorded(tmp_path / RECORDING) if "INSERT" in str(line)]
    assert (many["count"], many["code.file.path"]) == (2, "app.py")
    assert many["transaction_id"]
    assert "UNIQUE" in failed["error"]


def test_peewee_is_recorded(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """It uses sqlite3 by itself, or a module of its own where it was built with one."""
    pytest.importorskip("peewee")
    program = """
import peewee
database = peewee.SqliteDatabase("app.db")
class User(peewee.Model):
    name = peewee.TextField()
    class Meta:
        database = database
database.create_tables([User])
User.create(name="a")
assert User.select().where(User.name == "a").count() == 1
database.close()
"""
    done = record_program(run_dbtune, tmp_path, program)
    assert done.returncode == 0, done.stderr
    texts = [line["db.query.text"] for line in recorded(tmp_path / RECORDING)]
    assert any(text.startswith('INSERT INTO "user"') for text in texts)


def test_flasks_server_is_recorded(tmp_path: Path) -> None:
    """With the route of each request."""
    (tmp_path / "app.py").write_text(FLASK, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "flask", "run", "--port", str(port)]
    with serving(tmp_path, command, port):
        pass
    assert routes(tmp_path) == {"GET /users/<int:user>"}


@pytest.mark.slow
def test_flasks_reloader_is_recorded(tmp_path: Path) -> None:
    """The server is a child that comes anew when a file changes."""
    (tmp_path / "app.py").write_text(FLASK, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "flask", "run", "--debug", "--port", str(port)]
    with serving(tmp_path, command, port):
        wait_for_line(tmp_path)
    assert routes(tmp_path) == {"GET /users/<int:user>"}


@pytest.mark.parametrize("worker", ["sync", pytest.param("gthread", marks=pytest.mark.slow)])
def test_gunicorns_workers_are_recorded(tmp_path: Path, worker: str) -> None:
    """They are forks of a process that sends nothing itself."""
    pytest.importorskip("gunicorn")
    (tmp_path / "app.py").write_text(FLASK, encoding="utf-8")
    port = free_port()
    options = ["-k", worker, "-w", "2", "-b", f"127.0.0.1:{port}"]
    with serving(tmp_path, [sys.executable, "-m", "gunicorn", *options, "app:app"], port):
        pass
    assert routes(tmp_path) == {"GET /users/<int:user>"}


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="reload", marks=pytest.mark.slow),
        pytest.param(("--noreload",), id="once"),
    ],
)
def test_djangos_server_is_recorded(tmp_path: Path, options: Sequence[str]) -> None:
    """manage.py runserver, with and without the child that reloads."""
    (tmp_path / "manage.py").write_text(DJANGO, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", *options, f"127.0.0.1:{port}"]
    with serving(tmp_path, command, port):
        wait_for_line(tmp_path)
    assert routes(tmp_path) == {"GET /users/<int:user>"}


@pytest.mark.parametrize(
    "options",
    [pytest.param((), id="alone"), pytest.param(("-n", "2"), id="xdist", marks=pytest.mark.slow)],
)
def test_pytest_is_recorded(run_dbtune: RunDbtune, tmp_path: Path, options: Sequence[str]) -> None:
    """Its exit code passes through, and its workers are recorded too."""
    (tmp_path / "app.py").write_text(PRELUDE, encoding="utf-8")
    (tmp_path / "test_app.py").write_text(
        "import app\n"
        "def test_a(): app.send('a')\n"
        "def test_b(): app.send('b')\n"
        "def test_c(): assert not app.send('c') is None\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = run_dbtune("record", "--", *command, cwd=tmp_path)
    assert done.returncode == 1
    assert senders(tmp_path / RECORDING) == ["a", "b", "c"]
    assert "2 passed" in done.stdout


def routes(folder: Path) -> set[str]:
    """Return the routes of a recording of one page, whose lines all name it and a request."""
    lines = [line for line in recorded(folder / RECORDING) if "FROM users" in line["db.query.text"]]
    assert lines and all(line["request_id"] for line in lines)
    return {line["route"] for line in lines}


def wait_for_line(folder: Path) -> None:
    """Wait for a statement to be written: the parent kills a child that reloads by SIGKILL."""
    while not recorded(folder / RECORDING):
        time.sleep(0.01)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(folder: Path, command: Sequence[str], port: int) -> Iterator[None]:
    """Record a server, ask it for its page until it answers, and end it as a supervisor would."""
    exec(SCHEMA.replace("app.db", str(folder / "app.db")), {})
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [dbtune_command(), "record", "--", *command],
            cwd=folder,
            env=clean_environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_for_page(f"http://127.0.0.1:{port}/users/7", process)
        yield
        process.send_signal(signal.SIGTERM)
        process.wait()
        told = (folder / "output").read_text(encoding="utf-8")
        assert "Recorded " in told, told
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for_page(url: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until there is an answer, which is the one request that counts."""
    while process.poll() is None:
        try:
            with closing(urllib.request.urlopen(url, timeout=10)) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the server ended before it answered")
