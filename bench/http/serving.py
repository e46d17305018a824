"""examples/platform behind gunicorn, and locust in front of it."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import mean, median
from time import perf_counter

from platform_files import PLATFORM, environment
from results import Measured, PageTimes

sys.path.insert(0, str(PLATFORM))

from visitors import Visit, visits

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
CONFIGURATION = Path(__file__).with_name("gunicorn.conf.py")
GUNICORN = (sys.executable, "-m", "gunicorn", "--config", CONFIGURATION)
# Connections that wait until a worker takes them; gunicorn's own default.
BACKLOG = 2048
VISITS_ALONE = 150
# Requests under way when the time is up are waited for: as long as a visitor waits.
LAST_REQUESTS_SECONDS = 10


@contextmanager
def served(server: tuple[str, ...], settings: dict[str, str], log: Path) -> Iterator[str]:
    """Serve the application at a free port of 127.0.0.1; gives its URL."""
    with log.open("w") as file:
        # Bound here, so that no one else can take the port in between. Only the server keeps it:
        # should that end, visitors are refused at once.
        with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            binding = ("--bind", f"fd://{listener.fileno()}", "--chdir", PLATFORM)
            process = subprocess.Popen(
                (*GUNICORN, *server, *binding, "app:create_app()"),
                env=environment(settings),
                pass_fds=(listener.fileno(),),
                stdout=file,
                stderr=file,
            )
        try:
            yield url
        except SystemExit as error:
            raise SystemExit(f"{error}\n{log.read_text()[-2000:]}") from error
        finally:
            process.terminate()
            process.wait()


def load(url: str, users: int, seconds: int, locust: Path, folder: Path) -> Measured:
    """Let so many visitors at a served application for so long."""
    prefix = folder / f"locust-{users}"
    command: tuple[str | Path, ...] = (locust, "--locustfile", LOCUSTFILE, "--headless")
    command += ("--host", url, "--users", str(users), "--spawn-rate", str(users))
    command += ("--run-time", f"{seconds}s", "--stop-timeout", str(LAST_REQUESTS_SECONDS))
    command += ("--csv", prefix, "--only-summary", "--exit-code-on-error", "0")
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, "PLATFORM_SIZES": json.dumps(_sizes(url))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"locust failed:\n{done.stdout}{done.stderr}")
    return _read_total(Path(f"{prefix}_stats.csv"), users)


def visit_alone(url: str) -> PageTimes:
    """Ask for one page after the other, and return how long they took."""
    took: dict[str, list[float]] = defaultdict(list)
    for visit in islice(visits(_sizes(url), seed="alone"), VISITS_ALONE):
        started = perf_counter()
        with urllib.request.urlopen(_request(url, visit), timeout=60) as answer:
            answer.read()
        took[visit.page].append((perf_counter() - started) * 1000)
    every = [time for times in took.values() for time in times]
    return PageTimes(median(took["/chefs"]), median(took["/products"]), mean(every))


def _request(url: str, visit: Visit) -> urllib.request.Request:
    if visit.body is None:
        return urllib.request.Request(url + visit.path)
    body = json.dumps(visit.body).encode()
    return urllib.request.Request(url + visit.path, body, {"Content-Type": "application/json"})


def _sizes(url: str) -> dict[str, int]:
    # The port listens before the workers are there, so that this waits for them.
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            sizes: dict[str, int] = json.load(answer)
    except (urllib.error.URLError, TimeoutError) as error:
        raise SystemExit(f"{url} does not answer: {error}") from error
    return sizes


def _read_total(path: Path, users: int) -> Measured:
    with path.open(newline="", encoding="utf-8") as file:
        total = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    if total["50%"] == "N/A":
        raise SystemExit(f"{users} users got no answer at all. Hint: use more --seconds")
    p50, p95, p99 = (float(total[name]) for name in ("50%", "95%", "99%"))
    requests, failures = int(total["Request Count"]), int(total["Failure Count"])
    return Measured(users, float(total["Requests/s"]), requests, failures, p50, p95, p99)
