"""Servers: the application that they serve is replaced by one whose requests are followed."""

from __future__ import annotations

from typing import Any

from . import asgi, wsgi

# The workers of gunicorn that serve WSGI; others (uvicorn's) serve ASGI by means of their own.
_WSGI_WORKERS = ("base_async", "geventlet", "ggevent", "gthread", "gtornado", "sync")


def watch_wsgiref(module: Any) -> None:
    """Follow what wsgiref serves, and with it Django's runserver."""
    run = module.BaseHandler.run

    def followed(self: Any, application: Any) -> None:
        run(self, wsgi.WatchedApplication(application))

    followed.__name__, followed.__doc__ = run.__name__, run.__doc__
    module.BaseHandler.run = followed


def watch_werkzeug(module: Any) -> None:
    """Follow what werkzeug serves, as `flask run` does."""
    _after_init(module.BaseWSGIServer, "app", wsgi.WatchedApplication)


def watch_waitress(module: Any) -> None:
    """Follow what waitress serves."""
    _after_init(module.BaseWSGIServer, "application", wsgi.WatchedApplication)


def watch_daphne(module: Any) -> None:
    """Follow what daphne serves."""
    _after_init(module.Server, "application", asgi.WatchedApplication)


def watch_hypercorn(module: Any) -> None:
    """Follow what hypercorn serves."""
    _after_init(module.ASGIWrapper, "app", asgi.WatchedApplication)
    _after_init(module.WSGIWrapper, "app", wsgi.WatchedApplication)


def watch_gunicorn(module: Any) -> None:
    """Follow what gunicorn's own workers serve."""
    load = module.Worker.load_wsgi

    def load_wsgi(self: Any) -> None:
        load(self)
        names = [kind.__module__ for kind in type(self).__mro__]
        if "gunicorn.workers.gasgi" in names:
            self.wsgi = asgi.WatchedApplication(self.wsgi)
        elif any(f"gunicorn.workers.{name}" in names for name in _WSGI_WORKERS):
            self.wsgi = wsgi.WatchedApplication(self.wsgi)

    load_wsgi.__doc__ = load.__doc__
    module.Worker.load_wsgi = load_wsgi


def watch_uvicorn(module: Any) -> None:
    """Follow what uvicorn serves."""
    load = module.Config.load

    def followed(self: Any) -> None:
        load(self)
        self.loaded_app = asgi.WatchedApplication(self.loaded_app)

    followed.__name__, followed.__doc__ = load.__name__, load.__doc__
    module.Config.load = followed


def _after_init(server: Any, name: str, watched: Any) -> None:
    """Let instances of a server's class hold a watched application under a name."""
    initialise = server.__init__

    def __init__(self: Any, *arguments: Any, **options: Any) -> None:
        initialise(self, *arguments, **options)
        setattr(self, name, watched(getattr(self, name)))

    __init__.__doc__ = initialise.__doc__
    server.__init__ = __init__
