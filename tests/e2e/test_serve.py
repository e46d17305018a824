"""`dbtune serve` as it is started, asked from outside, and stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from dbtune.model.advice import Report
from dbtune.report.documents.to_json import to_json
from tests.conftest import RunDbtune
from tests.fixtures.serving import Served, serving
from tests.reports import FULL

FINDINGS = FULL.findings
HOSTILE = '</script><img src=x onerror="alert(1)">\u202e\x1b[31m'
STEPS = "Findings opened and closed by each run, the latest first"


def analysis(day: int, kept: slice = slice(None), **changes: object) -> Report:
    """Return an analysis of one day with some of the findings."""
    made = f"2026-03-{day:02}T10:15:30+00:00"
    return replace(FULL, created_at=made, findings=FINDINGS[kept], **changes)  # type: ignore[arg-type]


def write(report: Report, path: Path) -> None:
    """Write a run as --output does."""
    path.write_text(to_json(report), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three analyses of one database, and one of another with a hostile name."""
    path = tmp_path_factory.mktemp("runs")
    write(analysis(1, slice(0, 4)), path / "a.json")
    write(analysis(2, slice(2, 6)), path / "b.json")
    write(analysis(3, slice(3, 5)), path / "c.json")
    other = replace(FULL.source, path=f"{HOSTILE}.db")
    write(analysis(4, source=other), path / "d.json")
    return path


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    """A server of that folder, for tests that leave both as they are."""
    with serving(cwd=folder) as found:
        yield found


def test_all_pages_are_reached_from_the_first(served: Served) -> None:
    """Each database, each run, and the way back; nothing leads elsewhere."""
    index = served.get()
    assert served.said == f"4 runs at {served.url}\n"
    assert len([link for link in index.links if link.startswith("database/")]) == 2
    runs = [link for link in index.links if link.startswith("run/")]
    assert len(runs) == 4 and all(re.fullmatch(r"\w+/[0-9a-f]{12}", link) for link in index.links)
    for link in index.links:
        page = served.get(f"/{link}")
        assert page.status == 200, link
        assert page.links[0] == "../"
    assert "can be 62x faster" in served.get(f"/{runs[-1]}").text


def test_figures_of_a_history_are_those_of_its_files(served: Served, folder: Path) -> None:
    """Opened, closed and still open, recomputed from the documents."""
    links = [link for link in served.get().links if link.startswith("database/")]
    page = next(p for p in map(served.get, (f"/{link}" for link in links)) if STEPS in p.tables)
    documents = [json.loads((folder / f"{name}.json").read_text()) for name in "abc"]
    found = [{(f["code"], f["subject"]) for f in document["findings"]} for document in documents]
    expected = [
        [str(len(new - old)), str(len(old - new)), str(len(new & old))]
        for old, new in pairwise(found)
    ]
    assert [row[2:] for row in page.tables[STEPS]] == expected[::-1]
    assert expected == [["2", "2", "2"], ["0", "2", "2"]]
    rows = page.tables["Runs of platform.db, the latest first"]
    assert [row[0] for row in rows] == [f"2026-03-0{day} 10:15" for day in (3, 2, 1)]
    highs = [sum(f["severity"] == "high" for f in d["findings"]) for d in documents]
    assert [row[5] for row in rows] == [str(high) for high in highs[::-1]]


def test_a_page_is_sent_with_what_keeps_it_to_itself(served: Served) -> None:
    """The policy in the header is the page's own, and nothing is stored or shared."""
    for link in ("", *served.get().links[:2]):
        answer = served.get(f"/{link}")
        own = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', answer.text)
        assert own is not None
        policy = answer.headers["content-security-policy"]
        assert policy == f"{unescape(own[1])}; frame-ancestors 'none'"
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["server"] == "dbtune"


def test_names_from_files_stay_text(served: Served) -> None:
    """Markup, control characters and direction overrides come through on no page."""
    for link in ("", *served.get().links):
        text = served.get(f"/{link}").text
        assert "<img" not in text and "\u202e" not in text and "\x1b" not in text


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "LOCALHOST:{}", "[::1]:{}"])
def test_names_of_this_machine_are_answered(served: Served, host: str) -> None:
    """With the port it listens on."""
    assert served.get("/", "GET", host.format(served.port)).status == 200


@pytest.mark.parametrize(
    "hosts",
    [
        ("example.org",),
        ("example.org:{}",),
        ("127.0.0.1.example.org:{}",),
        ("127.0.0.1",),
        ("127.0.0.1:1",),
        ("",),
        ("127.0.0.1:{}", "example.org"),
        ("127.0.0.1:{}@example.org",),
    ],
)
def test_other_hosts_get_nothing(served: Served, hosts: tuple[str, ...]) -> None:
    """A name that somebody else lets resolve to this machine would let their page read it."""
    answer = served.get("/", "GET", *(host.format(served.port) for host in hosts))
    assert answer.status == 421
    assert "<" not in answer.text and "example" not in answer.text


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "ODD", "get"]
)
def test_other_methods_are_refused(served: Served, method: str) -> None:
    """And told what there is."""
    answer = served.get("/", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_the_page(served: Served) -> None:
    """With the length that the page has."""
    whole, head = served.get("/"), served.get("/", "HEAD")
    assert head.status == 200 and head.text == ""
    assert head.headers["content-length"] == str(len(whole.text.encode()))


@pytest.mark.parametrize(
    "path",
    [
        "/index.html",
        "/a.json",
        "/run/",
        "/run/000000000000",
        "/database/000000000000",
        "/run/../a.json",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/run/..%2fa.json",
        "//etc/passwd",
        "/?a=1",
        "http://example.org/",
        "*",
    ],
)
def test_an_address_of_no_page_is_none_of_a_file(served: Served, path: str) -> None:
    """Nothing is looked up by what a client writes."""
    answer = served.get(path)
    assert answer.status == 404
    assert answer.text == f"Not here. All runs: {served.url}\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"a" * 3_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"<script>\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n\r\n", 421),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_without_an_echo(
    served: Served, sent: bytes, status: int
) -> None:
    """And the server goes on."""
    with closing(socket.create_connection(("127.0.0.1", served.port), timeout=30)) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while part := client.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f" {status} ".encode() in head + body
    assert b"script" not in body and b"aaaa" not in body
    assert served.get().status == 200


def test_a_client_that_says_nothing_holds_up_nobody(served: Served) -> None:
    """Each has a thread of its own."""
    with closing(socket.create_connection(("127.0.0.1", served.port))):
        assert served.get().status == 200


def test_only_this_machine_is_listened_to(served: Served) -> None:
    """On 127.0.0.1 and on no other address, not even another one of this machine."""
    with closing(socket.socket()) as client:
        client.settimeout(30)
        assert client.connect_ex(("127.0.0.2", served.port)) != 0


def test_a_run_appears_changes_and_goes_with_its_file(tmp_path: Path) -> None:
    """Without a new start; nothing in the folder is written."""
    with serving(tmp_path, cwd=tmp_path) as served:
        assert "No runs yet." in served.get().text
        write(analysis(1), tmp_path / "a.json")
        (database, run) = served.get().links
        assert "2026-03-01 10:15" in served.get().text
        write(analysis(2, dbtune_version="0.1.0 or so"), tmp_path / "a.json")
        assert "2026-03-02 10:15" in served.get().text
        assert served.get(f"/{run}").status == served.get(f"/{database}").status == 200
        assert os.listdir(tmp_path) == ["a.json"]
        (tmp_path / "a.json").unlink()
        assert served.get(f"/{run}").status == served.get(f"/{database}").status == 404
        assert served.get().links == []


def test_odd_files_are_named_and_stop_nothing(tmp_path: Path) -> None:
    """At the start and on the page, with the reason; no value of theirs is shown."""
    write(analysis(1), tmp_path / "good.json")
    (tmp_path / "broken.json").write_text('{"command": "analyze"')
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "latin.json").write_bytes(b'{"caf\xe9": 1}')
    (tmp_path / "other.json").write_text('{"command": ["psql", "postgresql://me:s3cret@db"]}')
    (tmp_path / "newer.json").write_text('{"schema_version": 99, "command": "analyze"}')
    (tmp_path / "recording.json").write_text('{"dbtune.recording": 1}\n')
    (tmp_path / "database.json").write_bytes(b"SQLite format 3\0")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "notes.txt").write_text("not looked at")
    with serving(tmp_path, cwd=tmp_path) as served:
        page = served.get()
        left_out = {Path(row[0]).name: row[1] for row in page.tables["Not shown"]}
        assert page.status == 200 and len([p for p in page.links if p.startswith("run/")]) == 1
        _, said = served.stop(signal.SIGINT)
    names = {path.name for path in tmp_path.glob("*.json")} - {"good.json"}
    assert set(left_out) == names
    assert left_out["recording.json"] == "is a recording, not a result of a command"
    assert left_out["newer.json"] == "schema_version is 99; this dbtune reads 1"
    assert all(name in said for name in names)
    assert "s3cret" not in page.text + said


def test_many_odd_files_do_not_hide_the_address(tmp_path: Path) -> None:
    """The first are named at the start, and all of them on the page."""
    for number in range(40):
        (tmp_path / f"{number:02}.json").write_text("{}")
    with serving(cwd=tmp_path) as served:
        assert len(served.get().tables["Not shown"]) == 40
        _, said = served.stop(signal.SIGINT)
    assert said.count("Left out: ") == 15
    assert said.endswith("and 25 more, which the page names\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_is_its_normal_end(
    folder: Path, run_dbtune: RunDbtune, how: signal.Signals
) -> None:
    """Quietly, with exit code 0, and the port is free at once, also after a request."""
    with serving(folder / "a.json", cwd=folder) as served:
        assert served.get().status == 200
        taken = run_dbtune("serve", folder, "--port", str(served.port))
        assert taken.returncode == 2
        assert f"port {served.port} of 127.0.0.1 cannot be had" in taken.stderr
        assert "Hint: --port 0" in taken.stderr
        code, said = served.stop(how)
        assert code == 0
        assert said == "Read only, and only for this machine. Ctrl-C ends it.\n"
        with closing(socket.create_server(("127.0.0.1", served.port))) as again:
            assert again.getsockname()[1] == served.port


def test_what_is_not_there_is_told_before_anything_is_served(run_dbtune: RunDbtune) -> None:
    """With what to give instead."""
    done = run_dbtune("serve", "nowhere", "--port", "0")
    assert done.returncode == 2
    assert "nowhere does not exist" in done.stderr and "Hint:" in done.stderr
    assert run_dbtune("serve", "--port", "65536").returncode == 2
