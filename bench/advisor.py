"""Index advice measured beside the advice of the sqlite3 shell's `.expert`, in one run.

    python bench/advisor.py [--workload NAME ...] [--part NAME ...] [--long-seconds S]

    costs     no index, both modes of `.expert`, all candidates, dbtune: each rebuilt on a fresh
              copy, all samples run; every template before and after
    search    a search of --long-seconds at dbtune's bytes, and where the two differ
    budgets   dbtune within budgets beside `.expert` without one
    writes    a variant of the recording of which 90 % are writes
    planner   the same sets under the SQLite that Python is linked with, timed by turns

Workloads: platform (119 MB, 56 templates) and tpch (TPC-H at 0.1, 22 queries) from
../shared/workloads, the demo, and home_assistant, uptime_kuma and sakila, which bench/workloads
makes from schemas of ../shared/corpora. Costs are dbtune's deterministic model. What the parts
found is written to bench/results. Needs the sqlite3 shell, and tpchgen-cli from PyPI for tpch;
what is missing is skipped with the reason.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import advisor_parts
from advisor_results import Part, record, show
from advisor_session import Session
from advisor_workloads import WORKLOADS, Unavailable

from dbtune.journeys.analyze import DEFAULT_TIME_LIMIT_SECONDS

PARTS = ("costs", "search", "budgets", "writes", "planner")


def main() -> int:
    """Measure, print and record; the exit code is 1 where a target is missed."""
    arguments = _arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if shutil.which("sqlite3") is None:
        sys.exit("the sqlite3 shell, whose advice is measured beside dbtune's, is not installed")
    met = True
    for name in arguments.workload or WORKLOADS:
        try:
            bench = WORKLOADS[name](arguments.work)
        except Unavailable as reason:
            print(f"{name}: skipped, {reason}", flush=True)
            continue
        with tempfile.TemporaryDirectory(dir=arguments.scratch or arguments.work) as scratch:
            session = Session(bench, Path(scratch), arguments.time_limit)
            for part in arguments.part or PARTS:
                met &= _run_part(name, part, session, arguments)
    return int(not met)


def _run_part(workload: str, part: str, session: Session, arguments: argparse.Namespace) -> bool:
    """Run, print and record one part; return whether its targets are met."""
    if part == "search" and not arguments.long_seconds:
        return True
    if part == "budgets" and not session.bench.targets.budgets:
        return True
    try:
        found = _part(part, session, arguments)
    except Unavailable as reason:
        print(f"{workload}, {part}: skipped, {reason}", flush=True)
        return True
    print(f"\n{show(workload, found)}", flush=True)
    record(arguments.results, workload, found)
    return all(check.met for check in found.checks)


def _part(name: str, session: Session, arguments: argparse.Namespace) -> Part:
    seconds, prefiltered = arguments.long_seconds, arguments.prefiltered
    parts: dict[str, Callable[[], Part]] = {
        "costs": lambda: advisor_parts.costs(session),
        "search": lambda: advisor_parts.search(session, seconds, prefiltered=prefiltered),
        "budgets": lambda: advisor_parts.budgets(session),
        "writes": lambda: advisor_parts.writes(session),
        "planner": lambda: advisor_parts.planner(session),
    }
    return parts[name]()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workload", action="append", choices=sorted(WORKLOADS))
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--long-seconds", type=float, default=60.0, metavar="S")
    parser.add_argument(
        "--prefiltered",
        action="store_true",
        help="search only among what dbtune's prefilter lets survive: half the time to build",
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        default=DEFAULT_TIME_LIMIT_SECONDS,
        metavar="S",
        help="dbtune's own limit; a larger one where the machine is busy (default: %(default)g)",
    )
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "work")
    parser.add_argument("--scratch", type=Path, help="folder for copies (default: --work)")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
