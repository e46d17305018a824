"""What Django's open connections send, told by wrappers around each execution."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter_ns, time_ns
from typing import Any

from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.db import connections  # type: ignore[import-untyped]

from dbtune.integrations.harmless import harmless
from dbtune.recorder.origin import mark_origin
from dbtune.recorder.recorded_values import copied_values
from dbtune.recorder.sent import Sent

_FORMAT = re.compile(r"%[s%]")


def watch_connections(
    audience: Callable[[Sent], None], *, passes_over: Callable[[object], bool]
) -> Callable[[], None]:
    """Tell `audience` what this thread's open connections to SQLite send; return the end.

    `passes_over` gets the driver's connection and tells whether somebody else sees it.
    """
    watched = [(wrapper, _watching(wrapper, audience, passes_over)) for wrapper in _open_ones()]
    for wrapper, watch in watched:
        wrapper.execute_wrappers.append(watch)

    def end() -> None:
        for wrapper, watch in watched:
            if watch in wrapper.execute_wrappers:
                wrapper.execute_wrappers.remove(watch)

    return end


def _open_ones() -> list[Any]:
    try:
        return [
            wrapper
            for wrapper in connections.all(initialized_only=True)
            if wrapper.vendor == "sqlite" and wrapper.connection is not None
        ]
    except ImproperlyConfigured:  # Django was imported and is not used
        return []


def _watching(
    wrapper: Any, audience: Callable[[Sent], None], passes_over: Callable[[object], bool]
) -> Callable[..., Any]:
    @harmless
    def tell(text: str, params: Any, many: bool, error: BaseException | None, **timed: int) -> None:
        values = list(params) if many else params
        sent = Sent(_as_sent(text, params), copied_values(values[0] if many and values else values))
        sent.count = max(1, len(values)) if many else 1
        sent.started_ns = time_ns() - timed["spent_ns"]
        sent.duration_ns = timed["spent_ns"] // sent.count
        sent.rows = timed.get("rows")
        if error is not None:
            sent.fail(error.__cause__ or error)  # Django's own stands around the driver's
        sent.namespace = str(wrapper.settings_dict["NAME"])
        mark_origin(sent)
        audience(sent)

    def watch(execute: Callable[..., Any], text: str, params: Any, many: bool, context: Any) -> Any:
        if passes_over(wrapper.connection):
            return execute(text, params, many, context)
        params = list(params) if many else params
        started = perf_counter_ns()
        try:
            result = execute(text, params, many, context)
        except Exception as error:
            tell(text, params, many, error, spent_ns=perf_counter_ns() - started)
            raise
        spent_ns, rows = perf_counter_ns() - started, context["cursor"].rowcount
        told = {"rows": rows} if rows >= 0 else {}
        tell(text, params, many, None, spent_ns=spent_ns, **told)
        return result

    return watch


def _as_sent(text: str, params: object) -> str:
    return text if params is None else _with_marks(text)


@lru_cache(maxsize=1024)
def _with_marks(text: str) -> str:
    """Return a statement with SQLite's marks, as Django's own cursor writes them."""
    return _FORMAT.sub(lambda found: "?" if found.group() == "%s" else "%", text)
