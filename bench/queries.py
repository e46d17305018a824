"""Measure `dbtune queries` on a recording of a gigabyte: seconds, and memory that stays flat.

    python bench/queries.py                    1 GB as dbtune record writes it, and a tenth of it
    python bench/queries.py --params           the same with values
    python bench/queries.py --megabytes 100    less
    python bench/queries.py RECORDING.jsonl    a recording of your own

Each run is the installed command in a process of its own, with its JSON thrown away.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

SIZE_MB = 1000
# Ten times the recording may take this much more memory, for keys and caches that fill.
TARGET_GROWTH_MB = 100.0
_SEED = 20240229
_STARTED_NS = 1_780_000_000_000_000_000
_PAUSE_NS = 1_500_000
_PROCESSES = 4
# Each process writes what it has every 200 ms: lines are so much out of order.
_BATCH = 32
# A few values come again and again, most hardly ever.
_VALUES = 500_000


def main() -> int:
    """Generate, run, print; 1 where memory grew with the recording."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="recordings [default: generated]")
    parser.add_argument("--megabytes", type=int, default=SIZE_MB)
    parser.add_argument("--params", action="store_true", help="with values instead of digests")
    arguments = parser.parse_args()
    if arguments.files:
        _print(arguments.files, *_run(arguments.files))
        return 0
    peaks = []
    with tempfile.TemporaryDirectory(prefix="dbtune-bench-") as folder:
        for megabytes in (max(1, arguments.megabytes // 10), arguments.megabytes):
            path = Path(folder) / "app.queries.jsonl"
            _generate(path, megabytes * 1_000_000, with_values=arguments.params)
            seconds, cpu_seconds, peak_mb, digest = _run([path])
            peaks.append(peak_mb)
            _print([path], seconds, cpu_seconds, peak_mb, digest)
    growth_mb = peaks[1] - peaks[0]
    met = growth_mb <= TARGET_GROWTH_MB
    print(
        f"ten times the recording took {growth_mb:.0f} MB more "
        f"(target: at most {TARGET_GROWTH_MB:.0f}): {'met' if met else 'NOT met'}"
    )
    return 0 if met else 1


def _run(files: list[Path]) -> tuple[float, float, float, dict[str, Any]]:
    command = shutil.which("dbtune", path=str(Path(sys.executable).parent))
    if command is None:
        raise SystemExit("dbtune is not installed beside this Python")
    with tempfile.TemporaryDirectory(prefix="dbtune-bench-") as folder:
        output = Path(folder) / "digest.json"
        started = time.perf_counter()
        process = subprocess.Popen(
            [command, "-q", "queries", *map(str, files), "--output", str(output)],
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"dbtune queries ended with {process.returncode}")
        digest: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    # Of this process alone: RUSAGE_CHILDREN keeps the largest of all.
    peak_mb = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return seconds, usage.ru_utime + usage.ru_stime, peak_mb, digest


def _print(
    files: list[Path], seconds: float, cpu_seconds: float, peak_mb: float, digest: dict[str, Any]
) -> None:
    size_mb = sum(file.stat().st_size for file in files) / 1e6
    cache = digest["cache"]
    followed = cache["sampled_ratio"] if cache else 0.0
    print(
        f"{size_mb:,.0f} MB, {digest['statements']:,} statements, {digest['shapes']:,} shapes: "
        f"{seconds:.1f} s ({cpu_seconds:.1f} s of CPU, {size_mb / cpu_seconds:.0f} MB/s of it), "
        f"peak {peak_mb:.0f} MB; {followed:.1%} of the values followed; "
        f"python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        flush=True,
    )


def _generate(path: Path, size_bytes: int, *, with_values: bool) -> None:
    written = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('{"dbtune.recording": 1, "sqlite_version": "3.45.1", "sample_rate": 1.0}\n')
        for line in _lines(with_values=with_values):
            written += file.write(line)
            if written >= size_bytes:
                return


def _lines(*, with_values: bool) -> Iterator[str]:
    chance = random.Random(_SEED)
    batches: list[list[str]] = [[] for _ in range(_PROCESSES)]
    number = 0
    while True:
        number += 1
        place = chance.randrange(len(_STATEMENTS))
        text, make = _STATEMENTS[place]
        values = make(chance)
        line = {
            "db.query.text": text,
            "db.query.parameters": values if with_values else [_masked(value) for value in values],
            "dbtune.values_digest": blake2b(repr(values).encode(), digest_size=8).hexdigest(),
            "ts": _STARTED_NS + number * _PAUSE_NS,
            "duration_ns": int(chance.lognormvariate(10 + place / 4, 0.8)),
            "rows": number % 20,
            "request_id": f"{number // 7:032x}",
            "route": f"GET /pages/{place % 9}",
            "code.file.path": f"app/pages_{place % 9}.py",
            "code.line.number": 10 + place,
            "transaction_id": f"17-{number // 3}",
            "db.namespace": "/srv/app/platform.db",
        }
        batch = batches[number % _PROCESSES]
        batch.append(json.dumps(line) + "\n")
        if len(batch) >= _BATCH:
            yield from batch
            batch.clear()


def _masked(value: int | str) -> dict[str, int | str]:
    if isinstance(value, int):
        return {"type": "integer"}
    return {"type": "text", "len": len(value)}


def _key(chance: random.Random) -> int:
    return int(_VALUES * chance.random() ** 8)


Make = Callable[[random.Random], "list[int | str]"]
_TABLES = ("users", "chefs", "bookings", "payments", "sns_posts", "products", "reviews", "plans")
_STATEMENTS: tuple[tuple[str, Make], ...] = (
    *(
        (f"SELECT id, name, status FROM {table} WHERE id = ?", lambda chance: [_key(chance)])
        for table in _TABLES
    ),
    *(
        (
            f"SELECT {table}.id, users.email FROM {table} JOIN users ON users.id = {table}.user_id "
            f"WHERE {table}.status = ? AND {table}.user_id = ? "
            f"ORDER BY {table}.created_at DESC LIMIT ?",
            lambda chance: ["published", _key(chance), 20],
        )
        for table in _TABLES[2:]
    ),
    *(
        (
            f"UPDATE {table} SET status = ?, updated_at = ? WHERE id = ?",
            lambda chance: ["done", "2026-06-01 00:00:00", _key(chance)],
        )
        for table in _TABLES[2:5]
    ),
)


if __name__ == "__main__":
    sys.exit(main())
