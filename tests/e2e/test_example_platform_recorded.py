"""examples/platform under `dbtune record`: its N+1 is found where it is, however it is served."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.fixtures.example_platform import PLATFORM, platform_settings

QUERIES = PLATFORM / "queries_before.py"
ROOT = PLATFORM.parents[1]


def record_visits(
    run_dbtune: RunDbtune, database: Path, recording: Path, *, fixed: bool
) -> dict[str, Any]:
    """Record visits to the application; return the report that analyze makes of them."""
    done = run_dbtune(
        *("record", "--params", "-o", recording, "--"),
        *(sys.executable, PLATFORM / "visit.py", "120"),
        cwd=ROOT,
        env={**platform_settings(database), "PLATFORM_FIXED": str(int(fixed))},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("120 visits in ")
    analyzed = run_dbtune("analyze", database, "--queries", recording, "--json")
    assert analyzed.returncode == 0, analyzed.stderr
    report: dict[str, Any] = json.loads(analyzed.stdout)
    return report


def n_plus_one(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the findings of N+1."""
    return [finding for finding in report["findings"] if finding["code"] == "n-plus-one"]


def line_of(text: str) -> int:
    """Return the number of the line that has this text, which has to be the only one."""
    (number,) = (
        number
        for number, line in enumerate(QUERIES.read_text(encoding="utf-8").splitlines(), 1)
        if text in line
    )
    return number


# Each relationship, the option that loads it with the list, and the line that looks at it.
FOUND = (
    ("Chef.bookings", "selectinload(Chef.bookings)", "bookings=len(chef.bookings)"),
    ("Product.chef", "joinedload(Product.chef)", "chef=product.chef.name"),
    (
        "Product.chef > Chef.reviews",
        "selectinload(Product.chef).selectinload(Chef.reviews)",
        "chef_reviews=len(product.chef.reviews)",
    ),
    (
        "SnsPost.account > SnsAccount.user",
        "selectinload(SnsPost.account).joinedload(SnsAccount.user)",
        "author=post.account.user.name",
    ),
    ("Review.user", "joinedload(Review.user)", "ReviewCard(review.user.name"),
)


def test_n_plus_one_is_found_with_relationship_line_and_fix(
    run_dbtune: RunDbtune, platform_database: Path, tmp_path: Path
) -> None:
    """The message names the line that looks at the relationship, and the help the loader."""
    database = tmp_path / "platform.db"
    shutil.copy(platform_database, database)
    report = record_visits(run_dbtune, database, tmp_path / "visits.jsonl", fixed=False)
    for relationship, option, text in FOUND:
        (found,) = (f for f in n_plus_one(report) if f'loads "{relationship}"' in f["message"])
        assert f'"examples/platform/queries_before.py:{line_of(text)}"' in found["message"]
        assert f"Add .options({option}) to the query of the list" in found["help"]


def test_nothing_is_found_once_it_is_fixed(
    run_dbtune: RunDbtune, platform_database: Path, tmp_path: Path
) -> None:
    """joinedload, selectinload and aggregates are no N+1."""
    database = tmp_path / "platform.db"
    shutil.copy(platform_database, database)
    report = record_visits(run_dbtune, database, tmp_path / "visits.jsonl", fixed=True)
    assert not n_plus_one(report)
    assert report["shapes"]


SERVERS = {
    "flask run": ("flask", "--app", PLATFORM / "app.py", "run", "--port", "0"),
    "gunicorn": (
        *("gunicorn", "--config", ROOT / "bench" / "http" / "gunicorn.conf.py"),
        *("--workers", "2", "--bind", "127.0.0.1:0", "--chdir", PLATFORM, "app:create_app()"),
    ),
}


@pytest.mark.parametrize("server", SERVERS)
def test_requests_are_told_apart_under_a_server(
    server: str, platform_database: Path, tmp_path: Path
) -> None:
    """Each request has an id and its route, in the development server and in two workers."""
    database, recording = tmp_path / "platform.db", tmp_path / "requests.jsonl"
    shutil.copy(platform_database, database)
    with served(SERVERS[server], database, recording) as url:
        for _ in range(3):
            assert len(ask(f"{url}/feed")) == 10
        assert "likes" in ask(f"{url}/posts/7/like", b"{}")
    sent = Counter[tuple[str, str]]()
    for line in map(json.loads, recording.read_text(encoding="utf-8").splitlines()):
        if "request_id" in line:
            sent[line["route"], line["request_id"]] += 1
    routes = sorted(route for route, _ in sent)
    assert routes == ["GET /feed"] * 3 + ["POST /posts/<int:post_id>/like"]
    assert all(count > 10 for (route, _), count in sent.items() if route == "GET /feed")


def ask(url: str, body: bytes | None = None) -> Any:
    """Return the JSON that is answered to a GET, or to a POST of a body."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@contextmanager
def served(command: tuple[str | Path, ...], database: Path, recording: Path) -> Iterator[str]:
    """Serve the application under dbtune record; gives its URL, and ends it with SIGTERM."""
    program = Path(sys.executable).with_name(str(command[0]))
    with subprocess.Popen(
        [dbtune_command(), "record", "-o", recording, "--", program, *command[1:]],
        env={**clean_environment(), **platform_settings(database), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        said = []
        try:
            for line in process.stdout:
                said.append(line)
                found = re.search(r"http://127\.0\.0\.1:\d+", line)
                if found:
                    yield found[0]
                    break
            else:
                raise AssertionError("".join(said))
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
