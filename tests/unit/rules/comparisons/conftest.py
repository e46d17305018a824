"""Fixtures of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.rules.comparisons.events import EVENTS
from tests.unit.rules.measured import build


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file with 3,000 events and indexes on what is compared."""
    return build(
        tmp_path / "events.db",
        *EVENTS,
        "CREATE INDEX ix_code ON events (code)",
        "CREATE INDEX ix_number ON events (number)",
        "CREATE INDEX ix_name ON events (name)",
        "CREATE INDEX ix_city ON events (city)",
    )
