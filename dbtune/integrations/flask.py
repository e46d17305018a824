"""`dbtune.flask(app)`: requests that only read begin their transactions as readers."""

from __future__ import annotations

from flask import Flask, has_request_context, request

from dbtune.integrations.work import Mark, WritingRoutes, set_mark

_READING_METHODS = frozenset({"GET", "HEAD"})


def flask(app: Flask) -> Flask:
    """Mark the database work of GET and HEAD requests as reading, and return the application.

    Call it right after `Flask(...)`, so that it comes before other `before_request` functions,
    and `dbtune.install(engine)` for the engine. A GET that writes still works: it begins anew
    with BEGIN IMMEDIATE if it has not read yet, and its endpoint is taken for a writing one from
    then on if it has. Calling it twice changes nothing.
    """
    if "dbtune" in app.extensions:
        return app
    mark = Mark(strict=False, route=_endpoint, writing_routes=WritingRoutes())
    app.extensions["dbtune"] = mark

    @app.before_request
    def mark_reading() -> None:
        set_mark(mark if request.method in _READING_METHODS else None)

    @app.teardown_request
    def unmark(error: BaseException | None) -> None:
        set_mark(None)

    return app


def _endpoint() -> str | None:
    if not has_request_context() or request.endpoint is None:
        return None
    return f"{request.method} {request.endpoint}"
