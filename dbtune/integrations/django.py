"""Django: INSTALLED_APPS gets DbtuneConfig, MIDDLEWARE gets read_only_requests.

    INSTALLED_APPS = ["dbtune.integrations.django.DbtuneConfig", ...]
    MIDDLEWARE = ["dbtune.integrations.django.read_only_requests", ...]
    DBTUNE = {"synchronous": "NORMAL", "busy_timeout_ms": 5000}  # only to change a default

RecordMiddleware, in front of all others in MIDDLEWARE, records what is sent:

    DBTUNE_RECORD = {"path": BASE_DIR / "queries.jsonl"}  # and the options of dbtune.recording

Django 4.2 to 5.2: before 5.1 there is no OPTIONS["transaction_mode"], and with it readers would
wait for each other in every atomic block; so the begin itself is replaced.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.apps import AppConfig  # type: ignore[import-untyped]
from django.conf import settings as django_settings  # type: ignore[import-untyped]
from django.core.exceptions import MiddlewareNotUsed  # type: ignore[import-untyped]
from django.db import OperationalError  # type: ignore[import-untyped]
from django.db.backends.signals import connection_created  # type: ignore[import-untyped]
from django.db.backends.sqlite3.base import SQLiteCursorWrapper  # type: ignore[import-untyped]
from django.utils.decorators import sync_and_async_middleware  # type: ignore[import-untyped]

from dbtune.errors import ConfigurationError
from dbtune.integrations.limited_cursor import LimitedCursor
from dbtune.integrations.query_watch import watch_queries
from dbtune.integrations.record import Recording, begin_recording, recording_settings
from dbtune.integrations.statement_kind import writes
from dbtune.integrations.streamed import keep_request
from dbtune.integrations.time_limit import TimeLimit
from dbtune.integrations.transaction import Reading, allow_write, begin, explain_late_write
from dbtune.integrations.work import Mark, WritingRoutes, current_mark, marked
from dbtune.recorder.frameworks.routes import given_request_id
from dbtune.recorder.requests import begin_request, current_request, end_request
from dbtune.recorder.sent import Sent
from dbtune.sqlite.file.hook_settings import HookSettings, apply_settings

_READING_METHODS = frozenset({"GET", "HEAD"})


class DbtuneConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    """Sets up each SQLite connection that Django opens."""

    name = "dbtune.integrations.django"
    label = "dbtune"
    verbose_name = "dbtune"

    def ready(self) -> None:
        """Listen for new connections. Raises ConfigurationError for settings that mean nothing."""
        self.settings = _read_settings()
        connection_created.connect(self._tune, dispatch_uid="dbtune")

    def _tune(self, sender: object, connection: Any, **unused: object) -> None:
        if connection.vendor == "sqlite":
            _tune_connection(connection, self.settings)


@sync_and_async_middleware  # type: ignore[untyped-decorator,unused-ignore]
def read_only_requests(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Mark the database work of GET and HEAD requests as reading.

    Put it first. A GET that writes still works: it begins anew with BEGIN IMMEDIATE if its
    transaction has not read yet, and its view is taken for a writing one from then on if it has.
    """
    routes = WritingRoutes()

    def mark_of(request: Any) -> Mark | None:
        if request.method not in _READING_METHODS:
            return None
        return Mark(strict=False, route=lambda: _view_name(request), writing_routes=routes)

    if iscoroutinefunction(get_response):

        async def respond_async(request: Any) -> Any:
            with marked(mark_of(request)):
                return await get_response(request)

        return respond_async

    def respond(request: Any) -> Any:
        with marked(mark_of(request)):
            return get_response(request)

    return respond


class RecordMiddleware:
    """Records what the process sends, each statement with the id and route of its request.

    Connections that were open before the middleware was loaded are recorded where they are this
    thread's. Without settings.DBTUNE_RECORD it is not used.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        """Begin the recording of this process, once however often middleware is loaded.

        Raises ConfigurationError as `dbtune.recording` does.
        """
        given = getattr(django_settings, "DBTUNE_RECORD", None)
        if given is None:
            raise MiddlewareNotUsed("settings.DBTUNE_RECORD is not there")
        self.recording = _recordings.get(repr(given)) or _begin_recording(given)
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Answer a request, which is one in the recording too."""
        if iscoroutinefunction(self):
            return self._respond_async(request)
        token = _begin_request(request)
        try:
            return keep_request(self._get_response(request), current_request())
        finally:
            end_request(token)

    async def _respond_async(self, request: Any) -> Any:
        token = _begin_request(request)
        try:
            return keep_request(await self._get_response(request), current_request())
        finally:
            end_request(token)


_recordings: dict[str, Recording] = {}


def _begin_recording(given: Any) -> Recording:
    try:
        settings = recording_settings(**given)
    except TypeError as error:
        raise ConfigurationError(
            f"settings.DBTUNE_RECORD is {given!r}; expected a dict with path, and params, "
            "sample_rate, slow_ms, max_mb or keep"
        ) from error

    def watch(note: Callable[[Sent], None]) -> Callable[[], None]:
        return watch_queries(note, requests_too=False)

    _recordings[repr(given)] = begun = begin_recording(settings, watch)
    return begun


def _begin_request(request: Any) -> Any:
    headers = request.headers
    request_id = given_request_id(headers.get("X-Request-Id"), headers.get("traceparent"))
    return begin_request(request_id, lambda: _route(request))


def _route(request: Any) -> str | None:
    match = getattr(request, "resolver_match", None)
    return f"{request.method} /{match.route.lstrip('^/')}" if match is not None else None


@dataclass
class _ConnectionState:
    """What the hook knows of one of Django's connections and the transaction open on it."""

    limit: TimeLimit
    in_memory: bool
    mark: Mark | None = None
    reading: Reading = None


class _Cursor(LimitedCursor, SQLiteCursorWrapper):  # type: ignore[misc]  # Django has no types
    """Django's cursor under the time limit."""


def _tune_connection(wrapper: Any, settings: HookSettings) -> None:
    driver: sqlite3.Connection = wrapper.connection
    apply_settings(driver, settings)
    limit = TimeLimit(driver, settings.query_time_limit_ms)
    state = _ConnectionState(limit, in_memory=bool(wrapper.is_in_memory_db()))
    before = getattr(wrapper, "dbtune_watch", None)  # Django keeps its wrapper, and reconnects
    if before in wrapper.execute_wrappers:
        wrapper.execute_wrappers.remove(before)
    wrapper.dbtune_watch = _watching(wrapper, state)
    wrapper.execute_wrappers.append(wrapper.dbtune_watch)
    mode = wrapper.settings_dict["OPTIONS"].get("transaction_mode") or "IMMEDIATE"
    if mode.upper() == "IMMEDIATE":  # any other was chosen by somebody who knows why
        wrapper._start_transaction_under_autocommit = lambda: _begin(wrapper, state)
    if settings.query_time_limit_ms is not None:
        wrapper.create_cursor = lambda name=None: _limited_cursor(wrapper, limit)


def _begin(wrapper: Any, state: _ConnectionState) -> None:
    state.mark = current_mark()
    state.reading = None
    state.limit.stop()
    with wrapper.wrap_database_errors:
        begin(wrapper.connection, immediate=state.mark is None and not state.in_memory)
    state.reading = None if state.mark is None or state.in_memory else "begun"


def _limited_cursor(wrapper: Any, limit: TimeLimit) -> _Cursor:
    cursor: _Cursor = wrapper.connection.cursor(factory=_Cursor)
    cursor.limit = limit
    return cursor


def _watching(wrapper: Any, state: _ConnectionState) -> Callable[..., Any]:
    """Return what Django runs each statement through."""

    def watch(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if not wrapper.in_atomic_block:
            state.mark, state.reading = current_mark(), None
        if state.mark is None:
            return execute(sql, *arguments)
        if not writes(sql):
            state.reading = state.reading and "read"
            return execute(sql, *arguments)
        with wrapper.wrap_database_errors:
            state.reading = allow_write(wrapper.connection, state.mark, state.reading)
        try:
            return execute(sql, *arguments)
        except OperationalError as error:
            clearer = explain_late_write(error.__cause__) if state.reading == "read" else None
            if clearer is None:
                raise
            raise OperationalError(*clearer.args) from clearer

    return watch


def _read_settings() -> HookSettings:
    given = getattr(django_settings, "DBTUNE", {})
    try:
        return HookSettings(**given)
    except TypeError as error:
        raise ConfigurationError(
            f"settings.DBTUNE is {given!r}; expected a dict with synchronous, busy_timeout_ms or "
            "query_time_limit_ms"
        ) from error


def _view_name(request: Any) -> str | None:
    match = getattr(request, "resolver_match", None)
    if match is None:
        return None
    return f"{request.method} {match.view_name or match.route}"
