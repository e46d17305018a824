"""Requests of WSGI applications (PEP 3333): one lasts until its response was iterated over."""

from __future__ import annotations

import uuid
from contextvars import Token
from typing import Any, Callable, Iterator

from ..complaint import complain
from ..requests import Request, Route, end_request, use_request
from .routes import general_route, given_request_id

# Where a server and a framework are both watched, the request is the server's.
_KEY = "dbtune.request"


def begin(environ: Any, route: Route) -> Token[Request | None]:
    """Begin the request of an environ, or name its route where it has begun."""
    request = environ.get(_KEY)
    if request is None:
        given = given_request_id(environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT"))
        request = environ[_KEY] = Request(given or uuid.uuid4().hex, route)
    else:
        request.name_route(route)
    return use_request(request)


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
    """Call an application within a request of its own, which its response ends."""
    try:
        token = begin(environ, route)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a request could not be followed", error)
        return application(environ, start_response)
    try:
        response = application(environ, start_response)
    except BaseException:
        end_request(token)
        raise
    if _is_done(response, environ):
        end_request(token)
        return response
    return _Response(response, token)


def _is_done(response: Any, environ: Any) -> bool:
    # Servers send a file wrapper their own way, and only if it is one.
    wrapper = environ.get("wsgi.file_wrapper")
    is_file = isinstance(wrapper, type) and isinstance(response, wrapper)
    return is_file or isinstance(response, (list, tuple, _Response))


class _Response:
    """A response that ends its request when the server closes it, as PEP 3333 asks it to."""

    def __init__(self, response: Any, token: Token[Request | None]) -> None:
        self._response = response
        self._token = token

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def __len__(self) -> int:
        return len(self._response)

    def close(self) -> None:
        """Close the response, and end the request."""
        try:
            close = getattr(self._response, "close", None)
            if close is not None:
                close()
        finally:
            end_request(self._token)
