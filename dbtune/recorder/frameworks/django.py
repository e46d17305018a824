"""Requests of Django: named by the pattern of their URL."""

from __future__ import annotations

from contextvars import Token
from typing import Any

from ..complaint import complain
from ..requests import Request, Route, end_request, use_request
from . import asgi, wsgi
from .routes import general_route


def watch_handlers(module: Any) -> None:
    """Follow the requests of all handlers, those of the test client too."""
    handler = module.BaseHandler
    get_response, get_response_async = handler.get_response, handler.get_response_async

    def followed(self: Any, request: Any) -> Any:
        token = _begin(request)
        try:
            return get_response(self, request)
        finally:
            _end(token)

    async def followed_async(self: Any, request: Any) -> Any:
        token = _begin(request)
        try:
            return await get_response_async(self, request)
        finally:
            _end(token)

    handler.get_response, handler.get_response_async = followed, followed_async


def _begin(request: Any) -> Token[Request | None] | None:
    try:

        def route() -> str:
            return _route(request)

        scope = getattr(request, "scope", None)
        if scope is None:
            return use_request(wsgi.begin(request.environ, route))
        return _begin_scope(scope, route)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a request could not be followed", error)
        return None


def _begin_scope(scope: Any, route: Route) -> Token[Request | None] | None:
    token = asgi.begin(scope)
    known = asgi.request_of(scope)
    if known is None:
        return token
    known.name_route(route)
    return token or use_request(known)


def _end(token: Token[Request | None] | None) -> None:
    if token is not None:
        end_request(token)


def _route(request: Any) -> str:
    # Middleware runs before the URL was looked up.
    match = getattr(request, "resolver_match", None)
    if match is None or match.route is None:
        return general_route(request.method, request.path)
    return f"{request.method} /{match.route.lstrip('^/')}"
