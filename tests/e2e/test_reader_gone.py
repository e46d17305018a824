"""A reader that goes away, as `| head -1` does, is an interruption and never a finding."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import clean_environment, dbtune_command
from tests.fixtures.shop import build_shop

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows tells it otherwise")


@contextmanager
def pipe_without_reader() -> Iterator[int]:
    """Yield the end of a pipe to write to whose other end is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A database to look at, with a finding, and a query for it."""
    (tmp_path / "app.sql").write_text("SELECT id FROM orders WHERE user_id = 7;\n")
    return build_shop(tmp_path / "shop.db")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("analyze", "--help"),
        ("doctor",),
        ("analyze", "shop.db", "--queries", "app.sql", "--fail-on", "low"),
        ("bench", "shop.db", "--queries", "app.sql", "--clients", "1", "--duration", "0.1"),
        ("monitor", "shop.db", "--once", "--interval", "0.1"),
    ],
)
def test_a_command_whose_reader_went_away_was_interrupted(
    shop: Path, arguments: tuple[str, ...]
) -> None:
    """130 and no complaint, from Python's end neither."""
    with pipe_without_reader() as gone:
        done = subprocess.run(
            [dbtune_command(), "-q", *arguments],
            cwd=shop.parent,
            env=clean_environment(),
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-q", "analyze", "gone.db"), 3),
        (("analyze", "shop.db", "--no-such-option"), 2),
        (("analyze", "shop.db", "--queries", "app.sql"), 130),  # it tells of its progress
    ],
)
def test_errors_keep_their_code_where_nobody_reads_them(
    shop: Path, arguments: tuple[str, ...], code: int
) -> None:
    """As with `2>&1 | true`."""
    with pipe_without_reader() as gone:
        done = subprocess.run(
            [dbtune_command(), *arguments],
            cwd=shop.parent,
            env=clean_environment(),
            stdout=gone,
            stderr=gone,
            check=False,
        )
    assert done.returncode == code
