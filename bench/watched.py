"""One advice in a process of its own, its memory and all its scratch files watched from outside.

    python bench/watched.py DATABASE RECORDING SCRATCH [TIME_LIMIT_S [SCRATCH_MB]]

Prints a JSON object of what analyze advised and when each stage began. `watch` runs that and adds
the peaks; files that SQLite has deleted while they are open count as far as /proc shows them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Watched:
    """What one advice took and gave; `stages` are (name, seconds from the start).

    On a machine with other work `cpu_seconds` tell what `seconds` would be without it.
    """

    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    peak_scratch_bytes: int
    ddl: tuple[str, ...]
    notes: tuple[str, ...]
    stages: tuple[tuple[str, float], ...]


def watch(
    database: Path,
    recording: Path,
    scratch: Path,
    *,
    time_limit_s: float | None = None,
    scratch_mb: float | None = None,
) -> Watched:
    """Advise with everything temporary in the folder `scratch`, and return what that took."""
    scratch.mkdir(parents=True, exist_ok=True)
    limits = [str(limit) for limit in (time_limit_s or 0, scratch_mb or 0)]
    command = [sys.executable, __file__, str(database), str(recording), str(scratch), *limits]
    environment = {**os.environ, "TMPDIR": str(scratch), "SQLITE_TMPDIR": str(scratch)}
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        peaks = _Peaks(process.pid, scratch)
        watcher = threading.Thread(target=peaks.follow)
        watcher.start()
        assert process.stdout is not None
        output = process.stdout.read()
        process.wait()
        seconds = time.perf_counter() - started
        peaks.is_over.set()
        watcher.join()
    if process.returncode:
        raise RuntimeError(f"analyze of {database.name} ended with code {process.returncode}")
    said = json.loads(output)
    return Watched(
        seconds,
        said["cpu_seconds"],
        max(peaks.memory_bytes, said["peak_memory_bytes"]),
        peaks.scratch_bytes,
        tuple(said["ddl"]),
        tuple(said["notes"]),
        tuple((name, at) for name, at in said["stages"]),
    )


class _Peaks:
    """The most memory and scratch space that a process was seen to have."""

    def __init__(self, process_id: int, scratch: Path) -> None:
        self.is_over = threading.Event()
        self.memory_bytes = 0
        self.scratch_bytes = 0
        self._process = Path(f"/proc/{process_id}")
        self._scratch = scratch

    def follow(self) -> None:
        """Look again and again until it is over."""
        while not self.is_over.wait(_LOOK_SECONDS):
            self.scratch_bytes = max(self.scratch_bytes, self._visible() + self._deleted())
            self.memory_bytes = max(self.memory_bytes, self._memory())

    def _visible(self) -> int:
        total = 0
        for folder, _, names in os.walk(self._scratch):
            for name in names:
                with suppress(OSError):
                    total += Path(folder, name).stat().st_size
        return total

    def _deleted(self) -> int:
        total = 0
        with suppress(OSError):
            for handle in (self._process / "fd").iterdir():
                with suppress(OSError):
                    target = os.readlink(handle)
                    if target.endswith(" (deleted)") and target.startswith("/"):
                        total += handle.stat().st_size
        return total

    def _memory(self) -> int:
        with suppress(OSError):
            for line in (self._process / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return 0


def main() -> int:
    """Advise, and print what came of it."""
    from dbtune.journeys.analyze import AnalyzeOptions, analyze
    from dbtune.model.event import Event

    database, recording, scratch = sys.argv[1:4]
    time_limit_s, scratch_mb = (float(limit) for limit in (*sys.argv[4:6], "0", "0")[:2])
    stages: list[tuple[str, float]] = []
    started = time.perf_counter()

    def on_event(event: Event) -> None:
        stages.append((event.stage, round(time.perf_counter() - started, 3)))

    chosen = {"time_limit_seconds": time_limit_s} if time_limit_s else {}
    options = AnalyzeOptions(
        queries=(recording,), scratch=Path(scratch), scratch_mb=scratch_mb or None, **chosen
    )
    report = analyze(Path(database), options, on_event)
    found = [f for f in report.findings if f.code == "missing-index" and f.change is not None]
    result = {
        "ddl": [f.change.up[0] for f in found if f.change is not None],
        "notes": [*report.not_checked, *report.notes],
        "stages": [entry for i, entry in enumerate(stages) if _begins(stages, i)],
        "cpu_seconds": time.process_time(),
        "peak_memory_bytes": _peak_memory_bytes(),
    }
    print(json.dumps(result))
    return 0


def _begins(stages: list[tuple[str, float]], number: int) -> bool:
    return number in {0, len(stages) - 1} or stages[number][0] != stages[number - 1][0]


def _peak_memory_bytes() -> int:
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    sys.exit(main())
