"""Results as they are recorded: figures beside targets, with machine, versions and commit."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import apsw
from tabulate import tabulate

import dbtune

_ROOT = Path(dbtune.__file__).resolve().parents[1]


@dataclass(frozen=True)
class Check:
    """One figure beside its target."""

    what: str
    target: str
    value: str
    met: bool


@dataclass(frozen=True)
class Table:
    """Rows of text under a title; `note` says how they came about."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Part:
    """What one part of the bench found on one workload. `verdict` is a sentence of its own."""

    name: str
    checks: tuple[Check, ...]
    tables: tuple[Table, ...]
    verdict: str = ""


def at_most(what: str, value: float, limit: float, unit: str = "") -> Check:
    """Return the check that a figure is at most its target."""
    return Check(what, f"at most {limit:g}{unit}", f"{value:.3f}{unit}", value <= limit)


def record(folder: Path, workload: str, part: Part) -> None:
    """Write a part into the workload's file, in place of what it said before, and the summary."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{workload}.json"
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    known[part.name] = {**asdict(part), "environment": environment()}
    path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    (folder / "advisor.md").write_text("\n".join(_summary(folder)) + "\n")


def show(workload: str, part: Part) -> str:
    """Return a part as text for the terminal."""
    return "\n".join(_part_lines(workload, asdict(part), "simple"))


def environment() -> dict[str, str]:
    """Return what the figures depend on, without the paths of this machine."""
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB of memory",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": (
            f"apsw {apsw.sqlite_lib_version()}, Python's {sqlite3.sqlite_version}, "
            f"shell {_first_word('sqlite3', '--version')}"
        ),
        "commit": _commit(),
        "date": datetime.now(timezone.utc).isoformat(timespec="minutes"),
    }


def _summary(folder: Path) -> Iterator[str]:
    yield "# Index advice, measured\n"
    yield "Written by `python bench/advisor.py`. Costs are dbtune's deterministic model, of the"
    yield "whole recording, all samples run on a copy on which the advice was rebuilt."
    for path in sorted(folder.glob("*.json")):
        parts: dict[str, Any] = json.loads(path.read_text())
        yield f"\n## {path.stem}"
        for part in parts.values():
            yield ""
            yield from _part_lines(path.stem, part, "github")
            yield "\n" + "; ".join(f"{k}: {v}" for k, v in part["environment"].items())


def _part_lines(workload: str, part: dict[str, Any], style: str) -> Iterator[str]:
    yield f"### {workload}: {part['name']}"
    if part["verdict"]:
        yield f"\n{part['verdict']}"
    if part["checks"]:
        rows = [(c["what"], c["target"], c["value"], _met(c["met"])) for c in part["checks"]]
        yield "\n" + _drawn(("figure", "target", "reached", ""), rows, style)
    for table in part["tables"]:
        yield f"\n{table['title']}{': ' + table['note'] if table['note'] else ''}\n"
        yield _drawn(table["head"], table["rows"], style)


def _drawn(head: Iterable[str], rows: Iterable[Iterable[str]], style: str) -> str:
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return tabulate(cells, tuple(head), tablefmt=style, disable_numparse=True)


def _met(met: bool) -> str:
    return "met" if met else "**missed**"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _memory_gb() -> float:
    return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES") / 2**30


def _first_word(*command: str) -> str:
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return (run.stdout.split() or ["unknown"])[0]


def _commit() -> str:
    """Return the commit, and whether dbtune's own files differ from it."""

    def git(*arguments: str) -> str:
        command = ("git", "-C", str(_ROOT), *arguments)
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--", "dbtune", "sql")
    return git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
