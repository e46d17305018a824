"""Statements know the request that they were sent in, whatever serves it."""

from __future__ import annotations

import contextvars
import threading
from pathlib import Path

import pytest

from dbtune.recorder.frameworks.routes import general_route, given_request_id
from dbtune.recorder.requests import begin_request, current_request, end_request
from tests.unit.recorder.programs import Heard, hear

SERVE = """
import threading, urllib.request

def get(port, path, headers={}):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request) as response:
        return response.read()

def plain(environ, start_response):
    ask()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
FLASK = """
import flask
app = flask.Flask("shop")

@app.get("/users/<int:user>")
def user(user):
    ask()
    return "ok"

@app.get("/stream")
def stream():
    def parts():
        yield str(ask())
        yield str(ask())
    return flask.Response(parts())
"""


def test_requests_have_an_id_and_a_route() -> None:
    """Between begin and end, and not after."""
    assert current_request() is None
    token = begin_request("a1", "GET /users")
    request = current_request()
    assert request is not None
    assert (request.request_id, request.route()) == ("a1", "GET /users")
    assert 0 <= request.chance <= 1
    end_request(token)
    assert current_request() is None


def test_a_route_may_be_told_later() -> None:
    """Frameworks find it after the request began."""
    routes: list[str | None] = [None, "GET /users"]
    token = begin_request(route=lambda: routes.pop(0))
    request = current_request()
    assert request is not None
    assert [request.route(), request.route()] == [None, "GET /users"]
    end_request(token)


def test_a_request_within_another_one_names_its_route() -> None:
    """A server knows the id, and the framework in it the route."""
    outer = begin_request("a1", "GET /users/7")
    inner = begin_request("b2", "GET /users/<id>")
    request = current_request()
    assert request is not None
    assert (request.request_id, request.route()) == ("a1", "GET /users/<id>")
    end_request(inner)
    assert current_request() is request
    end_request(outer)


def test_a_request_that_ends_elsewhere_leaves_other_requests_alone() -> None:
    """A response may be closed by another thread, which has a request of its own."""
    token = contextvars.Context().run(begin_request, "a1")
    own = begin_request("b2")
    end_request(token)
    request = current_request()
    assert request is not None
    assert request.request_id == "b2"
    end_request(own)


def test_threads_have_their_own_requests() -> None:
    """What one thread answers is nothing to the others."""
    token = begin_request("a1")
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(current_request()))
    thread.start()
    thread.join()
    end_request(token)
    assert found == [None]


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/", "GET /"),
        ("GET", "", "GET /"),
        ("POST", "/users/42/orders", "POST /users/<n>/orders"),
        ("GET", "/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301/", "GET /u/<id>/"),
        ("GET", "/blob/0123456789abcdef0123456789abcdef", "GET /blob/<id>"),
        ("GET", "/added/facade/v2", "GET /added/facade/v2"),
        ("GET", "/users/ann@example.com", "GET /users/<id>"),
        ("GET", "/reset/QWxhZGRpbjpvcGVu", "GET /reset/<id>"),
        ("GET", "/reset/zx81.dEf-token/", "GET /reset/<id>/"),
        ("GET", "/order-4711", "GET /<id>"),
        ("GET", "/api/userProfile/FAQ/wp-login.php", "GET /api/userProfile/FAQ/wp-login.php"),
    ],
)
def test_paths_become_routes(method: str, path: str, route: str) -> None:
    """Numbers and ids would make each request a page of its own, and tokens are secrets."""
    assert general_route(method, path) == route


@pytest.mark.parametrize(
    ("request_id", "traceparent", "given"),
    [
        ("req-1.a_B", None, "req-1.a_B"),
        (None, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
         "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("a b", None, None),
        ("x" * 65, None, None),
        ("", "nonsense", None),
        ("a\n", None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_ids_from_outside_are_checked(
    request_id: str | None, traceparent: str | None, given: str | None
) -> None:
    """Headers may hold anything."""
    assert given_request_id(request_id, traceparent) == given


def test_flask_names_the_rule(tmp_path: Path) -> None:
    """Also of parts that a response makes while it is sent, and never of what comes after."""
    program = f"""{FLASK}
client = app.test_client()
client.get("/users/3", headers={{"X-Request-Id": "abc-1"}})
client.get("/stream").data
client.get("/nothing/here/7")
ask()
"""
    user, first, second, outside = hear(program, tmp_path)
    assert (user.request_id, user.route) == ("abc-1", "GET /users/<int:user>")
    assert first.route == second.route == "GET /stream"
    assert first.request_id == second.request_id not in (None, "abc-1")
    assert (outside.request_id, outside.route) == (None, None)


SERVERS = {
    "werkzeug": """
import logging, werkzeug.serving
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = werkzeug.serving.make_server("127.0.0.1", 0, SERVED, threaded=True)
port, run, stop = server.port, server.serve_forever, server.shutdown
""",
    "wsgiref": """
from wsgiref.simple_server import WSGIRequestHandler, make_server
WSGIRequestHandler.log_message = lambda *arguments: None
server = make_server("127.0.0.1", 0, SERVED)
port, run, stop = server.server_port, server.serve_forever, server.shutdown
""",
    # It warns where its threads begin later than the first request comes.
    "waitress": """
import logging
import waitress.server
logging.getLogger("waitress.queue").setLevel("ERROR")
server = waitress.server.create_server(SERVED, host="127.0.0.1", port=0)
port, run, stop = server.effective_port, server.run, lambda: None
""",
}


def serve(server: str, application: str, requests: str, folder: Path) -> list[Heard]:
    """What is heard of an application while a server serves it."""
    if server == "waitress":
        pytest.importorskip("waitress")
    program = SERVE + FLASK + SERVERS[server].replace("SERVED", application)
    program += (
        f"thread = threading.Thread(target=run, daemon=True)\nthread.start()\n{requests}\nstop()\n"
    )
    return hear(program, folder)


@pytest.mark.parametrize("server", sorted(SERVERS))
def test_any_wsgi_application_has_requests(server: str, tmp_path: Path) -> None:
    """Without a framework method and path name the route."""
    requests = 'get(port, "/items/12/x", {"X-Request-Id": "r1"})\nget(port, "/items/13/x")'
    first, second = serve(server, "plain", requests, tmp_path)
    assert first.route == second.route == "GET /items/<n>/x"
    assert first.request_id == "r1"
    assert second.request_id not in (None, "r1")


@pytest.mark.parametrize("server", sorted(SERVERS))
def test_a_framework_in_a_server_is_one_request(server: str, tmp_path: Path) -> None:
    """The framework's route, once, for all parts of the response."""
    first, second = serve(server, "app", 'get(port, "/stream")', tmp_path)
    assert first.route == second.route == "GET /stream"
    assert first.request_id == second.request_id is not None


def test_gunicorn_workers_have_requests(tmp_path: Path) -> None:
    """The worker's application is watched whatever the arbiter does."""
    pytest.importorskip("gunicorn")
    program = f"""{SERVE}
import gunicorn.app.base
from gunicorn.workers.sync import SyncWorker

class Application(gunicorn.app.base.BaseApplication):
    def load_config(self): pass
    def load(self): return plain

application = Application()
worker = SyncWorker(0, 1, [], application, 1, application.cfg, None)
worker.load_wsgi()
list(worker.wsgi({{"REQUEST_METHOD": "GET", "PATH_INFO": "/a/5"}}, lambda *arguments: None))
"""
    (only,) = hear(program, tmp_path)
    assert only.route == "GET /a/<n>"


def test_django_names_the_pattern(tmp_path: Path) -> None:
    """And records what SQLite gets, with its placeholders."""
    program = """
import asyncio, django
from django.conf import settings
settings.configure(
    ROOT_URLCONF="app", ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()
from django.db import connection
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

def chef(request, number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [number])
        cursor.fetchall()
    return HttpResponse("ok")

async def page(request):
    ask()
    return HttpResponse("ok")

urlpatterns = [path("chefs/<int:number>/", chef), path("page/", page)]
Client().get("/chefs/4/", headers={"X-Request-Id": "d1"})
asyncio.run(AsyncClient().get("/page/"))
ask()
"""
    heard = hear(program, tmp_path)
    chef = next(sent for sent in heard if sent.text == "SELECT ?")
    assert (chef.route, chef.request_id, chef.rows) == ("GET /chefs/<int:number>/", "d1", 1)
    assert (chef.file_path, chef.line_number) == ("app.py", 16)
    page, outside = heard[-2:]
    assert page.route == "GET /page/"
    assert (outside.route, outside.request_id) == (None, None)


ASGI = """
import asyncio

async def get(application, path, headers=()):
    scope = {"type": "http", "method": "GET", "path": path, "headers": list(headers),
             "query_string": b"", "root_path": ""}
    async def receive(): return {"type": "http.request", "body": b""}
    async def send(message): pass
    await application(scope, receive, send)

async def plain(scope, receive, send):
    ask()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""


def test_starlette_names_the_template(tmp_path: Path) -> None:
    """Also of mounted applications, and of functions that run in threads."""
    pytest.importorskip("starlette")
    program = f"""{ASGI}
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

async def page(request): return PlainTextResponse(str(ask()))
def in_thread(request): return PlainTextResponse(str(ask()))

routes = [Route("/c/{{id:int}}", page), Route("/t/{{id}}", in_thread)]
application = Starlette(routes=[*routes, Mount("/m", routes=[Route("/z/{{k}}", page)])])

async def main():
    await get(application, "/c/4", [(b"x-request-id", b"s1")])
    await get(application, "/t/6")
    await get(application, "/m/z/9")
asyncio.run(main())
ask()
"""
    heard = hear(program, tmp_path)
    routes = [sent.route for sent in heard]
    assert routes == ["GET /c/{id:int}", "GET /t/{id}", "GET /m/z/{k}", None]
    assert heard[0].request_id == "s1"
    assert len({sent.request_id for sent in heard}) == 4


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_any_asgi_application_has_requests(server: str, tmp_path: Path) -> None:
    """Requests side by side are told apart."""
    pytest.importorskip(server)
    loads = {
        "uvicorn": """
import uvicorn
config = uvicorn.Config(plain, lifespan="off")
config.load()
application = config.loaded_app
""",
        "hypercorn": """
from hypercorn.app_wrappers import ASGIWrapper
wrapper = ASGIWrapper(plain)
async def application(scope, receive, send): await wrapper(scope, receive, send, None, None)
""",
    }
    program = f"""{ASGI}{loads[server]}
async def main():
    await asyncio.gather(*(get(application, f"/items/{{n}}") for n in range(5)))
asyncio.run(main())
"""
    heard = hear(program, tmp_path)
    assert {sent.route for sent in heard} == {"GET /items/<n>"}
    assert len({sent.request_id for sent in heard}) == 5


def test_djangos_asynchronous_queries_have_a_line(tmp_path: Path) -> None:
    """They run in a thread, whose frames are asgiref's and the standard library's."""
    program = """
import asyncio, django
from asgiref.sync import sync_to_async
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "a.db"}})
django.setup()
from django.db import connection, models

class Chef(models.Model):
    class Meta:
        app_label = "kitchen"

def own():
    list(Chef.objects.filter(pk=2))

async def main():
    await Chef.objects.aexists()
    await sync_to_async(own)()
    async for chef in Chef.objects.all():
        pass
connection.ensure_connection()
connection.connection.execute("CREATE TABLE kitchen_chef (id INTEGER PRIMARY KEY)")
asyncio.run(main())
connection.connection.execute("SELECT 1").fetchall()
"""
    heard = [sent for sent in hear(program, tmp_path) if "SELECT" in sent.text]
    assert [sent.line_number for sent in heard] == [17, 14, 19, 24]
    assert {sent.file_path for sent in heard} == {"app.py"}


def test_aiosqlite_sends_on_behalf_of_its_caller(tmp_path: Path) -> None:
    """Its statements run in a thread that is in no request, and in no line of the application."""
    pytest.importorskip("aiosqlite")
    program = """
import asyncio, aiosqlite
from _dbtune_recorder.requests import begin_request

async def main():
    begin_request("r1", "GET /async")
    async with aiosqlite.connect(":memory:") as connection:
        async with connection.execute("SELECT 2") as cursor:
            await cursor.fetchall()
asyncio.run(main())
"""
    (only,) = hear(program, tmp_path)
    assert (only.route, only.request_id, only.rows) == ("GET /async", "r1", 1)
    assert (only.file_path, only.line_number) == ("app.py", 8)
