"""How long commands take as whole processes: `dbtune --help`, and analyze without a recording.

    python bench/commands.py [--work DIR] [--runs N]

Each run of dbtune alternates with one of its peer: `alembic --help` for the command line, and the
sqlite3 shell's quick_check for reading a 50 MB file once. Medians and ratios are printed.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate


@dataclass(frozen=True)
class Contest:
    """A command of dbtune, its peer, and the most seconds that it should take."""

    name: str
    command: Sequence[str]
    peer: Sequence[str]
    target_s: float


def main() -> int:
    """Measure and print; the exit code is 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "work")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    rows = []
    missed = False
    for contest in contests(arguments.work):
        ours, peers = alternate(contest, arguments.runs)
        met = statistics.median(ours) <= contest.target_s
        missed |= not met
        rows.append(
            (
                contest.name,
                f"{statistics.median(ours):.3f}",
                f"{min(ours):.3f}",
                f"{statistics.median(peers):.3f}",
                f"{statistics.median(a / b for a, b in zip(ours, peers, strict=True)):.2f}",
                f"{contest.target_s:.1f}",
                "met" if met else "MISSED",
            )
        )
    head = ("command", "median s", "min s", "peer median s", "ratio", "target s", "")
    print(tabulate(rows, head))
    return int(missed)


def contests(work: Path) -> list[Contest]:
    """Return what is measured; builds the demo at scale 1 where it is not there."""
    bin_folder = Path(sys.executable).parent
    dbtune, alembic = str(bin_folder / "dbtune"), str(bin_folder / "alembic")
    database = work / "demo" / "platform.db"
    if not database.exists():
        work.mkdir(parents=True, exist_ok=True)
        subprocess.run([dbtune, "-q", "demo", str(work / "demo")], check=True, capture_output=True)
    shell = shutil.which("sqlite3")
    check = [shell, "-readonly", str(database), "PRAGMA quick_check"] if shell else [alembic, "-h"]
    return [
        Contest("dbtune --help", [dbtune, "--help"], [alembic, "--help"], 0.2),
        Contest("dbtune analyze (50 MB)", [dbtune, "-q", "analyze", str(database)], check, 2.0),
    ]


def alternate(contest: Contest, runs: int) -> tuple[list[float], list[float]]:
    """Return seconds of both commands, run in turn after one warm-up each."""
    seconds(contest.command)
    seconds(contest.peer)
    pairs = [(seconds(contest.command), seconds(contest.peer)) for _ in range(runs)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def seconds(command: Sequence[str]) -> float:
    """Run a command and return its wall time."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
