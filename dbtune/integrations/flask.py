"""`dbtune.flask(app)`: which requests only read, and which statements belong to one request."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, has_request_context, request

from dbtune.integrations.work import Mark, WritingRoutes, set_mark
from dbtune.recorder.frameworks.routes import given_request_id
from dbtune.recorder.requests import begin_request, end_request

_READING_METHODS = frozenset({"GET", "HEAD"})


def flask(app: Flask) -> Flask:
    """Tell dbtune of the requests of an application, and return the application.

    The database work of GET and HEAD requests is marked as reading, for `dbtune.install(engine)`;
    and in recordings (`dbtune.record(engine, path)`) statements get the id and the route of their
    request. Call it right after `Flask(...)`, so that it comes before other `before_request`
    functions. A GET that writes still works: it begins anew with BEGIN IMMEDIATE if it has not
    read yet, and its endpoint is taken for a writing one from then on if it has. Calling it twice
    changes nothing.
    """
    if "dbtune" in app.extensions:
        return app
    mark = Mark(strict=False, route=_endpoint, writing_routes=WritingRoutes())
    app.extensions["dbtune"] = mark

    @app.before_request
    def begin() -> None:
        set_mark(mark if request.method in _READING_METHODS else None)
        g.dbtune_request = begin_current_request()

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        set_mark(None)
        token = g.pop("dbtune_request", None)
        if token is not None:
            end_request(token)

    return app


def begin_current_request() -> Any:
    """Begin the request at hand, with the id that its client gave if any; return its token."""
    headers = request.headers
    given = given_request_id(headers.get("X-Request-Id"), headers.get("traceparent"))
    return begin_request(given, _route)


def _route() -> str | None:
    """Return method and rule of the request at hand: "GET /chefs/<int:chef>"."""
    if not has_request_context():
        return None
    rule = request.url_rule
    return f"{request.method} {rule.rule}" if rule is not None else None


def _endpoint() -> str | None:
    if not has_request_context() or request.endpoint is None:
        return None
    return f"{request.method} {request.endpoint}"
