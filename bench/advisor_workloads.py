"""What index advice is measured on: databases with recordings, and the targets for each.

Another workload is one line in WORKLOADS: a name, and a function from the work folder to its
Workbench, which raises Unavailable with the reason where something is missing here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from workloads import home_assistant, sakila, uptime_kuma

SHARED = Path(__file__).resolve().parents[2] / "shared" / "workloads"


class Unavailable(Exception):
    """Something a workload needs is not on this machine."""


@dataclass(frozen=True)
class Targets:
    """The most that dbtune's advice may be of `.expert`'s, and take.

    `of_union` compares with the union of single-query advice, else with the better mode.
    `budgets` are (MB, cost beside `.expert`'s without a budget).
    """

    cost_ratio: float = 1.0
    size_ratio: float | None = None
    seconds: float | None = None
    of_union: bool = False
    budgets: tuple[tuple[float, float], ...] = ()
    planner_ratio: float = 1.0


@dataclass(frozen=True)
class Workbench:
    """A database and its recording."""

    name: str
    database: Path
    recording: Path
    targets: Targets = field(default_factory=Targets)


def platform(work: Path) -> Workbench:
    """The recorded SaaS platform of ../shared/workloads at scale 1."""
    database = work / "platform.db"
    _need_shared("gen_platform.py")
    if not database.exists():
        _generate("gen_platform.py", str(database), "1")
    targets = Targets(0.45, 0.62, 25.0, True, ((25.0, 0.70), (50.0, 0.44)), 0.55)
    return Workbench("platform", database, SHARED / "platform.jsonl", targets)


def tpch(work: Path) -> Workbench:
    """TPC-H at 0.1: primary keys only, and the 22 queries."""
    database = work / "tpch.db"
    _need_shared("gen_tpch.py")
    if not database.exists():
        if shutil.which("tpchgen-cli") is None:
            raise Unavailable("tpchgen-cli is not installed (pip install tpchgen-cli)")
        _generate("gen_tpch.py", "0.1", str(database), cwd=work)
    return Workbench("tpch", database, SHARED / "tpch.sql", Targets(0.85, 0.75, 40.0))


def demo(work: Path) -> Workbench:
    """The demo that dbtune ships, at scale 1."""
    folder = work / "demo"
    if not (folder / "platform.db").exists():
        subprocess.run([sys.executable, "-m", "dbtune", "demo", str(folder)], check=True)
    return Workbench("demo", folder / "platform.db", folder / "platform.queries.jsonl")


def corpora(name: str, build: Callable[[Path], tuple[Path, Path]], work: Path) -> Workbench:
    """A workload of bench/workloads, made of a real schema of ../shared/corpora."""
    if not (SHARED.parent / "corpora").exists():
        raise Unavailable("../shared/corpora is not there")
    return Workbench(name, *build(work))


def _need_shared(name: str) -> None:
    if not (SHARED / name).exists():
        raise Unavailable(f"../shared/workloads/{name} is not there")


def _generate(script: str, *arguments: str, cwd: Path | None = None) -> None:
    command = [sys.executable, str(SHARED / script), *arguments]
    subprocess.run(command, check=True, cwd=cwd)


WORKLOADS: dict[str, Callable[[Path], Workbench]] = {
    "platform": platform,
    "tpch": tpch,
    "demo": demo,
    "home_assistant": partial(corpora, "home_assistant", home_assistant.build),
    "uptime_kuma": partial(corpora, "uptime_kuma", uptime_kuma.build),
    "sakila": partial(corpora, "sakila", sakila.build),
}
