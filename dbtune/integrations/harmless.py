"""Listeners inside an application: their own errors are logged once and never reach it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from dbtune.recorder.complaint import complain

F = TypeVar("F", bound=Callable[..., Any])


def harmless(listener: F) -> F:
    """Return a listener that returns None where it would raise."""

    @wraps(listener)
    def listen(*arguments: Any, **named: Any) -> Any:
        try:
            return listener(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - watching must not break what is watched
            complain("a statement could not be recorded", error)
            return None

    return listen  # type: ignore[return-value]
