"""Visits the pages of the demo platform in this process, without a network.

python examples/platform/visit.py [N]

Settings as for app.py. The same N asks for the same pages every time.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from itertools import islice
from statistics import median
from time import perf_counter

from app import create_app
from visitors import visits


def visit(count: int) -> dict[str, list[float]]:
    """Ask for so many pages; return the milliseconds of each visit by page."""
    client = create_app().test_client()
    took: dict[str, list[float]] = defaultdict(list)
    for visited in islice(visits(client.get("/").get_json(), seed="visit"), count):
        method = "GET" if visited.body is None else "POST"
        started = perf_counter()
        answer = client.open(visited.path, method=method, json=visited.body)
        took[f"{method} {visited.page}"].append((perf_counter() - started) * 1000)
        if answer.status_code >= 400:
            raise SystemExit(f"{method} {visited.path} answered {answer.status}: {answer.text}")
    return took


def main() -> None:
    """Visit, and print how long the pages took."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    took = visit(count)
    sys.stdout.write(f"{count} visits in {sum(map(sum, took.values())) / 1000:.1f} s\n")
    for page, times in sorted(took.items()):
        sys.stdout.write(f"{page:30} {len(times):5} visits, median {median(times):6.1f} ms\n")


if __name__ == "__main__":
    main()
