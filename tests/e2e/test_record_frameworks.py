"""Recordings made in code under Flask and Django: each statement with its request and route."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

import dbtune
from dbtune.workload.sources import read_workload
from tests.conftest import clean_environment


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the statements of a recording."""
    read = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in read if "db.query.text" in line]


@pytest.mark.parametrize("with_extension", [True, False], ids=["dbtune.flask", "signals"])
def test_flask_requests_have_an_id_and_a_route(tmp_path: Path, with_extension: bool) -> None:
    """With the extension under `record`; a block names requests by itself."""
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    app = dbtune.flask(Flask("app")) if with_extension else Flask("app")

    @app.get("/users/<int:user>")
    def one(user: int) -> str:
        with engine.connect() as connection:
            connection.execute(text("SELECT :user"), {"user": user}).all()
            connection.execute(text("SELECT :user, 2"), {"user": user}).all()
        return ""

    path = tmp_path / "queries.jsonl"
    recording = dbtune.record(engine, path) if with_extension else dbtune.recording(path)
    with recording:
        client = app.test_client()
        client.get("/users/1")
        client.get("/users/2", headers={"X-Request-Id": "from-outside"})
        with engine.connect() as connection:
            connection.execute(text("SELECT 'outside'")).all()
    engine.dispose()
    sent = [line for line in lines(path) if line["db.query.text"].startswith("SELECT")]
    assert {line.get("route") for line in sent[:4]} == {"GET /users/<int:user>"}
    first, second = sent[0]["request_id"], sent[2]["request_id"]
    assert [line.get("request_id") for line in sent] == [first, first, second, second, None]
    assert first != second
    if with_extension:
        assert second == "from-outside"


SETTINGS = """
import pathlib
from django.conf import settings
BASE_DIR = pathlib.Path.cwd()
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF="shop", ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db"}},
    MIDDLEWARE=["dbtune.integrations.django.RecordMiddleware"],
    RECORD
)
import django
django.setup()
"""
SHOP = """
from django.db import connection
from django.http import HttpResponse
from django.urls import path
from asgiref.sync import sync_to_async

def read():
    with connection.cursor() as cursor:
        for number in range(6):
            cursor.execute("SELECT name FROM users WHERE id = %s", [number])
            cursor.fetchall()
    return HttpResponse("")

def users(request, page):
    return read()

async def users_async(request, page):
    return await sync_to_async(read)()

urlpatterns = [path("users/<int:page>", users), path("async/<int:page>", users_async)]
"""
DRIVE = """
import asyncio, sys
import settings
from django.db import connection
from django.test import AsyncClient, Client

with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT)")
for page in (1, 2):
    assert Client().get(f"/users/{page}", headers={"X-Request-Id": f"r{page}"}).status_code == 200

async def ask():
    return await AsyncClient().get("/async/3")

assert asyncio.run(ask()).status_code == 200
connection.close()
"""


def drive(folder: Path, record: str) -> subprocess.CompletedProcess[str]:
    """Run a Django project with the middleware and this DBTUNE_RECORD."""
    (folder / "settings.py").write_text(SETTINGS.replace("RECORD", record, 1))
    (folder / "shop.py").write_text(SHOP)
    (folder / "drive.py").write_text(DRIVE)
    command = [sys.executable, "-W", "error", "drive.py"]
    return subprocess.run(
        command, cwd=folder, env=clean_environment(), text=True, capture_output=True, timeout=60
    )


def test_djangos_middleware_records_requests_with_their_routes(tmp_path: Path) -> None:
    """Sync and async, once however many handlers load it, on a connection from before."""
    done = drive(tmp_path, 'DBTUNE_RECORD={"path": BASE_DIR / "queries.jsonl"},')
    assert done.returncode == 0, done.stderr
    path = tmp_path / "queries.jsonl"
    sent = [line for line in lines(path) if "FROM users" in line["db.query.text"]]
    routes = Counter(line.get("route") for line in sent)
    assert routes == {"GET /users/<int:page>": 12, "GET /async/<int:page>": 6}
    assert {line["request_id"] for line in sent[:12]} == {"r1", "r2"}
    assert {line["code.file.path"] for line in sent} == {"shop.py"}
    assert all(line["db.query.text"].endswith("id = ?") for line in sent)
    found = read_workload([path]).repeated
    assert {(series.route, series.calls) for series in found} == set(routes.items())


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('DBTUNE_RECORD={"file": "x"},', "expected a dict with path"),
        ('DBTUNE_RECORD={"path": "x", "sample_rate": 2},', "sample_rate is 2"),
        ('DBTUNE_RECORD={"path": "/nowhere/x"},', "cannot be recorded to"),
    ],
)
def test_settings_that_mean_nothing_are_told_at_the_start(
    tmp_path: Path, record: str, message: str
) -> None:
    """Not one request is answered without the recording that was asked for."""
    done = drive(tmp_path, record)
    assert done.returncode != 0
    assert message in done.stderr


def test_without_its_setting_the_middleware_is_not_used(tmp_path: Path) -> None:
    """It may stay in MIDDLEWARE where only some environments record."""
    done = drive(tmp_path, "")
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.glob("*.jsonl"))
