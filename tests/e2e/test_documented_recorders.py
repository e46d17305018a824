"""The recorders of docs/recording.md, copied from there and run in small applications."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dbtune.model.workload import QueryShape, Workload
from dbtune.workload.sources import read_workload
from tests.conftest import clean_environment
from tests.documents import DOCUMENTS, python_files, read

RunRecorded = Callable[[str], Workload]

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, photo BLOB);
CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, created_at TEXT);
"""

TRACED = """
from record_sqlite import connection
connection.executescript(SCHEMA)
insert = "INSERT INTO users (name, photo) VALUES (?, ?) -- comment"
connection.executemany(insert, [("o'x;\\ny", b"\\x00"), ("b", None)])
connection.execute("SELECT id FROM users WHERE name = :name", {"name": "b"}).fetchall()
connection.commit()
connection.close()
"""

ENGINE = """
import datetime, sqlite3
from sqlalchemy import create_engine, text
from record_sqlalchemy import record
connection = sqlite3.connect("app.db")
connection.executescript(SCHEMA)
connection.close()
engine = create_engine("sqlite:///app.db")
record(engine, "queries.jsonl")
with engine.begin() as connection:
    insert = text("INSERT INTO users (name, photo) VALUES (:name, :photo)")
    connection.execute(insert, [{"name": "a", "photo": b"\\x00"}, {"name": "b", "photo": None}])
    order = text("INSERT INTO orders (user_id, created_at) VALUES (1, :at)")
    connection.execute(order, {"at": str(datetime.date(2026, 1, 2))})
with engine.connect() as connection:
    connection.execute(text("SELECT id FROM users WHERE name = :name"), {"name": "b"}).all()
engine.dispose()
"""

FLASK = """
import sqlite3
connection = sqlite3.connect("app.db")
connection.executescript(SCHEMA)
connection.close()
from app import app, engine, text

@app.post("/one-by-one")
def one_by_one():
    for number in range(6):
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO users (name) VALUES (:name)"), {"name": "x"})
    return "done"

@app.post("/together")
def together():
    with engine.begin() as connection:
        for number in range(6):
            connection.execute(text("INSERT INTO orders (user_id) VALUES (:user)"), {"user": 1})
    return "done"

@app.get("/list")
def each():
    with engine.connect() as connection:
        for number in range(6):
            query = text("SELECT name FROM users WHERE id = :id")
            connection.execute(query, {"id": number}).all()
    return "done"

client = app.test_client()
for path in ("/one-by-one", "/together"):
    assert client.post(path).status_code == 200
for path in ("/list", "/list", "/users/7/orders"):
    assert client.get(path).status_code == 200
assert client.get("/nowhere").status_code == 404
engine.dispose()
"""

DJANGO = """
import sqlite3
from pathlib import Path
connection = sqlite3.connect("app.db")
connection.executescript(SCHEMA)
connection.close()
import django
from django.conf import settings
settings.configure(
    BASE_DIR=Path.cwd(), ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db"}},
    MIDDLEWARE=["record_django.RecordQueries"],
)
django.setup()
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path

def insert(table):
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} (id) VALUES (%s)", [None])

def one_by_one(request):
    for number in range(6):
        insert("users")
    return HttpResponse()

def blocks(request):
    for number in range(6):
        with transaction.atomic():
            insert("users")
    return HttpResponse()

def together(request):
    with transaction.atomic():
        for number in range(6):
            insert("orders")
    return HttpResponse()

def find(request, user):
    with connection.cursor() as cursor:
        query = "SELECT id FROM users WHERE name LIKE %s AND id %% 2 = 0 AND photo <> %s"
        cursor.execute(query, ["a%", b"\\x00"])
        cursor.executemany("UPDATE orders SET user_id = %s", iter([[user], [user]]))
        cursor.execute("SELECT count(*) FROM users WHERE name LIKE '50%'")
    return HttpResponse()

urlpatterns = [
    path("one-by-one", one_by_one), path("blocks", blocks), path("together", together),
    path("users/<int:user>", find),
]
from django.test import Client
client = Client()
for url in ("/one-by-one", "/blocks", "/together", "/users/7"):
    assert client.post(url).status_code == 200
assert client.get("/nowhere").status_code == 404
connection.close()
"""


@pytest.fixture
def run_recorded(tmp_path: Path) -> RunRecorded:
    """Return a function that runs a program beside the documented files and reads its recording."""
    document = next(path for path in DOCUMENTS if path.name == "recording.md")
    for name, code in python_files(read(document)).items():
        (tmp_path / name).write_text(code, encoding="utf-8")

    def run(program: str) -> Workload:
        ended = subprocess.run(
            [sys.executable, "-c", f"SCHEMA = {SCHEMA!r}\n{program}"],
            cwd=tmp_path,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        (recording,) = tmp_path.glob("queries.*")
        if os.name == "posix":
            assert recording.stat().st_mode & 0o777 == 0o600
        return read_workload([recording], strict=True)

    return run


def shape(workload: Workload, beginning: str) -> QueryShape:
    """Return the one shape whose template begins so."""
    (found,) = (s for s in workload.shapes if s.template.startswith(beginning.lower()))
    return found


def test_traced_statements_are_read(run_recorded: RunRecorded) -> None:
    """Each execution is one, whatever is in the texts; values are in them from Python 3.11 on."""
    workload = run_recorded(TRACED)
    insert, select = shape(workload, "INSERT INTO users"), shape(workload, "SELECT id FROM users")
    assert (insert.count, select.count) == (2, 1)
    assert insert.needs_values == select.needs_values == (sys.version_info < (3, 11))


def test_an_engine_is_recorded_with_values_and_times(run_recorded: RunRecorded) -> None:
    """Many executions at once are one line with a count; blobs come as blobs."""
    workload = run_recorded(ENGINE)
    insert = shape(workload, "INSERT INTO users")
    assert insert.count == 2
    assert insert.duration_ns is not None
    assert insert.samples[0].parameters == ("a", b"\x00")
    assert shape(workload, "INSERT INTO orders").samples[0].parameters == ("2026-01-02",)
    assert shape(workload, "SELECT id FROM users").samples[0].parameters == ("b",)
    assert workload.sqlite_version is not None
    assert workload.started_at is not None


def test_flask_names_requests_and_routes(run_recorded: RunRecorded) -> None:
    """Series within a request are found, and one transaction is not taken for many."""
    workload = run_recorded(FLASK)
    (repeated,) = workload.repeated
    assert (repeated.route, repeated.requests, repeated.worst) == ("GET /list", 2, 6)
    (small,) = workload.small_transactions
    assert (small.route, small.worst) == ("POST /one-by-one", 6)
    assert shape(workload, "SELECT id FROM orders").samples[0].parameters == (7,)


def test_django_names_requests_and_routes(run_recorded: RunRecorded) -> None:
    """Its placeholders are SQLite's, and atomic blocks are told from statements by themselves."""
    workload = run_recorded(DJANGO)
    routes = {small.route: small.worst for small in workload.small_transactions}
    assert routes == {"POST /one-by-one": 6, "POST /blocks": 6}
    find = shape(workload, "SELECT id FROM users").samples[0]
    assert find.text.endswith("name LIKE ? AND id % 2 = 0 AND photo <> ?")
    assert find.parameters == ("a%", b"\x00")
    assert shape(workload, "UPDATE orders").count == 2
    assert "LIKE '50%'" in shape(workload, "SELECT count").samples[0].text
