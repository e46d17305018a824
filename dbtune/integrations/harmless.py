"""Listeners inside an application: their own errors are logged and never reach it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

_log = logging.getLogger("dbtune")

F = TypeVar("F", bound=Callable[..., Any])


def harmless(listener: F) -> F:
    """Return a listener that logs what it raises at WARNING and returns None then."""

    @wraps(listener)
    def listen(*arguments: Any, **named: Any) -> Any:
        try:
            return listener(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - watching must not break what is watched
            _log.warning("a statement was not recorded: %s: %s", type(error).__name__, error)
            return None

    return listen  # type: ignore[return-value]
