"""The last sample at http://HOST:PORT/metrics, in the formats that Prometheus reads."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from dbtune.errors import ConfigurationError, MissingExtraError
from dbtune.model.metrics import METRICS, Sample
from dbtune.monitor.processes import INSTALL_HINT

_PATH = "/metrics"
# Who connects and sends nothing keeps a thread for so long.
_TIMEOUT_SECONDS = 5
_HIGHEST_PORT = 65535
# Within what time the server notices that it is to end.
_POLL_SECONDS = 0.1


class Exposition:
    """A collector of Prometheus' client: the figures of the last sample that are known."""

    def __init__(self) -> None:
        self._sample: Sample | None = None

    def show(self, sample: Sample) -> None:
        """Expose a sample from now on."""
        self._sample = sample

    def collect(self) -> Iterable[Any]:
        """Return a gauge for each figure, labelled with the name of the database's file."""
        from prometheus_client.core import GaugeMetricFamily

        sample = self._sample
        if sample is None:
            return
        for metric in METRICS:
            value = metric.value(sample)
            gauge = GaugeMetricFamily(f"dbtune_{metric.name}", metric.help, labels=["database"])
            if value is not None:
                gauge.add_metric([sample.database], value)
                yield gauge


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Listen; what this passes over asks the network for our own name, which can take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = _TIMEOUT_SECONDS

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep requests out of what the user reads."""


@contextmanager
def serve(address: str) -> Iterator[tuple[Exposition, str]]:
    """Serve an exposition within the block; yields it with the URL that it has.

    Raises ConfigurationError for an address that cannot be used, MissingExtraError without
    Prometheus' client.
    """
    host, port = parse_address(address)
    exposition = Exposition()
    application = _application(exposition)
    kind = _Server6 if ":" in host else _Server
    try:
        server = make_server(host, port, application, kind, _Handler)
    except OSError as error:
        raise ConfigurationError(
            f"--prometheus {address} cannot be listened on: {error.strerror or error}",
            hint="is it taken by another program? Port 0 takes one that is free",
        ) from error
    thread = threading.Thread(
        target=server.serve_forever, args=(_POLL_SECONDS,), name="prometheus", daemon=True
    )
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield exposition, f"http://{shown}:{server.server_port}{_PATH}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def parse_address(address: str) -> tuple[str, int]:
    """Return the host and port of "9187", ":9187", "host:9187" or "[::1]:9187".

    The host is 127.0.0.1 where none is named. Raises ConfigurationError for anything else.
    """
    host, _, port = address.strip().rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    enclosed = host.startswith("[") and host.endswith("]")
    sound_host = enclosed or not set(host) & set("[]:")
    if sound_host and port.isascii() and port.isdecimal() and int(port) <= _HIGHEST_PORT:
        return bare or "127.0.0.1", int(port)
    raise ConfigurationError(
        f'--prometheus "{address}" is no address; expected a port or HOST:PORT',
        hint="such as 9187, 0.0.0.0:9187 or [::1]:9187",
    )


def _application(exposition: Exposition) -> Callable[..., Any]:
    try:
        from prometheus_client import CollectorRegistry, make_wsgi_app
    except ImportError as error:
        raise MissingExtraError(
            "--prometheus needs Prometheus' client", hint=INSTALL_HINT
        ) from error
    registry = CollectorRegistry(auto_describe=False)
    registry.register(exposition)
    metrics = make_wsgi_app(registry)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        # The client's own application answers every path with the metrics.
        if environ.get("PATH_INFO") == _PATH:
            return metrics(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [f"The metrics are at {_PATH}\n".encode()]

    return application
