"""What docs/architecture.md says of the layout is there, and nothing that is there is missing."""

from __future__ import annotations

import re
from pathlib import Path

import dbtune

PACKAGE = Path(dbtune.__file__).parent
DOCUMENT = PACKAGE.parent / "docs" / "architecture.md"
FILES = {path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.parent.rglob("*.py")}


def test_each_file_that_is_named_is_there() -> None:
    """By its path, or by its name alone."""
    named = re.findall(r"[\w/]+\.py\b", DOCUMENT.read_text(encoding="utf-8"))
    assert named
    assert [
        name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in FILES)
    ] == []


def test_each_room_is_in_the_layout() -> None:
    """A folder of the package that nobody explains is not found by a newcomer."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rooms = {path.parent.name for path in PACKAGE.rglob("__init__.py")} - {PACKAGE.name}
    assert {room for room in rooms if f"{room}/" not in text} == set()
