"""dbtune.integrations.django: settings, transactions, and requests that only read."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.db import OperationalError, connections, transaction
from django.http import HttpRequest, JsonResponse
from django.test import RequestFactory
from django.urls import path

import dbtune
from dbtune.errors import ConfigurationError
from dbtune.integrations.django import read_only_requests
from dbtune.integrations.work import current_mark

Send = Callable[..., dict[str, object]]

ENDLESS_ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the site below; Django can be configured once in a process."""
    path = tmp_path_factory.mktemp("site") / "app.db"
    options = {"TIME_ZONE": None, "CONN_MAX_AGE": None, "ATOMIC_REQUESTS": True}
    settings.configure(
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), **options},
            "memory": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
        },
        INSTALLED_APPS=["dbtune.integrations.django.DbtuneConfig"],
        MIDDLEWARE=["dbtune.integrations.django.read_only_requests"],
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["testserver"],
        DBTUNE={"busy_timeout_ms": 50, "query_time_limit_ms": 200},
        USE_TZ=True,
    )
    django.setup()
    return path


@pytest.fixture(autouse=True)
def counter(database: Path) -> Iterator[None]:
    """A WAL database with one counter, made anew for each test."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            "DROP TABLE IF EXISTS counter; CREATE TABLE counter (value INTEGER);"
            "INSERT INTO counter VALUES (0)"
        )
    yield
    connections.close_all()
    # Django keeps a database in memory open for the life of its process.
    memory = connections["memory"].connection
    if memory is not None:
        memory.close()
        connections["memory"].connection = None


@pytest.fixture
def other(database: Path) -> Iterator[sqlite3.Connection]:
    """Another process's connection, which waits for no lock."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        yield connection


def read() -> int:
    """Return the counter through Django."""
    with connections["default"].cursor() as cursor:
        return int(cursor.execute("SELECT value FROM counter").fetchone()[0])


def write(value: int) -> None:
    """Set the counter through Django."""
    with connections["default"].cursor() as cursor:
        cursor.execute("UPDATE counter SET value = %s", [value])


def others_can_write() -> bool:
    """Tell whether another process could begin to write now."""
    name = settings.DATABASES["default"]["NAME"]
    with closing(sqlite3.connect(name, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.rollback()
        return True


def view_reading(request: HttpRequest) -> JsonResponse:
    """Read only."""
    return JsonResponse({"value": read(), "others_can_write": others_can_write()})


def view_writing(request: HttpRequest) -> JsonResponse:
    """Write at once, as saving a session does."""
    with transaction.atomic():
        write(1)
    return JsonResponse({"others_can_write": others_can_write()})


def view_counting(request: HttpRequest) -> JsonResponse:
    """Write after reading."""
    value = read()
    answer = {"others_can_write": others_can_write()}
    write(value + 1)
    return JsonResponse(answer)


urlpatterns = [
    path("reading", view_reading),
    path("writing", view_writing),
    path("counting", view_counting),
]


@pytest.fixture
def send() -> Send:
    """Return a function that sends a request through all of Django and returns its JSON."""
    handler = BaseHandler()
    handler.load_middleware()

    def send(path: str, method: str = "GET") -> dict[str, object]:
        response = handler.get_response(RequestFactory().generic(method, path))
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    return send


def test_each_connection_gets_the_settings() -> None:
    """What settings.DBTUNE names, and the defaults for the rest."""
    with connections["default"].cursor() as cursor:
        found = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("busy_timeout", "synchronous", "trusted_schema", "foreign_keys")
        }
    assert found == {"busy_timeout": 50, "synchronous": 1, "trusted_schema": 0, "foreign_keys": 1}


def test_an_atomic_block_holds_the_write_lock_from_its_start() -> None:
    """Also after Django has closed the connection and opened it again."""
    for _ in range(2):
        with transaction.atomic():
            assert read() == 0
            assert not others_can_write()
        assert others_can_write()
        connections["default"].close()


def test_an_atomic_block_marked_as_reading_leaves_it_free() -> None:
    """Its reads see one state, and a write in it is an error."""
    with dbtune.read_only(), transaction.atomic():
        assert read() == 0
        assert others_can_write()
    with (
        pytest.raises(OperationalError, match="marked as reading only"),
        dbtune.read_only(),
        transaction.atomic(),
    ):
        write(1)
    with pytest.raises(OperationalError, match="marked as reading only"), dbtune.read_only():
        write(1)
    assert read() == 0


def test_savepoints_work() -> None:
    """An inner rollback undoes the inner writes only."""
    with transaction.atomic():
        write(1)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            write(2)
            raise ZeroDivisionError
    assert read() == 1


@pytest.mark.parametrize(("method", "expected"), [("GET", True), ("POST", False)])
def test_only_reading_methods_leave_the_write_lock_free(
    send: Send, method: str, expected: bool
) -> None:
    """With ATOMIC_REQUESTS every view is a transaction; the method says how it begins."""
    assert send("/reading", method) == {"value": 0, "others_can_write": expected}


def test_a_get_that_writes_first_works(send: Send) -> None:
    """It holds the write lock, as if it were a POST, and is committed."""
    assert send("/writing")["others_can_write"] is False
    assert read() == 1


def test_a_get_that_writes_after_reading_is_treated_as_writing_the_next_time(send: Send) -> None:
    """The first time it was lucky; after that it needs no luck. Other views stay as they are."""
    assert send("/counting") == {"others_can_write": True}
    assert send("/counting") == {"others_can_write": False}
    assert send("/reading") == {"value": 2, "others_can_write": True}


def test_a_write_that_came_too_late_says_why(other: sqlite3.Connection) -> None:
    """SQLite refuses to write over data that was read and is out of date."""
    middleware = read_only_requests(lambda request: late_write())

    def late_write() -> None:
        with transaction.atomic():
            read()
            other.execute("UPDATE counter SET value = 10")
            write(1)

    with pytest.raises(OperationalError, match="this transaction began as reading only"):
        middleware(RequestFactory().head("/"))
    assert read() == 10


def test_an_asynchronous_site_is_marked_too() -> None:
    """The middleware is asynchronous where what it wraps is."""

    async def respond(request: HttpRequest) -> bool:
        return current_mark() is not None

    middleware = read_only_requests(respond)
    assert asyncio.run(middleware(RequestFactory().get("/"))) is True
    assert asyncio.run(middleware(RequestFactory().post("/"))) is False
    assert current_mark() is None


def test_a_query_past_its_limit_says_so() -> None:
    """Also where the time was spent between two rows; the connection works on."""
    with connections["default"].cursor() as cursor:
        with pytest.raises(OperationalError, match="query stopped after 200 ms"):
            cursor.execute(ENDLESS_ROWS)
            cursor.fetchall()
        with pytest.raises(OperationalError, match="query stopped after 200 ms"):
            cursor.execute(f"SELECT count(*) FROM ({ENDLESS_ROWS})")
    assert read() == 0


def test_a_database_in_memory_works_as_before() -> None:
    """Django's own tests run on one."""
    with transaction.atomic(using="memory"), connections["memory"].cursor() as cursor:
        cursor.execute("CREATE TABLE t (a)")
        cursor.execute("INSERT INTO t VALUES (%s)", [1])
    with dbtune.read_only(), connections["memory"].cursor() as cursor:
        assert cursor.execute("SELECT a FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize("given", [{"pragmas": 1}, {"synchronous": "OFF"}])
def test_settings_that_mean_nothing_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, object]
) -> None:
    """The message shows what was given."""
    monkeypatch.setattr(settings, "DBTUNE", given)
    with pytest.raises(ConfigurationError, match=next(iter(given))):
        apps.get_app_config("dbtune").ready()
