"""The request that the application is answering, so that its statements can be told together."""

from __future__ import annotations

import random
import uuid
from contextlib import suppress
from contextvars import ContextVar, Token
from typing import Callable, Optional, Union

Route = Union[str, Callable[[], Optional[str]], None]


class Request:
    """A request's id, its route, and its chance (from 0 to 1) of being in a sample.

    The route may be a function, since frameworks find it only after the request began; it is
    asked until it knows.
    """

    __slots__ = ("_route", "chance", "request_id")

    def __init__(self, request_id: str, route: Route = None) -> None:
        self.request_id = request_id
        self.chance = random.random()
        self._route = route

    def route(self) -> str | None:
        """Return what names the page, None where that is not known (yet)."""
        route = self._route
        return route() if callable(route) else route

    def name_route(self, route: Route) -> None:
        """Say what names the page, where somebody knows better than who began the request."""
        self._route = route


_current: ContextVar[Request | None] = ContextVar("dbtune_request", default=None)

# Returns the request that this context belongs to; each statement asks, so it is no function.
current_request = _current.get


def begin_request(request_id: str | None = None, route: Route = None) -> Token[Request | None]:
    """Begin a request in this context; the token ends it.

    Within another request (a framework inside a server that is watched too) the id and the
    chance stay those of the outer one, and the route becomes the inner one's.
    """
    outer = _current.get()
    if outer is None:
        return _current.set(Request(request_id or uuid.uuid4().hex, route))
    if route is not None:
        outer.name_route(route)
    return _current.set(outer)


def end_request(token: Token[Request | None]) -> None:
    """End a request; the context is as it was before.

    A token of another context (what began in one thread and ends in another) leaves it alone.
    """
    with suppress(ValueError, RuntimeError):
        _current.reset(token)


def use_request(request: Request | None) -> Token[Request | None]:
    """Take over the request of another context, for a thread that works on its behalf."""
    return _current.set(request)
