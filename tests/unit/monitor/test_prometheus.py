"""What is served is what Prometheus' own parser reads, at one path and where asked."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from dbtune.errors import ConfigurationError
from dbtune.model.metrics import METRICS, Sample
from dbtune.monitor.prometheus import parse_address, serve

SAMPLE = Sample(
    "2026-01-02T03:04:05Z",
    'a "b"\\\n.db',
    up=1.0,
    file_size_bytes=4096,
    busy_ratio=0.25,
    disk_free_bytes=2**50 + 1,
)


def ask(
    url: str, path: str = "/metrics", method: str = "GET", accept: str = "text/plain"
) -> tuple[int, str]:
    """Return the status and the text that a server answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 0, timeout=10)
    try:
        connection.request(method, path, headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("accept", "parse"),
    [
        ("text/plain", text_string_to_metric_families),
        ("application/openmetrics-text; version=1.0.0", open_metrics),
    ],
)
def test_the_text_is_read_by_prometheus_own_parser(accept: str, parse: object) -> None:
    """Every known figure once, with its type, its help and the file's name, escaped."""
    assert callable(parse)
    with serve("0") as (exposition, url):
        exposition.show(SAMPLE)
        families = list(parse(ask(url, accept=accept)[1]))
    known = [metric for metric in METRICS if metric.value(SAMPLE) is not None]
    assert [family.name for family in families] == [f"dbtune_{metric.name}" for metric in known]
    for family, metric in zip(families, known, strict=True):
        assert (family.type, family.documentation) == ("gauge", metric.help)
        (sample,) = family.samples
        assert sample.labels == {"database": SAMPLE.database}
        assert sample.value == metric.value(SAMPLE)


def test_the_last_sample_is_shown_and_none_before_it() -> None:
    """A figure that is not known any more is not there, rather than old."""
    with serve("0") as (exposition, url):
        assert ask(url) == (200, "")
        exposition.show(SAMPLE)
        assert "dbtune_busy_ratio" in ask(url)[1]
        exposition.show(Sample(SAMPLE.ts, "a.db", problem="is gone", up=0.0))
        text = ask(url)[1]
    assert "dbtune_busy_ratio" not in text
    assert 'dbtune_up{database="a.db"} 0.0' in text


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/metrics/", "/../etc/passwd", "/metricsx"])
def test_nothing_else_is_served(path: str) -> None:
    """One path, and reading only."""
    with serve("0") as (_, url):
        assert ask(url, path)[0] == 404


def test_only_get_is_answered() -> None:
    """There is nothing to change."""
    with serve("0") as (_, url):
        assert ask(url, method="POST")[0] == 405


@pytest.mark.parametrize(
    ("address", "parsed"),
    [
        ("9187", ("127.0.0.1", 9187)),
        (":9187", ("127.0.0.1", 9187)),
        ("0.0.0.0:9187", ("0.0.0.0", 9187)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:9187", ("::1", 9187)),
    ],
)
def test_addresses_are_of_this_machine_unless_they_say_otherwise(
    address: str, parsed: tuple[str, int]
) -> None:
    """A port alone is no invitation to the network."""
    assert parse_address(address) == parsed


@pytest.mark.parametrize(
    "address", ["", "port", "99999", "-1", "::1:9187", "[::1:9187", "http://localhost:9187", "1²"]
)
def test_what_is_no_address_is_told(address: str) -> None:
    """With one that would do."""
    with pytest.raises(ConfigurationError, match="is no address"):
        parse_address(address)


def test_a_port_that_is_taken_is_told() -> None:
    """With a way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError) as caught, serve(str(port)):
            pass
    assert "Address already in use" in caught.value.message
    assert "Port 0" in str(caught.value.hint)


def test_a_port_is_free_again_afterwards() -> None:
    """And who connected and says nothing keeps nobody."""
    with serve("0") as (_, url):
        port = urlsplit(url).port
        silent = socket.create_connection(("127.0.0.1", port or 0))
        assert ask(url)[0] == 200
    silent.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0))
