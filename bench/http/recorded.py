"""What a recording says of the application's queries, in a sentence."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import mean, median


def describe_recording(path: Path) -> str:
    """Return how many queries a request sent, and how long they took on the untouched platform."""
    durations, sizes = [], Counter[str]()
    with path.open(encoding="utf-8") as file:
        for line in map(json.loads, file):
            if line.get("request_id") and line["db.query.text"].startswith("SELECT"):
                durations.append(line["duration_ns"] / 1e6)
                sizes[line["request_id"]] += 1
    scans = [duration for duration in durations if duration >= 1]
    return (
        f"As `dbtune record` saw the untouched platform: {len(durations):,} queries in "
        f"{len(sizes)} requests, {min(sizes.values())} to {max(sizes.values())} a request (median "
        f"{median(sizes.values()):.0f}); {mean(durations):.1f} ms a query on average, and "
        f"{mean(scans):.1f} ms for the {len(scans) / len(durations):.0%} that take a millisecond "
        "or more."
    )
