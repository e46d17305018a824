"""The platform's reported table anew: its recorded requests replayed at 50, 100 and 500 clients.

    python bench/platform_load.py [--duration 15] [--scale 1] [--visits 600]

Builds the demo platform, records examples/platform while it is visited, as it was written and with
its N+1 fixed, and sends both recordings with `dbtune bench`, step by step. Results go to
bench/results/platform_load.md, beside the figures that were reported.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tabulate import tabulate

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "platform_load.md"
VISIT = ROOT / "examples" / "platform" / "visit.py"
DBTUNE = Path(sys.executable).with_name("dbtune")
CLIENTS = (50, 100, 500)
# What a load balancer waits for; a recording of ten seconds could never show a timeout of thirty.
TIMEOUT_S = 10

REPORTED = """\
| reported of the platform | 50 | 100 | 500 |
|---|---|---|---|
| before any change, requests/s and success | 15.6, 98 % | 15.4, 95 % | 15.2, 94 % |
| everything done | 1,418, 100 % | | 1,077, 100 % |
| aimed at | | | 100, 99 % |
"""

LOCKS = """\
SQLAlchemy on sqlite3 begins a transaction at a request's first write, so that none of the requests
above reads before it writes. Applications that begin explicitly do (Django's atomic, SQLAlchemy's
own recipe for SQLite): such a transaction fails at once where somebody else wrote since it read,
whatever the busy timeout, and under WAL alone more often. The demo's own recording has a
transaction a request:
"""

NOTES = """\
What is sent are the statements of requests alone: no Python, template or network between them, so
a plateau lies higher than over HTTP (bench/http has that). `waiting` is who had no answer at the
end; p95 and p99 count from the moment a request was due, so they hold the wait for a connection.
Clients send the next request as soon as they have their answer: beyond what saturates the server,
more clients wait longer and nothing else, which is the plateau that was reported. Times are of a
shared machine: rows of one run compare, runs of two days do not.
"""


@dataclass(frozen=True)
class Step:
    """A row of the table: what is sent, to which file, in which configuration, by how many."""

    name: str
    database: Path
    recording: Path
    config: str
    processes: int
    threads: int


@dataclass(frozen=True)
class Files:
    """What the steps need, in one folder."""

    folder: Path

    @property
    def untouched(self) -> Path:
        """The demo platform."""
        return self.folder / "platform.db"

    @property
    def demo_recording(self) -> Path:
        """The demo's own, of more pages, with a transaction a request."""
        return self.folder / "platform.queries.jsonl"

    @property
    def indexed(self) -> Path:
        """The same with the indexes that dbtune recommends for what was recorded."""
        return self.folder / "indexed.db"

    def recording(self, *, fixed: bool) -> Path:
        """What the application sends, with its N+1 or without."""
        return self.folder / ("fixed.jsonl" if fixed else "recorded.jsonl")


def main() -> int:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--duration", type=float, default=15.0)
    parser.add_argument("--scale", default="1")
    parser.add_argument("--visits", type=int, default=600)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="platform-load-") as folder:
        files = Files(Path(folder))
        files.folder.chmod(0o755)  # root's PostgreSQL runs as another user, and keeps its data here
        prepare(files, arguments.scale, arguments.visits)
        with migrated(files) as url:
            rows = list(measure(files, url, arguments.duration))
        locks = list(measure_locks(files, arguments.duration))
    text = as_markdown(rows, locks, arguments.duration)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)
    return 0


def prepare(files: Files, scale: str, visits: int) -> None:
    """Build the platform, record it twice with the same visits, and index a copy."""
    run(DBTUNE, "demo", files.folder, "--scale", scale)
    for fixed in (False, True):
        copy = files.folder / "visited.db"
        copy.write_bytes(files.untouched.read_bytes())
        run(
            DBTUNE,
            *("record", "--params", "-o", files.recording(fixed=fixed)),
            *("--", sys.executable, VISIT, str(visits)),
            settings={"PLATFORM_DB": str(copy), "PLATFORM_FIXED": str(int(fixed))},
        )
        copy.unlink()
    files.indexed.write_bytes(files.untouched.read_bytes())
    report = files.folder / "report.json"
    queries = [files.recording(fixed=fixed) for fixed in (False, True)]
    chosen = [part for path in queries for part in ("--queries", path)]
    run(DBTUNE, "analyze", files.indexed, *chosen, "--output", report)
    run(DBTUNE, "apply-indexes", files.indexed, "--from", report, "--yes", "--no-backup")


@contextmanager
def migrated(files: Files) -> Iterator[str]:
    """Move the indexed platform to an embedded PostgreSQL; yield the server's URL."""
    run(DBTUNE, "migrate-to-postgres", files.indexed, folder=files.folder)
    cluster = files.folder / "indexed.pgdata"
    try:
        yield run(DBTUNE, "embedded", "url", cluster).strip()
    finally:
        run(DBTUNE, "embedded", "stop", cluster)


def steps(files: Files) -> tuple[Step, ...]:
    """Return the rows in their order; each keeps what those before it did."""
    before, fixed = (files.recording(fixed=fixed) for fixed in (False, True))
    return (
        Step("untouched, one worker", files.untouched, before, "rollback", 1, 1),
        Step("untouched, 2 x 4 workers", files.untouched, before, "rollback", 2, 4),
        Step("+ indexes", files.indexed, before, "rollback", 2, 4),
        Step("+ WAL alone", files.indexed, before, "wal", 2, 4),
        Step("+ WAL and hook", files.indexed, before, "wal+hook", 2, 4),
        Step("+ N+1 fixed", files.indexed, fixed, "wal+hook", 2, 4),
    )


def measure(files: Files, url: str, duration: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of a step with each of its runs; PostgreSQL gets what the last step gets."""
    *rest, last = steps(files)
    for step in rest:
        for found in load(step, duration):
            yield step.name, found
    for found in load(last, duration, "--postgres", url):
        yield ("on PostgreSQL" if found["config"] == "PostgreSQL" else last.name), found


def measure_locks(files: Files, duration: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the runs of transactions that read before they write, in each configuration."""
    for config in ("rollback", "wal", "wal+hook"):
        step = Step(config, files.indexed, files.demo_recording, config, 2, 4)
        for found in load(step, duration):
            yield step.name, found


def load(step: Step, duration: float, *more: str) -> Sequence[dict[str, Any]]:
    """Return the runs of a step."""
    print(f"{step.name} ...", file=sys.stderr, flush=True)
    output = run(
        DBTUNE,
        *("-q", "bench", step.database, "--queries", step.recording, "--config", step.config),
        *("--clients", ",".join(map(str, CLIENTS)), "--duration", str(duration)),
        *("--timeout", str(TIMEOUT_S), "--processes", str(step.processes)),
        *("--threads", str(step.threads), "--json", *more),
    )
    document = json.loads(output)
    for text in (*document["not_checked"], *document["notes"]):
        print(f"  {text}", file=sys.stderr)
    runs: Sequence[dict[str, Any]] = document["runs"]
    return runs


def as_markdown(
    rows: Sequence[tuple[str, dict[str, Any]]],
    locks: Sequence[tuple[str, dict[str, Any]]],
    duration: float,
) -> str:
    """Return the page."""
    return f"""\
# The platform under load
`python bench/platform_load.py --duration {duration:g}` on {machine()}.

The requests that `dbtune record` saw of examples/platform, replayed by `dbtune bench` on the demo
platform for {duration:g} s a row. A request of more than {TIMEOUT_S} s is a timeout.

{as_table(rows)}

{REPORTED}
{NOTES}
{LOCKS}
{as_table(locks)}
"""


def as_table(rows: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Return runs as a table in Markdown."""
    return tabulate(
        [_cells(name, found) for name, found in rows],
        headers=(
            *("step", "clients", "requests/s", "success", "locked", "timeout", "other"),
            *("waiting", "p50 ms", "p95 ms", "p99 ms"),
        ),
        tablefmt="github",
        colalign=("left",) + ("right",) * 10,
        disable_numparse=True,
    )


def _cells(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    failures, latency = found["failures"], found["latency"]
    success = found["success_ratio"]
    return (
        name,
        str(found["rate"]["clients"]),
        f"{found['per_second']:,.1f}",
        "-" if success is None else f"{success:.1%}",
        f"{failures['locked']:,}",
        f"{failures['timeout']:,}",
        f"{failures['constraint'] + failures['other']:,}",
        f"{found['unfinished']:,}",
        *(f"{latency[key] / 1e6:,.0f}" for key in ("median_ns", "p95_ns", "p99_ns")),
    )


def machine() -> str:
    """Return what the figures depend on."""
    commit = run("git", "rev-parse", "--short", "HEAD").strip()
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    return (
        f"{today}, commit {commit}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def run(*command: str | Path, settings: dict[str, str] | None = None, folder: Path = ROOT) -> str:
    """Run a command and return its output; raise SystemExit with what it said if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(settings or {})},
        cwd=folder,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
