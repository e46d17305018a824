"""Advice on a database of 3 GB, and under a short time limit on databases of any size.

    python bench/large.py [sampled] [compared] [limited] [--work DIR] [--results DIR]
                          [--reference FILE.sql] [--scale N]

    sampled   analyze as it comes: scratch disk, memory and time of the whole command
    compared  what that advised and what analyze advises with all rows and much time, each built on
              the whole database and measured with all samples; takes an hour and 20 GB of disk
    limited   `--time-limit 30` on 3 GB, on the platform at scale 1 and on TPC-H

Without a part all are run. The 3 GB are ../shared/workloads/gen_platform.py at scale 26, made in
ten minutes and kept in the work folder. `--reference` names a file with the DDL advised on all rows
in an earlier run. The exit code is 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from advisor_measure import Built, build_and_measure
from advisor_results import Check, Part, Table, at_most, record, show
from advisor_workloads import SHARED, Unavailable, platform, tpch
from watched import Watched, watch

from dbtune.workload.sources import read_workload

SCRATCH_GB = 2.0
MEMORY_GB = 1.0
SECONDS = 300.0
COST_RATIO = 1.10
LIMIT_SECONDS = 30.0
# "Near 30 seconds", the copy not counted.
LIMIT_RATIO = 1.2
# What analyze gets for the reference: all rows, and time for nearly all of its pool.
_REFERENCE_SECONDS = 1800.0
_REFERENCE_SCRATCH_MB = 40_000.0
_COPYING_STAGES = frozenset({"Copying the database", "Sampling the database"})


@dataclass(frozen=True)
class Large:
    """The large database with its recording, and the folders to work in."""

    database: Path
    recording: Path
    work: Path
    reference: Path


def main() -> int:
    """Measure, print and record; the exit code is 1 where a target is missed."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="[default: all]")
    parser.add_argument("--work", type=Path, default=here / "work")
    parser.add_argument("--results", type=Path, default=here / "results")
    parser.add_argument("--reference", type=Path, help="DDL advised on all rows")
    parser.add_argument("--scale", type=float, default=26.0, help="26 gives 3 GB")
    arguments = parser.parse_args()
    try:
        large = _prepare(arguments.work, arguments.scale, arguments.reference)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return 0
    met = True
    for name in arguments.parts or PARTS:
        part = PARTS[name](large)
        print(show("large", part), flush=True)
        record(arguments.results, "large", part)
        met &= all(check.met for check in part.checks)
    return int(not met)


def sampled(large: Large) -> Part:
    """Advise on the large database as it comes."""
    with _scratch(large.work) as scratch:
        run = watch(large.database, large.recording, scratch)
    _advised(large).write_text(";\n".join(run.ddl), encoding="utf-8")
    checks = (
        at_most(
            "scratch disk, all files together", run.peak_scratch_bytes / 1e9, SCRATCH_GB, " GB"
        ),
        at_most("memory", run.peak_memory_bytes / 1e9, MEMORY_GB, " GB"),
        at_most("whole command", run.seconds, SECONDS, " s"),
    )
    size_gb = large.database.stat().st_size / 1e9
    said = Table("What the report says was not looked at", ("note",), _rows(run.notes))
    return Part(
        "sampled", checks, (_stages(run), said), f"{size_gb:.2f} GB, {len(run.ddl)} indexes advised"
    )


def compared(large: Large) -> Part:
    """Measure both sets of indexes on all rows."""
    if not _advised(large).exists():
        sampled(large)
    if not large.reference.exists():
        with _scratch(large.work) as scratch:
            run = watch(
                large.database,
                large.recording,
                scratch,
                time_limit_s=_REFERENCE_SECONDS,
                scratch_mb=_REFERENCE_SCRATCH_MB,
            )
        large.reference.write_text(";\n".join(run.ddl), encoding="utf-8")
    workload = read_workload([str(large.recording)])
    built: list[Built] = []
    for name, file in (("sample", _advised(large)), ("all rows", large.reference)):
        with _scratch(large.work) as scratch:
            ddl = [sql for sql in file.read_text(encoding="utf-8").split(";\n") if sql.strip()]
            built.append(build_and_measure(large.database, workload, name, ddl, scratch))
    ours, reference = built
    checks = (
        at_most("cost beside the advice on all rows", ours.cost_s / reference.cost_s, COST_RATIO),
    )
    rows = tuple(
        (b.advice, str(len(b.ddl)), f"{b.size_bytes / 1e6:,.0f}", f"{b.cost_s:,.2f}") for b in built
    )
    both = Table(
        "Both sets built on all rows", ("advised on", "indexes", "MB", "cost s"), rows,
        "of the whole recording, all samples run",
    )  # fmt: skip
    return Part("compared", checks, (both, _differences(ours, reference)))


def limited(large: Large) -> Part:
    """Advise with 30 seconds on databases of three sizes."""
    checks: list[Check] = []
    tables: list[Table] = []
    for name, database, recording in _databases(large):
        with _scratch(large.work) as scratch:
            run = watch(database, recording, scratch, time_limit_s=LIMIT_SECONDS)
        rest = run.seconds - _copying(run)
        most = LIMIT_SECONDS * LIMIT_RATIO
        checks.append(at_most(f"{name}: all but the copy", rest, most, " s"))
        told = any("--time-limit" in note for note in run.notes) or rest < LIMIT_SECONDS
        checks.append(Check(f"{name}: says what was cut short", "yes", _yes(told), told))
        checks.append(Check(f"{name}: advises", "yes", _yes(bool(run.ddl)), bool(run.ddl)))
        tables.append(_stages(run, f"{name}, {len(run.ddl)} indexes"))
    return Part("limited", tuple(checks), tuple(tables))


def _databases(large: Large) -> Iterator[tuple[str, Path, Path]]:
    yield "3 GB", large.database, large.recording
    for found in (platform, tpch):
        try:
            bench = found(large.work)
        except Unavailable as reason:
            print(f"{found.__name__}: skipped, {reason}", flush=True)
        else:
            yield bench.name, bench.database, bench.recording


def _copying(run: Watched) -> float:
    """Return the seconds that the copy took."""
    begun = None
    for name, at in run.stages:
        if name in _COPYING_STAGES and begun is None:
            begun = at
        elif begun is not None and name not in _COPYING_STAGES:
            return at - begun
    return 0.0


def _stages(run: Watched, title: str = "When each stage began") -> Table:
    rows = tuple((name, f"{at:.1f}") for name, at in run.stages)
    peaks = (
        f"{run.seconds:.0f} s in all ({run.cpu_seconds:.0f} s of CPU), "
        f"{run.peak_memory_bytes / 1e6:.0f} MB of memory, "
        f"{run.peak_scratch_bytes / 1e6:.0f} MB of scratch disk"
    )
    return Table(title, ("stage", "s"), rows, peaks)


def _differences(ours: Built, reference: Built) -> Table:
    """Return the shapes that differ most between the two sets."""
    pairs = [(a, b) for a, b in zip(ours.shapes, reference.shapes, strict=True) if a.id == b.id]
    pairs.sort(key=lambda p: -abs(p[0].count * (p[0].cost_ns - p[1].cost_ns)))
    rows = tuple(
        (
            a.text[:90],
            f"{a.count:,.0f}",
            f"{a.count * a.cost_ns / 1e9:.3f}",
            f"{b.count * b.cost_ns / 1e9:.3f}",
        )
        for a, b in pairs[:12]
    )
    return Table("Where they differ most", ("shape", "count", "sample: s", "all rows: s"), rows)


def _prepare(work: Path, scale: float, reference: Path | None) -> Large:
    generator = SHARED / "gen_platform.py"
    if not generator.exists():
        raise Unavailable(f"{generator.name} is not there")
    work.mkdir(parents=True, exist_ok=True)
    database, recording = work / f"platform-{scale:g}.db", work / f"platform-{scale:g}.jsonl"
    if not (database.exists() and recording.exists()):
        command = [sys.executable, str(generator), str(database), str(scale), str(recording)]
        subprocess.run(command, check=True)
    return Large(database, recording, work, reference or work / f"platform-{scale:g}-whole.sql")


@contextmanager
def _scratch(work: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="large-", dir=work) as folder:
        yield Path(folder)


def _advised(large: Large) -> Path:
    return large.database.with_name(f"{large.database.stem}-sampled.sql")


def _rows(lines: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((line,) for line in lines)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


PARTS: dict[str, Callable[[Large], Part]] = {
    "sampled": sampled,
    "compared": compared,
    "limited": limited,
}

if __name__ == "__main__":
    sys.exit(main())
