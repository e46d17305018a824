"""Requests of Flask: named by the rule of their URL."""

from __future__ import annotations

import sys
from typing import Any

from . import wsgi


def watch_applications(module: Any) -> None:
    """Follow the requests of all applications, those of the test client too."""
    answer = module.Flask.wsgi_app

    def wsgi_app(self: Any, environ: Any, start_response: Any) -> Any:
        def application(environ: Any, start_response: Any) -> Any:
            return answer(self, environ, start_response)

        return wsgi.answer(application, environ, start_response, lambda: _route(environ))

    wsgi_app.__doc__ = answer.__doc__
    module.Flask.wsgi_app = wsgi_app


def _route(environ: Any) -> str:
    flask: Any = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        request = flask.request
        # A request that was answered within another one is named by its own environ.
        if request.environ is environ and request.url_rule is not None:
            return f"{request.method} {request.url_rule.rule}"
    return wsgi.route_of(environ)
