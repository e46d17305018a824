"""Alerts reach a command and a web address, and nothing that these do stops the monitor."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dbtune.errors import ConfigurationError
from dbtune.model.metrics import Alert
from dbtune.monitor import alert_command, notifier
from dbtune.monitor.lines_file import LinesFile
from dbtune.monitor.notifier import Notice, open_notifier, parse_receivers
from dbtune.monitor.thresholds import parse_threshold
from dbtune.monitor.webhook import masked
from dbtune.report.documents.metrics_to_json import alert_to_json, alert_variables

ALERT = Alert(
    "raised",
    parse_threshold("wal_size_bytes>64MB for 60s"),
    65e6,
    "2026-01-02T03:05:05Z",
    "2026-01-02T03:04:05Z",
    "$(touch owned).db",
)
NOTICE = Notice(alert_to_json(ALERT).encode(), alert_variables(ALERT))


class Receiver(HTTPServer):
    """Keeps what is posted to it, and answers with a number of its own for each time."""

    def __init__(self, answers: tuple[int, ...]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.received: list[tuple[str, str | None, bytes]] = []
        self.authorizations: list[str | None] = []


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers["Content-Type"], body))
        self.server.authorizations.append(self.headers["Authorization"])
        answer = self.server.answers.pop(0)
        self.send_response(answer)
        if answer == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.received.append((self.path, "GET", b""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def receiving(*answers: int) -> Iterator[tuple[Receiver, str]]:
    """A web server within the block, and its address."""
    with Receiver(answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_port}/hook?token=secret"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(notifier, "_PAUSES_SECONDS", (0.0, 0.0))


def send(command: str | None = None, webhook: str | None = None) -> list[str]:
    """Send one alert and return what was told of failures."""
    told: list[str] = []
    with open_notifier(parse_receivers(command, webhook), told.append) as sender:
        sender.send(NOTICE)
    return told


def wait_until_gone(pid: int) -> None:
    """Return once a process has ended; the test fails where it never does."""
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and not is_dead(pid):
        assert time.monotonic() < until


def is_dead(pid: int) -> bool:
    """Return whether a process has ended and only its parent has not asked for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_command_gets_variables_and_json(tmp_path: Path) -> None:
    """No shell reads any of it, whatever the database is called."""
    script = tmp_path / "alert.py"
    script.write_text(
        "import json, os, sys\n"
        "found = {k: v for k, v in os.environ.items() if k.startswith('DBTUNE_ALERT_')}\n"
        "json.dump([sys.argv[1:], found, json.load(sys.stdin)], open('got.json', 'w'))\n"
    )
    target = tmp_path / "got.json"
    script.write_text(script.read_text().replace("got.json", str(target)))
    assert send(f"{sys.executable} {script} 'two words' $HOME ;") == []
    arguments, variables, document = json.loads(target.read_text())
    assert arguments == ["two words", "$HOME", ";"]
    assert variables == {
        "DBTUNE_ALERT_STATE": "raised",
        "DBTUNE_ALERT_DATABASE": "$(touch owned).db",
        "DBTUNE_ALERT_THRESHOLD": "wal_size_bytes>64MB for 60s",
        "DBTUNE_ALERT_METRIC": "wal_size_bytes",
        "DBTUNE_ALERT_VALUE": "65000000",
        "DBTUNE_ALERT_LIMIT": "64000000",
        "DBTUNE_ALERT_SINCE": "2026-01-02T03:04:05Z",
    }
    assert document["command"] == "monitor"
    assert (document["state"], document["value"], document["unit"]) == ("raised", 65000000, "bytes")


def test_what_a_command_does_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit code with what it said, or that it took too long."""
    (told,) = send("sh -c 'echo no >&2; exit 3'")
    assert told == "--exec sh ended with 3: no"


def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A shell's children too: alert after alert they would become many."""
    monkeypatch.setattr(alert_command, "_MOST_SECONDS", 0.5)
    pids = tmp_path / "pids"
    (told,) = send(f"sh -c 'sleep 1000 & echo $! > {pids}; wait'")
    assert "took longer" in told
    wait_until_gone(int(pids.read_text()))


def test_a_command_that_cannot_be_told_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a disk without room for what it gets; alerts after it are sent again."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    told: list[str] = []
    with open_notifier(parse_receivers("true", None), told.append) as sender:
        sender.send(NOTICE)
        sender.send(NOTICE)
    assert told == ["--exec true could not be run: No such file or directory"] * 2


def test_what_a_command_leaves_running_holds_nobody_up() -> None:
    """Though it has the command's stderr still open."""
    with TemporaryDirectory() as folder:
        left = Path(folder) / "left"
        assert send(f"sh -c 'sleep 1000 & echo $! > {left}'") == []
        os.kill(int(left.read_text()), signal.SIGKILL)


def test_the_end_of_the_monitor_ends_its_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing is left behind, and that it was not done is told."""
    monkeypatch.setattr(notifier, "_LAST_WAIT_SECONDS", 0.2)
    os.mkfifo(tmp_path / "pid")
    told: list[str] = []
    receivers = parse_receivers(f"sh -c 'echo $$ > {tmp_path}/pid; exec sleep 1000'", None)
    with (
        pytest.raises(KeyboardInterrupt),
        open_notifier(receivers, told.append) as sender,
    ):
        sender.send(NOTICE)
        pid = int((tmp_path / "pid").read_text())
        raise KeyboardInterrupt
    assert any("still being sent" in line for line in told)
    wait_until_gone(pid)


def test_a_web_address_gets_json() -> None:
    """Once, if it takes it."""
    with receiving(204) as (server, url):
        assert send(webhook=url) == []
    assert server.received == [("/hook?token=secret", "application/json", NOTICE.document)]


@pytest.mark.usefixtures("no_pause")
def test_a_web_address_is_tried_three_times() -> None:
    """And then given up, without a word of what may be secret in it."""
    with receiving(500, 503, 200) as (server, url):
        assert send(webhook=url) == []
        assert len(server.received) == 3
    with receiving(500, 500, 429) as (server, url):
        (told,) = send(webhook=url)
        assert len(server.received) == 3
    assert told.endswith("/... was not told: it answered 429")
    assert "secret" not in told


@pytest.mark.usefixtures("no_pause")
def test_a_redirect_is_not_followed() -> None:
    """It would lose the body, and lead who knows where."""
    with receiving(302, 302, 302) as (server, url):
        (told,) = send(webhook=url)
    assert "it answered 302" in told
    assert {path for path, _, _ in server.received} == {"/hook?token=secret"}


@pytest.mark.usefixtures("no_pause")
def test_a_server_that_is_not_there_is_told() -> None:
    """With the reason that the system gives."""
    with receiving() as (_, url):
        pass
    (told,) = send(webhook=url)
    assert "Connection refused" in told
    assert "secret" not in told


@pytest.mark.usefixtures("no_pause")
def test_a_user_and_a_password_are_sent_as_such() -> None:
    """And are no part of the host's name, which is looked up and told where that fails."""
    with receiving(204) as (server, url):
        assert send(webhook=url.replace("//", "//dbtune:pass%20word@")) == []
    assert server.authorizations == ["Basic ZGJ0dW5lOnBhc3Mgd29yZA=="]
    (told,) = send(webhook=url.replace("//", "//dbtune:pass%20word@"))
    assert "Connection refused" in told
    assert "pass" not in told and "secret" not in told


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://host/",
        "http://",
        "http://host:99999/",
        "http://a b/",
        "http://a/\u00e9",
        "x",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    """Before the monitor starts, and without repeating what may be secret."""
    with pytest.raises(ConfigurationError, match="no web address"):
        parse_receivers(None, url)


@pytest.mark.parametrize("command", ["", "no-such-program --x", "sh -c 'open"])
def test_what_cannot_be_run_is_refused(command: str) -> None:
    """Before the monitor starts, not with the first alert."""
    with pytest.raises(ConfigurationError):
        parse_receivers(command, None)


def test_secrets_of_an_address_are_masked() -> None:
    """Users, paths and queries carry them."""
    assert masked("https://user:pw@chat.example:8443/T0/B0/key?x=y") == (
        "https://chat.example:8443/..."
    )


def test_a_failing_web_address_does_not_hold_up_an_interrupt() -> None:
    """The pause before the next try ends with the monitor."""
    told: list[str] = []
    with receiving() as (_, url):
        pass
    with (
        pytest.raises(KeyboardInterrupt),
        open_notifier(parse_receivers(None, url), told.append) as sender,
    ):
        sender.send(NOTICE)
        raise KeyboardInterrupt
    assert len(told) == 1


def test_lines_go_to_the_file_of_the_name(tmp_path: Path) -> None:
    """Also after it was rotated, which no signal tells."""
    path = tmp_path / "metrics.jsonl"
    file = LinesFile(path)
    assert file.append("one") is None
    path.rename(tmp_path / "metrics.jsonl.1")
    assert file.append("two") is None
    assert path.read_text() == "two\n"
    assert (tmp_path / "metrics.jsonl.1").read_text() == "one\n"


def test_a_full_disk_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    """And that it is over, too."""
    path = tmp_path / "metrics.jsonl"
    path.symlink_to("/dev/full")
    file = LinesFile(path)
    assert "No space left" in str(file.append("one"))
    assert file.append("two") is None
    path.unlink()
    assert "written again" in str(file.append("three"))
    assert path.read_text() == "three\n"


def test_a_place_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    """Not with the first sample."""
    with pytest.raises(ConfigurationError, match="cannot be written"):
        LinesFile(tmp_path / "missing" / "metrics.jsonl")
