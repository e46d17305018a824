"""What `make` passes on to the commands that it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "DATABASE_URL": "postgresql://somebody@production/app",
    "PLATFORM_DB": "/srv/app.db",
    "PLATFORM_FIXED": "1",
    "PLATFORM_HOOK": "1",
    "DBTUNE_ANALYZE_QUERIES": "other.jsonl",
    "DBTUNE_BENCH_POSTGRES": "postgresql://somebody@production/app",
}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_settings_of_the_shell_do_not_reach_the_demo(tmp_path: Path) -> None:
    """A DATABASE_URL set for another application is not what the demo moves its data to."""
    extra = tmp_path / "show.mk"
    extra.write_text("show:\n\t@env\n", encoding="utf-8")
    done = subprocess.run(
        ["make", "-s", "-C", ROOT, "-f", "Makefile", "-f", extra, "show"],
        capture_output=True,
        text=True,
        env={**os.environ, **SETTINGS, "DBTUNE_TEST_PYTHONS": "/opt", "KEPT": "1"},
        check=True,
    )
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert names.isdisjoint(SETTINGS)
    assert {"DBTUNE_TEST_PYTHONS", "KEPT"} <= names
