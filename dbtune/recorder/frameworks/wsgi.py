"""Requests of WSGI applications (PEP 3333), whose responses may be made while they are sent."""

from __future__ import annotations

import uuid
from typing import Any, Callable, Iterator

from ..complaint import complain
from ..requests import Request, Route, end_request, use_request
from .routes import general_route, given_request_id

# Where a server and a framework are both watched, the request is the server's.
_KEY = "dbtune.request"


def begin(environ: Any, route: Route) -> Request:
    """Return the request of an environ; where it has begun already, its route is named."""
    request: Request | None = environ.get(_KEY)
    if request is None:
        given = given_request_id(environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT"))
        request = environ[_KEY] = Request(given or uuid.uuid4().hex, route)
    else:
        request.name_route(route)
    return request


def route_of(environ: Any) -> str:
    """Return the route that method and path suggest."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return general_route(environ.get("REQUEST_METHOD", "GET"), path)


class WatchedApplication:
    """A WSGI application whose requests are followed."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __getattr__(self, name: str) -> Any:
        return getattr(self._application, name)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer a request as the application does."""
        return answer(self._application, environ, start_response, lambda: route_of(environ))


def answer(application: Callable[..., Any], environ: Any, start_response: Any, route: Route) -> Any:
    """Call an application within a request of its own, which its response belongs to."""
    try:
        request = begin(environ, route)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a request could not be followed", error)
        return application(environ, start_response)
    token = use_request(request)
    try:
        response = application(environ, start_response)
    finally:
        end_request(token)
    return response if _is_done(response, environ) else _Response(response, request)


def _is_done(response: Any, environ: Any) -> bool:
    # Servers send a file wrapper their own way, and only if it is one.
    wrapper = environ.get("wsgi.file_wrapper")
    is_file = isinstance(wrapper, type) and isinstance(response, wrapper)
    return is_file or isinstance(response, (list, tuple, _Response))


class _Response:
    """A response whose parts are made within its request, in whatever thread that is.

    Between the parts the request is not current: who never closes a response, as tests do, is in
    none any more.
    """

    def __init__(self, response: Any, request: Request) -> None:
        self._response = response
        self._request = request

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def __iter__(self) -> Iterator[bytes]:
        parts = iter(self._response)
        while True:
            token = use_request(self._request)
            try:
                part = next(parts)
            except StopIteration:
                return
            finally:
                end_request(token)
            yield part

    def close(self) -> None:
        """Close the response, within its request."""
        close = getattr(self._response, "close", None)
        token = use_request(self._request)
        try:
            if close is not None:
                close()
        finally:
            end_request(token)
