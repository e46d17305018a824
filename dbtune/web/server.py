"""A history on 127.0.0.1: pages drawn from files, for this machine's browsers, read only."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dbtune.errors import ConfigurationError
from dbtune.model.page import Page
from dbtune.report.html.to_html import policy_of, to_html
from dbtune.web.addresses import read_address
from dbtune.web.history import histories
from dbtune.web.history_pages import database_page, index_page, run_page
from dbtune.web.run_files import RunFiles

ADDRESS = "127.0.0.1"
_LOG = logging.getLogger(__name__)
_METHODS = ("GET", "HEAD")
# The longest address of a page has 22 characters.
_MOST_REQUEST_LINE = 2_000
_HTTP_PORT = 80
_NOTHING_ALLOWED = "default-src 'none'"
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", _NOTHING_ALLOWED),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


@dataclass(frozen=True)
class _Answer:
    """What is sent back; text that is no page is plain."""

    status: HTTPStatus
    text: str
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "text/plain"


class HistoryServer(ThreadingHTTPServer):
    """Serves the runs of some files until it is closed; a thread for each request."""

    daemon_threads = True
    # On Windows it would let another program take the port over.
    allow_reuse_address = os.name == "posix"

    def __init__(self, files: RunFiles, port: int) -> None:
        """Raises ConfigurationError where the port cannot be had; 0 takes any that is free."""
        self.files = files
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise ConfigurationError(
                f"port {port} of {ADDRESS} cannot be had: {error.strerror or error}",
                hint="--port 0 takes any port that is free",
            ) from error

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note what failed: most often a browser that went away."""
        _LOG.debug("a request of %s failed", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """One request: GET or HEAD of a page that exists, by a name of this machine."""

    server: HistoryServer
    # A client that says nothing keeps its thread no longer than so many seconds.
    timeout = 10
    # Else what cannot be understood is answered as in 1991, without a status.
    default_request_version = "HTTP/1.0"

    def parse_request(self) -> bool:
        """Read the request line and the headers; False where it was refused already."""
        if len(self.raw_requestline) > _MOST_REQUEST_LINE:
            # What send_error needs, of a line that was not read.
            self.requestline, self.request_version, self.command = "", "HTTP/1.0", "GET"
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return False
        return super().parse_request()

    def __getattr__(self, name: str) -> Any:
        """Answer any method: the base class asks for do_GET, do_POST and so on."""
        if name.startswith("do_"):
            return self._respond
        raise AttributeError(name)

    def _respond(self) -> None:
        try:
            answer = self._refusal() or self._page()
        except Exception as error:  # noqa: BLE001 - a bug in one page must not hide the others
            _LOG.debug("%r failed", self.path, exc_info=error)
            text = f"A bug in dbtune: {type(error).__name__}. dbtune -vv serve says more.\n"
            answer = _Answer(HTTPStatus.INTERNAL_SERVER_ERROR, text)
        self._send(answer)

    def _refusal(self) -> _Answer | None:
        """Refuse what a page of another site could make a browser send."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].strip().lower() not in self._own_hosts():
            text = f"This is {self.server.url}, and not the host that was asked for.\n"
            return _Answer(HTTPStatus.MISDIRECTED_REQUEST, text)
        if self.command not in _METHODS:
            allowed = (("Allow", ", ".join(_METHODS)),)
            return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, "Read only.\n", allowed)
        return None

    def _own_hosts(self) -> frozenset[str]:
        port = self.server.server_port
        names = (ADDRESS, "localhost", "[::1]")
        # A browser leaves the port of HTTP out.
        own = {f"{name}:{port}" for name in names} | (set(names) if port == _HTTP_PORT else set())
        return frozenset(own)

    def _page(self) -> _Answer:
        address = read_address(self.path)
        page = None if address is None else self._found_page(*address)
        if page is None:
            return _Answer(HTTPStatus.NOT_FOUND, f"Not here. All runs: {self.server.url}\n")
        policy = f"{policy_of(page)}; frame-ancestors 'none'"
        headers = (("Content-Security-Policy", policy),)
        return _Answer(HTTPStatus.OK, to_html(page), headers, "text/html")

    def _found_page(self, kind: str, wanted: str) -> Page | None:
        found = self.server.files.find()
        known = histories(found.runs)
        if kind == "index":
            return index_page(known, found.left_out)
        if kind == "database":
            return next((database_page(each) for each in known if each.id == wanted), None)
        read = self.server.files.read(wanted)
        if read is None:
            return None
        summary, run = read
        history = next((each for each in known if summary in each.runs), None)
        return None if history is None else run_page(run, summary, history)

    def _send(self, answer: _Answer) -> None:
        body = answer.text.encode("utf-8", "backslashreplace")
        self.send_response(answer.status)
        headers = {**dict(_HEADERS), **dict(answer.headers)}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{answer.kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that cannot be understood, without repeating any of it."""
        status = HTTPStatus(code)
        self._send(_Answer(status, f"{status.phrase}.\n"))

    def version_string(self) -> str:
        """Name the server without versions."""
        return "dbtune"

    def log_message(self, format: str, *args: Any) -> None:
        """Note a request, with control characters made visible."""
        _LOG.info("%r", format % args)
