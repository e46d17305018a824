"""Fixtures of these tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.hostile import ordinary


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small database with 1,000 users."""
    path = tmp_path / "shop.db"
    ordinary(path)
    return path


@pytest.fixture
def shared(database: Path) -> Iterator[Path]:
    """The same database in a folder that every user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(shutil.copy(database, folder))
