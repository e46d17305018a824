"""What is done to the platform's database between two steps of bench/http/run.py."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLATFORM = ROOT / "examples" / "platform"
DBTUNE = Path(sys.executable).with_name("dbtune")


@dataclass(frozen=True)
class PlatformFiles:
    """The files of one run, in a folder of their own."""

    folder: Path

    @property
    def database(self) -> Path:
        """The database that is served."""
        return self.folder / "platform.db"

    @property
    def recording(self) -> Path:
        """What `dbtune record` wrote of the application's visits."""
        return self.folder / "recorded.jsonl"

    @property
    def cluster(self) -> Path:
        """The embedded PostgreSQL."""
        return self.folder / "platform.pgdata"

    def build(self, scale: str) -> None:
        """Build the platform, and record its application while it is visited."""
        run(DBTUNE, "demo", self.folder, "--scale", scale)
        visit = (sys.executable, PLATFORM / "visit.py", "300")
        run(
            DBTUNE,
            *("record", "--params", "-o", self.recording, "--", *visit),
            settings={"PLATFORM_DB": str(self.database)},
        )

    def add_indexes(self) -> None:
        """Let dbtune find and apply indexes for what was recorded."""
        report = self.folder / "report.json"
        run(DBTUNE, "analyze", self.database, "--queries", self.recording, "--output", report)
        run(DBTUNE, "apply-indexes", self.database, "--from", report, "--yes")

    def enable_wal(self) -> None:
        """Switch to write-ahead logging; the application's hook goes with it."""
        run(DBTUNE, "enable-wal", self.database, "--yes")

    def migrate(self) -> str:
        """Move the platform to an embedded PostgreSQL, and return its URL."""
        run(DBTUNE, "migrate-to-postgres", self.database, folder=self.folder)
        return run(DBTUNE, "embedded", "url", self.cluster).strip()

    def stop(self) -> None:
        """Stop the embedded PostgreSQL, if there is one."""
        if self.cluster.is_dir():
            run(DBTUNE, "embedded", "stop", self.cluster)


def run(*command: str | Path, settings: dict[str, str] | None = None, folder: Path = ROOT) -> str:
    """Run a command and return its output; raise SystemExit with what it said if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=environment(settings or {}),
        cwd=folder,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Return this process's environment with the settings, and with no other of the application's.

    A DATABASE_URL of somebody's shell would be migrated to.
    """
    own = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith(("PLATFORM_", "DBTUNE_"))
    }
    return own | settings
