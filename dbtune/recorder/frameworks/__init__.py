"""Where requests begin and end in Flask, Django, Celery and WSGI or ASGI servers."""

from __future__ import annotations

from ..on_import import on_import
from . import aiosqlite, asgi, asgiref, celery, django, flask, servers

_WATCHED = {
    "aiosqlite.core": aiosqlite.watch_connections,
    "asgiref.sync": asgiref.watch_threads,
    "celery.signals": celery.watch_tasks,
    "daphne.server": servers.watch_daphne,
    "django.core.handlers.base": django.watch_handlers,
    "flask.app": flask.watch_applications,
    "gunicorn.workers.base": servers.watch_gunicorn,
    "hypercorn.app_wrappers": servers.watch_hypercorn,
    "starlette.applications": asgi.watch_starlette,
    "uvicorn.config": servers.watch_uvicorn,
    "waitress.server": servers.watch_waitress,
    "werkzeug.serving": servers.watch_werkzeug,
    "wsgiref.handlers": servers.watch_wsgiref,
}

_watching = False


def watch() -> None:
    """Follow the requests of whatever frameworks and servers the application imports."""
    global _watching
    if _watching:
        return
    _watching = True
    for name, change in _WATCHED.items():
        on_import(name, change)
