"""Index advice measured beside the advice of the sqlite3 shell's `.expert`, in one run.

    python bench/advisor.py [--work DIR] [--workload NAME ...]

Workloads: platform (119 MB, 56 templates) and tpch (TPC-H at 0.1, 22 queries) from
../shared/workloads, and the demo. Each advice is built on a fresh copy, analysed, and all
recorded samples are run; the cost is dbtune's deterministic cost model, the time is measured.
Needs the sqlite3 shell, and tpchgen-cli from PyPI for tpch; what is missing is skipped with
the reason.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from dbtune.advisor.cost import open_scratch
from dbtune.advisor.drawn_values import ValueDrawer
from dbtune.advisor.oracle import Oracle, ShapeCost
from dbtune.advisor.pool import Pool
from dbtune.advisor.subjects import Subject, prepare_subjects
from dbtune.journeys.analyze import AnalyzeOptions, analyze
from dbtune.sqlite.catalog import read_schema
from dbtune.workload.sources import read_workload

SHARED = Path(__file__).resolve().parents[2] / "shared" / "workloads"


class Unavailable(Exception):
    """Something a workload needs is not on this machine."""


@dataclass(frozen=True)
class Workbench:
    """A database, its recording, and the most that dbtune's cost may be of `.expert`'s union."""

    name: str
    database: Path
    recording: Path
    target_ratio: float


@dataclass(frozen=True)
class Outcome:
    """One advice as built and measured."""

    advice: str
    indexes: int
    size_bytes: int
    cost_s: float
    time_s: float
    advise_s: float


def main() -> int:
    """Measure and print; the exit code is 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "work")
    parser.add_argument("--workload", action="append", choices=sorted(WORKLOADS))
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    missed = False
    for name in arguments.workload or WORKLOADS:
        try:
            bench = WORKLOADS[name](arguments.work)
        except Unavailable as reason:
            print(f"{name}: skipped, {reason}", flush=True)
            continue
        missed |= not report(bench, arguments.work)
    return int(missed)


def report(bench: Workbench, work: Path) -> bool:
    """Measure one workload, print its table, and return whether the target is met."""
    outcomes = list(measure_all(bench, work))
    by_name = {outcome.advice: outcome for outcome in outcomes}
    union, ours = by_name[".expert, union"], by_name["dbtune"]
    rows = [
        (
            o.advice,
            o.indexes,
            f"{o.size_bytes / 2**20:.1f}",
            f"{o.cost_s:.3f}",
            f"{o.time_s:.2f}",
            f"{o.advise_s:.1f}",
            f"{o.cost_s / union.cost_s:.2f}",
            f"{o.size_bytes / max(1, union.size_bytes):.2f}",
        )
        for o in outcomes
    ]
    head = ("advice", "indexes", "MiB", "cost s", "time s", "advise s", "cost/union", "MiB/union")
    print(f"\n{bench.name}\n{tabulate(rows, head)}", flush=True)
    met = ours.cost_s <= bench.target_ratio * union.cost_s
    met &= ours.size_bytes <= union.size_bytes or bench.target_ratio == 1.0
    verdict = "met" if met else "MISSED"
    print(f"target: cost at most {bench.target_ratio} of the union's: {verdict}", flush=True)
    return met


def measure_all(bench: Workbench, work: Path) -> Iterator[Outcome]:
    """Yield no advice, both modes of `.expert`, and dbtune."""
    statements = read_statements(bench)
    yield build_and_run(bench, work, "no new index", [], 0.0)
    started = time.perf_counter()
    union = expert_union(bench.database, statements)
    yield build_and_run(bench, work, ".expert, union", union, time.perf_counter() - started)
    started = time.perf_counter()
    whole = expert(bench.database, "; ".join(s for s in statements if not is_upsert(s)))
    yield build_and_run(bench, work, ".expert, whole", whole, time.perf_counter() - started)
    started = time.perf_counter()
    advice = analyze(bench.database, AnalyzeOptions(queries=(str(bench.recording),)))
    took = time.perf_counter() - started
    ours = [f.change.up[0] for f in advice.findings if f.code == "missing-index" and f.change]
    yield build_and_run(bench, work, "dbtune", ours, took)


def build_and_run(
    bench: Workbench, work: Path, advice: str, ddl: Sequence[str], advise_s: float
) -> Outcome:
    """Build the DDL on a fresh copy, analyse it, and run every sample once."""
    path = work / "measured.db"
    shutil.copyfile(bench.database, path)
    workload = read_workload([str(bench.recording)])
    with closing(open_scratch(path)) as connection:
        schema = read_schema(connection)
        pool = Pool(connection)
        for number, sql in enumerate(ddl):
            name = f"bench_{number}"
            pool.build(name, renamed(sql, name))
        pool.finish()
        subjects = prepare_subjects(connection, workload.shapes, ValueDrawer(connection, schema))
        oracle = Oracle(pool, subjects.ready)
        costs = [oracle.cost(i, pool.names) for i in range(len(subjects.ready))]
        size = sum(pool.sizes.values())
        count = len(pool.names)
    path.unlink()
    return Outcome(
        advice, count, size, total(subjects.ready, costs, lambda c: c.cost_ns) / 1e9,
        total(subjects.ready, costs, lambda c: c.measurement.elapsed_ns) / 1e9, advise_s,
    )  # fmt: skip


def total(
    subjects: Sequence[Subject], costs: Sequence[ShapeCost], of: Callable[[ShapeCost], float]
) -> float:
    """Return a figure summed over the whole recording."""
    return sum(s.shape.count * of(cost) for s, cost in zip(subjects, costs, strict=True))


def read_statements(bench: Workbench) -> list[str]:
    """Return one sample of each shape, as `.expert` takes it: one line, literals."""
    workload = read_workload([str(bench.recording)])
    texts = [s.samples[0].text for s in workload.shapes if s.kind in {"read", "write"}]
    return [" ".join(re.sub(r"--[^\n]*", "", text).split()).rstrip(";") for text in texts]


def expert_union(database: Path, statements: Sequence[str]) -> list[str]:
    """Return what `.expert` proposes for each statement alone, each proposal once."""
    proposals: dict[str, str] = {}
    for statement in statements:
        for sql in expert(database, statement):
            proposals.setdefault(sql.split(" ON ", 1)[1], sql)
    return list(proposals.values())


def expert(database: Path, sql: str) -> list[str]:
    """Return the CREATE INDEX statements that `.expert` prints for one input."""
    run = subprocess.run(
        ["sqlite3", "-readonly", str(database)],
        input=f".expert\n{sql};\n",
        capture_output=True,
        text=True,
        check=False,
    )
    return [line.rstrip(";") for line in run.stdout.splitlines() if line.startswith("CREATE INDEX")]


def is_upsert(sql: str) -> bool:
    """Return whether a statement is one that makes `.expert` propose nothing at all."""
    return re.search(r"\bON\s+CONFLICT\b", sql, re.IGNORECASE) is not None


def renamed(sql: str, name: str) -> str:
    """Return the CREATE INDEX with another name, since two proposals may share theirs."""
    pattern = r'(?i)^CREATE\s+(UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"[^"]*"|\S+)\s+ON'
    return re.sub(pattern, f"CREATE INDEX {name} ON", sql)


def platform(work: Path) -> Workbench:
    """The recorded SaaS platform of ../shared/workloads at scale 1."""
    database = work / "platform.db"
    _need_shared("gen_platform.py")
    if not database.exists():
        _generate("gen_platform.py", str(database), "1")
    return Workbench("platform", database, SHARED / "platform.jsonl", 0.5)


def tpch(work: Path) -> Workbench:
    """TPC-H at 0.1: primary keys only, and the 22 queries."""
    database = work / "tpch.db"
    _need_shared("gen_tpch.py")
    if not database.exists():
        if shutil.which("tpchgen-cli") is None:
            raise Unavailable("tpchgen-cli is not installed (pip install tpchgen-cli)")
        _generate("gen_tpch.py", "0.1", str(database), cwd=work)
    return Workbench("TPC-H 0.1", database, SHARED / "tpch.sql", 1.0)


def demo(work: Path) -> Workbench:
    """The demo that dbtune ships, at scale 1."""
    folder = work / "demo"
    if not (folder / "platform.db").exists():
        subprocess.run([sys.executable, "-m", "dbtune", "demo", str(folder)], check=True)
    return Workbench("demo", folder / "platform.db", folder / "platform.queries.jsonl", 1.0)


def _need_shared(name: str) -> None:
    if not (SHARED / name).exists():
        raise Unavailable(f"{SHARED / name} is not there")
    if shutil.which("sqlite3") is None:
        raise Unavailable("the sqlite3 shell is not installed")


def _generate(script: str, *arguments: str, cwd: Path | None = None) -> None:
    command = [sys.executable, str(SHARED / script), *arguments]
    subprocess.run(command, check=True, cwd=cwd)


WORKLOADS: dict[str, Callable[[Path], Workbench]] = {
    "platform": platform,
    "tpch": tpch,
    "demo": demo,
}

if __name__ == "__main__":
    sys.exit(main())
