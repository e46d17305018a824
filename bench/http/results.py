"""The measurements of bench/http/run.py, and their table."""

from __future__ import annotations

import platform
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from os import cpu_count

from tabulate import tabulate

# Reported of the platform before this application was there, for comparison: users, then
# requests a second and success.
_REPORTED = """\
Reported of the platform before any change: list of chefs 65 to 85 ms, products 15 to 20 ms, 6 to 26
queries a page, an average query of 18 ms; 15.6, 15.4 and 15.2 requests/s with 98, 95 and 94 %
success at 50, 100 and 500 users. Measured on such an application with everything done: 1,418
requests/s at 50 users and 1,077 at 500, all of them answered. Aimed at: 100 requests/s and 99 %
success at 500 users, a list page under 15 ms, a query under 8 to 10 ms.
"""


@dataclass(frozen=True)
class Measured:
    """What locust measured of one step under one load; times in milliseconds."""

    users: int
    per_second: float
    requests: int
    failures: int
    p50: float
    p95: float
    p99: float

    @property
    def success_ratio(self) -> float:
        """The part of all requests that was answered, and not with an error."""
        return 1 - self.failures / self.requests if self.requests else 0.0

    @property
    def answered_per_second(self) -> float:
        """Requests a second that were answered without an error."""
        return self.per_second * self.success_ratio


@dataclass(frozen=True)
class PageTimes:
    """Medians in milliseconds of pages that one visitor alone asks for, one after the other."""

    chefs: float
    products: float
    every_page: float


@dataclass(frozen=True)
class StepResult:
    """A step as it was measured: by one visitor, and under each load."""

    name: str
    alone: PageTimes
    loads: tuple[Measured, ...]


def summary(result: StepResult) -> str:
    """Return a line for those who wait."""
    loads = (
        f"{load.users}: {load.answered_per_second:,.1f}/s, {load.success_ratio:.1%}"
        for load in result.loads
    )
    return f"{result.name}: {'; '.join(loads)}\n"


def as_markdown(results: Sequence[StepResult], recording: str, seconds: int, others: float) -> str:
    """Return the results as a page of their own; `others` is what else the machine did."""
    table = tabulate(
        list(_rows(results)),
        headers=("step", "users", "answered/s", "success", "p50 ms", "p95 ms", "p99 ms"),
        tablefmt="github",
        colalign=("left",) + ("right",) * 6,
        disable_numparse=True,
    )
    pages = tabulate(
        [
            (r.name, f"{r.alone.chefs:.1f}", f"{r.alone.products:.1f}", f"{r.alone.every_page:.1f}")
            for r in results
        ],
        headers=("step", "list of chefs, ms", "products, ms", "mean of all visits, ms"),
        tablefmt="github",
        colalign=("left", "right", "right", "right"),
        disable_numparse=True,
    )
    return f"""\
# The example application over HTTP
`make bench-http` on {_machine()}. Load average of the machine before it began: {others:.1f}.

examples/platform behind gunicorn, loaded by locust for {seconds} s a load, without a pause between
a visitor's requests. A request of more than 10 s is a failure. Clients and server share the
machine's processors, so that a faster server also has a hungrier neighbour. Each step keeps what
the steps before it did; the first two are served by one worker that takes one request at a time.

{table}

One visitor alone, median of the page:

{pages}

{recording}

{_REPORTED}"""


def _rows(results: Sequence[StepResult]) -> Iterator[tuple[str, ...]]:
    for result in results:
        for load in result.loads:
            yield (
                result.name,
                f"{load.users}",
                f"{load.answered_per_second:,.1f}",
                f"{load.success_ratio:.1%}",
                f"{load.p50:,.0f}",
                f"{load.p95:,.0f}",
                f"{load.p99:,.0f}",
            )


def _machine() -> str:
    commit = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False
    ).stdout.strip()
    packages = ", ".join(f"{name} {version(name)}" for name in ("flask", "sqlalchemy", "gunicorn"))
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    return (
        f"{today}, commit {commit}, {cpu_count()} processors, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {packages}"
    )
