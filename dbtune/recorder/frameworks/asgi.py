"""Requests of ASGI applications: the statements of one call, whatever tasks they run in."""

from __future__ import annotations

import uuid
from contextvars import Token
from typing import Any

from ..complaint import complain
from ..requests import Request, end_request, use_request
from .routes import general_route, given_request_id

_KEY = "dbtune.request"
_REQUESTS = ("http", "websocket")


class WatchedApplication:
    """An ASGI application whose requests are followed."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __getattr__(self, name: str) -> Any:
        return getattr(self._application, name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request as the application does."""
        token = begin(scope)
        try:
            await self._application(scope, receive, send)
        finally:
            if token is not None:
                end_request(token)


def begin(scope: Any) -> Token[Request | None] | None:
    """Begin the request of a scope, unless it is none or has begun."""
    try:
        if scope.get("type") not in _REQUESTS or _KEY in scope:
            return None
        headers = {name: value.decode("latin-1") for name, value in scope.get("headers", ())}
        given = given_request_id(headers.get(b"x-request-id"), headers.get(b"traceparent"))
        prefix = scope.get("root_path", "")
        request = Request(given or uuid.uuid4().hex, lambda: _route(scope, prefix))
        scope[_KEY] = request
        return use_request(request)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a request could not be followed", error)
        return None


def request_of(scope: Any) -> Request | None:
    """Return the request that began with a scope."""
    request: Request | None = scope.get(_KEY)
    return request


def _route(scope: Any, prefix: str) -> str:
    """Return the template that Starlette or FastAPI found for a path, else what the path suggests.

    Mounted applications have their templates below their root path.
    """
    method = scope.get("method", "WEBSOCKET")
    template = getattr(scope.get("route"), "path", None)
    if isinstance(template, str):
        mounted = scope.get("root_path", "")
        below = mounted[len(prefix) :] if mounted.startswith(prefix) else ""
        return f"{method} {general_route('', below)[1:].rstrip('/')}{template}"
    return general_route(method, scope.get("path", ""))


def watch_starlette(module: Any) -> None:
    """Follow the requests of Starlette's and FastAPI's applications, in tests without a server."""
    answer = module.Starlette.__call__

    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> None:
        token = begin(scope)
        try:
            await answer(self, scope, receive, send)
        finally:
            if token is not None:
                end_request(token)

    module.Starlette.__call__ = __call__
