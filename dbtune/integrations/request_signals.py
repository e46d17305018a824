"""Requests of Flask and Django, told apart by the signals both send: nothing is to be set up."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any

from dbtune.integrations.harmless import harmless
from dbtune.recorder.requests import begin_request, end_request

_token: ContextVar[Any] = ContextVar("dbtune_request_token", default=None)


def watch_requests() -> Callable[[], None]:
    """Give each request an id from now on, where Flask or Django is loaded; return the end."""
    with ExitStack() as ends:
        if "flask" in sys.modules:
            from flask import request_started, request_tearing_down

            from dbtune.integrations.flask import begin_current_request

            begin_flask = _beginning(begin_current_request)
            request_started.connect(begin_flask)
            ends.callback(request_started.disconnect, begin_flask)
            request_tearing_down.connect(_end)
            ends.callback(request_tearing_down.disconnect, _end)
        if "django.core.signals" in sys.modules:
            from django.core import signals  # type: ignore[import-untyped]

            begin_django = _beginning(begin_request)
            signals.request_started.connect(begin_django)
            ends.callback(signals.request_started.disconnect, begin_django)
            signals.request_finished.connect(_end)
            ends.callback(signals.request_finished.disconnect, _end)
        return ends.pop_all().close


def _beginning(begin_one: Callable[[], Any]) -> Callable[..., None]:
    @harmless
    def begin(*sender: object, **unused: object) -> None:
        _token.set(begin_one())

    return begin


@harmless
def _end(*sender: object, **unused: object) -> None:
    token = _token.get()
    if token is not None:
        _token.set(None)
        end_request(token)
