"""Loads examples/platform over HTTP with locust, from untouched to PostgreSQL.

    make bench-http
    python bench/http/run.py [--users 50,100,500] [--seconds 15] [--output FILE]

Each step keeps what the steps before it did. Clients and server share this machine's processors.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from platform_files import ROOT, PlatformFiles
from recorded import describe_recording
from results import PageTimes, StepResult, as_markdown, summary
from serving import load, served, visit_alone

LOCUST = ROOT / "bench" / "work" / "locust" / "bin" / "locust"

# As `flask run` and many a deployment begin: one request at a time.
ONE_WORKER = ("--workers", "1", "--worker-class", "sync")
# As many as there are cores; threads keep the connections of those who wait.
TWO_WORKERS = ("--workers", "2", "--worker-class", "gthread", "--threads", "2")

# At which the list of chefs takes the 65 to 85 ms that were reported of the platform.
SCALE = "1.3"

Server = tuple[str, tuple[str, ...], dict[str, str]]


def steps(files: PlatformFiles) -> Iterator[Server]:
    """Do one step after the other; yield each step's name, server and settings once it is done."""
    sqlite = {"PLATFORM_DB": str(files.database)}
    yield "untouched", ONE_WORKER, sqlite
    files.add_indexes()
    yield "+ indexes", ONE_WORKER, sqlite
    files.enable_wal()
    hook = sqlite | {"PLATFORM_HOOK": "1"}
    yield "+ WAL, hook, 2 workers", TWO_WORKERS, hook
    yield "+ N+1 fixed", TWO_WORKERS, hook | {"PLATFORM_FIXED": "1"}
    yield "+ PostgreSQL", TWO_WORKERS, {"DATABASE_URL": files.migrate(), "PLATFORM_FIXED": "1"}


def measure(server: Server, users: tuple[int, ...], seconds: int, locust: Path) -> StepResult:
    """Serve the application as a step asks for; visit it alone, then load it."""
    name, options, settings = server
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with served(options, settings, folder / "gunicorn.log") as url:
            alone: PageTimes = visit_alone(url)
            loads = tuple(load(url, count, seconds, locust, folder) for count in users)
    return StepResult(name, alone, loads)


def main() -> None:
    """Build, measure every step, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", default="50,100,500", help="numbers of visitors")
    parser.add_argument("--seconds", type=int, default=15, help="of each load")
    parser.add_argument("--scale", default=SCALE, help="of the platform, as dbtune demo takes it")
    parser.add_argument("--locust", type=Path, default=LOCUST)
    parser.add_argument("--output", type=Path, help="a Markdown file to write")
    options = parser.parse_args()
    others = os.getloadavg()[0]
    users = tuple(int(count) for count in options.users.split(","))
    if not options.locust.is_file():
        raise SystemExit(f"{options.locust} is missing. Hint: make bench-http installs it")
    with tempfile.TemporaryDirectory(prefix="dbtune-http-") as scratch:
        files = PlatformFiles(Path(scratch))
        files.build(options.scale)
        results = []
        try:
            for server in steps(files):
                results.append(measure(server, users, options.seconds, options.locust))
                sys.stdout.write(summary(results[-1]))
                sys.stdout.flush()
        finally:
            files.stop()
        recording = describe_recording(files.recording)
    text = as_markdown(results, recording, options.seconds, others)
    sys.stdout.write(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
