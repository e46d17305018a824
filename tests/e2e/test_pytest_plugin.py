"""The pytest plugin in projects of its users: Flask with SQLAlchemy, Django, plain sqlite3."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import clean_environment

PLAIN = {
    "test_plain.py": """
import sqlite3
import pytest

@pytest.fixture(scope="session")
def users(tmp_path_factory):
    connection = sqlite3.connect(tmp_path_factory.mktemp("db") / "app.db")
    connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
    yield connection
    connection.close()

def read(users, ids):
    return [users.execute("SELECT name FROM users WHERE id = ?", (n,)).fetchone() for n in ids]

@pytest.mark.dbtune(max_queries=3)
def test_marked(users):
    read(users, range(4))

@pytest.mark.dbtune(queries=4, no_n_plus_one=True)
def test_exact(users):
    read(users, range(4))

def test_fixture(users, assert_queries):
    with assert_queries(max=7, no_n_plus_one=True):
        read(users, range(6))

def test_free(users):
    read(users, range(9))
"""
}

FLASK = {
    "app.py": """
import flask
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session
from sqlalchemy.orm import mapped_column, relationship, selectinload

class Base(DeclarativeBase):
    pass

class Chef(Base):
    __tablename__ = "chefs"
    id: Mapped[int] = mapped_column(primary_key=True)
    bookings: Mapped[list["Booking"]] = relationship()

class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    chef_id: Mapped[int] = mapped_column(ForeignKey("chefs.id"))

engine = create_engine("sqlite:///app.db")
Base.metadata.create_all(engine)
app = flask.Flask(__name__)

def listed(query):
    with Session(engine) as session:
        return {chef.id: len(chef.bookings) for chef in session.scalars(query)}

@app.get("/slow")
def slow():
    return listed(select(Chef))

@app.get("/fast")
def fast():
    return listed(select(Chef).options(selectinload(Chef.bookings)))
""",
    "test_app.py": """
import pytest
from sqlalchemy.orm import Session
from app import Booking, Chef, app, engine

@pytest.fixture(scope="session", autouse=True)
def chefs():
    with Session(engine) as session:
        session.add_all(Chef(bookings=[Booking()]) for _ in range(8))
        session.commit()
    yield
    engine.dispose()

def test_slow():
    assert app.test_client().get("/slow").status_code == 200

def test_fast():
    client = app.test_client()
    for _ in range(6):
        assert client.get("/fast").status_code == 200

@pytest.mark.dbtune(no_n_plus_one=False, max_queries=9)
def test_known():
    app.test_client().get("/slow")
""",
}

DJANGO = {
    "shop/__init__.py": "",
    "shop/models.py": """
from django.db import models

class Chef(models.Model):
    name = models.TextField()

class Booking(models.Model):
    chef = models.ForeignKey(Chef, models.CASCADE)
""",
    "urls.py": """
from django.http import JsonResponse
from django.urls import path
from shop.models import Booking

def names(bookings):
    return JsonResponse({booking.id: booking.chef.name for booking in bookings})

def slow(request):
    return names(Booking.objects.all())

def fast(request):
    return names(Booking.objects.select_related("chef"))

urlpatterns = [path("slow", slow), path("fast", fast)]
""",
    "settings.py": """
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
MIDDLEWARE = []
""",
    "conftest.py": """
import os
import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()
""",
    "test_shop.py": """
import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from shop.models import Booking, Chef

@pytest.fixture(scope="session", autouse=True)
def tables():
    with connection.schema_editor() as editor:
        editor.create_model(Chef)
        editor.create_model(Booking)
    for n in range(6):
        Booking.objects.create(chef=Chef.objects.create(name=str(n)))
    yield
    connection.close()

class Pages(TestCase):
    def test_slow(self):
        assert self.client.get("/slow").status_code == 200

    def test_fast(self):
        for _ in range(6):
            assert self.client.get("/fast").status_code == 200

def test_assertion(assert_queries):
    with assert_queries(1):
        assert len(Booking.objects.select_related("chef")) == 6

def test_shown_values(assert_queries):
    with assert_queries(4), CaptureQueriesContext(connection):
        for pk in range(4):
            Booking.objects.filter(pk=pk).first()
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    return tmp_path


def run(project: Path, files: dict[str, str], *options: str) -> tuple[int, str]:
    """Write a project's files, run pytest on it, and return its exit code and output."""
    for name, content in files.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(content)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *options]
    done = subprocess.run(
        command, cwd=project, env=clean_environment(), text=True, capture_output=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def outcomes(output: str) -> dict[str, str]:
    """Return how each test ended, by its name."""
    lines = [line.split(" - ")[0].split() for line in output.splitlines()]
    ends = [line for line in lines if len(line) == 2 and line[0] in {"PASSED", "FAILED", "ERROR"}]
    return {name.rpartition("::")[2]: how for how, name in ends}


def test_plain_sqlite3_is_seen_from_session_fixtures_on(project: Path) -> None:
    """By marker and by fixture; a test without either sends what it likes."""
    code, output = run(project, PLAIN)
    assert code == 1, output
    assert outcomes(output) == {
        "test_marked": "FAILED",
        "test_exact": "PASSED",
        "test_fixture": "FAILED",
        "test_free": "PASSED",
    }
    assert "4 queries were sent; expected at most 3" in output
    assert "N+1 at test_plain.py:13, 6 times: one query is sent row by row" in output


def test_options_hold_for_every_test_and_in_workers(project: Path) -> None:
    """With xdist each worker watches its own tests; a marker says otherwise for one."""
    code, output = run(project, PLAIN, "--dbtune-max-queries=8", "-n1")
    assert code == 1, output
    assert outcomes(output)["test_free"] == "FAILED"
    assert outcomes(output)["test_exact"] == "PASSED"


def test_flask_and_sqlalchemy(project: Path) -> None:
    """The lazy load of one request is found with its line and option; selectinload is quiet."""
    code, output = run(project, FLASK, "--dbtune-no-n-plus-one")
    assert code == 1, output
    assert outcomes(output) == {
        "test_slow": "FAILED",
        "test_fast": "PASSED",
        "test_known": "PASSED",
    }
    assert "N+1 of GET /slow at app.py:26, 8 times: Chef.bookings is loaded row by row" in output
    assert ".options(selectinload(Chef.bookings))" in output


def test_djangos_test_client(project: Path) -> None:
    """Connections that the session opened before are seen, and each request is one unit."""
    code, output = run(project, DJANGO, "--dbtune-no-n-plus-one")
    assert code == 1, output
    assert outcomes(output) == {
        "test_slow": "FAILED",
        "test_fast": "PASSED",
        "test_assertion": "PASSED",
        "test_shown_values": "PASSED",
    }
    assert "N+1 at urls.py:7, 6 times: one query is sent row by row" in output


def test_a_marker_that_means_nothing_is_told(project: Path) -> None:
    """With the test and the word that is wrong."""
    files = {
        "test_wrong.py": "import pytest\n@pytest.mark.dbtune(most=3)\ndef test_wrong(): pass\n"
    }
    code, output = run(project, files)
    assert code != 0
    assert "test_wrong.py::test_wrong: pytest.mark.dbtune: " in output
    assert "most" in output


def test_unused_it_imports_nothing(project: Path) -> None:
    """Neither the recorder nor SQLAlchemy, and sqlite3 stays as it is."""
    files = {
        "test_free.py": """
import sqlite3
import sys

def test_free():
    loaded = {name for name in sys.modules if name.split(".")[0] in {"dbtune", "sqlalchemy"}}
    assert loaded <= {
        "dbtune", "dbtune._version", "dbtune.integrations", "dbtune.integrations.pytest_plugin"
    }
    assert sqlite3.connect.__module__ in {"sqlite3", "_sqlite3", None}
"""
    }
    code, output = run(project, files)
    assert code == 0, output
