"""RecordMiddleware: what a Django site sends, with the id and the route of its request."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import clean_environment

pytest.importorskip("django")

SITE = """
import asyncio, django
from django.conf import settings
if not settings.configured:
    settings.configure(
        ROOT_URLCONF="site_of_test", ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db"}},
        MIDDLEWARE=["dbtune.integrations.django.RecordMiddleware"],
        DBTUNE_RECORD=RECORD,
    )
    django.setup()
from django.db import connection
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import path

def ask(number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s, 'Hunter2'", [number])
        return str(cursor.fetchall())

def page(request, number):
    return HttpResponse(ask(number))

def stream(request):
    return StreamingHttpResponse(ask(number) for number in range(3))

async def stream_async(request):
    async def parts():
        for number in range(3):
            yield await asyncio.to_thread(ask, number)
    return StreamingHttpResponse(parts())

def file(request):
    return FileResponse(open("site_of_test.py", "rb"))

urlpatterns = [
    path("pages/<int:number>", page), path("stream", stream), path("async", stream_async),
    path("file", file),
]

async def ask_async():
    response = await AsyncClient().get("/async", headers={"X-Request-Id": "a1"})
    return [part async for part in response.streaming_content]

if __name__ == "__main__":
    assert Client().get("/pages/7", headers={"X-Request-Id": "p1"}).status_code == 200
    assert len(list(Client().get("/stream", headers={"X-Request-Id": "s1"}).streaming_content)) == 3
    ask(8)
    assert len(asyncio.run(ask_async())) == 3
    response = Client().get("/file")
    assert b"import asyncio" in b"".join(response.streaming_content)
    response.close()
    connection.close()
"""


def run(folder: Path, settings: str) -> subprocess.CompletedProcess[str]:
    """Run the site with its settings of the recording."""
    (folder / "site_of_test.py").write_text(SITE.replace("RECORD,", f"{settings},"))
    return subprocess.run(
        [sys.executable, "site_of_test.py"],
        cwd=folder,
        env=clean_environment(),
        text=True,
        capture_output=True,
        timeout=60,
    )


def test_requests_and_their_streams_are_recorded(tmp_path: Path) -> None:
    """Also what is sent while a streamed response is made; between requests there is none."""
    done = run(tmp_path, '{"path": "queries.jsonl"}')
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    text = (tmp_path / "queries.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    sent = [
        (line.get("request_id"), line.get("route"))
        for line in lines
        if line.get("db.query.text", "").startswith("SELECT ?, ?")
    ]
    assert sent == [
        ("p1", "GET /pages/<int:number>"),
        *[("s1", "GET /stream")] * 3,
        (None, None),
        *[("a1", "GET /async")] * 3,
    ]
    assert "Hunter2" not in text
    assert stat.S_IMODE((tmp_path / "queries.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('{"path": "missing/queries.jsonl"}', "cannot be recorded to"),
        ('{"file": "queries.jsonl"}', "expected a dict with path"),
        ('{"path": "queries.jsonl", "sample_rate": 2}', "above 0 and at most 1"),
    ],
)
def test_settings_that_mean_nothing_stop_the_site(
    tmp_path: Path, settings: str, message: str
) -> None:
    """As any other mistake in the settings does."""
    done = run(tmp_path, settings)
    assert done.returncode != 0
    assert message in done.stderr


def test_without_settings_it_is_not_used(tmp_path: Path) -> None:
    """The same settings module serves where nothing is to be recorded."""
    done = run(tmp_path, "None")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} <= {"app.db", "site_of_test.py"}
