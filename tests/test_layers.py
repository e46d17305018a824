"""Imports go down only: the layers of the architecture, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dbtune

PACKAGE = Path(dbtune.__file__).parent
TOP = "(top)"  # dbtune/__init__.py and __main__.py: the public API and the entry point

# What each part may import, beside itself. Nothing else in dbtune/ may.
BOTTOM = {"errors", "resources", "_version"}
NOUNS = BOTTOM | {"model", "config"}
CAPABILITIES = NOUNS | {"sqlite", "workload"}
DECIDING = CAPABILITIES | {"advisor", "changes", "postgres"}
ALLOWED = {
    "errors": set(),
    "resources": set(),
    "_version": set(),
    "model": BOTTOM,
    "config": BOTTOM,
    "sqlite": NOUNS,
    "workload": NOUNS,
    "advisor": CAPABILITIES,
    "changes": CAPABILITIES,
    "postgres": CAPABILITIES,
    "report": BOTTOM | {"model"},
    "journeys": DECIDING,
    "demo": DECIDING,
    "cli": DECIDING | {"journeys", "report", "demo"},
    "integrations": DECIDING | {"journeys", "report", "demo"},
    TOP: DECIDING | {"journeys", "report", "demo", "cli", "integrations"},
}
# Libraries that only one part may know, and why.
CONFINED = {
    "click": {"cli"},  # the core never prints, prompts or exits
    "rich": {"cli"},  # progress only
    "flask": {"integrations"},
    "django": {"integrations"},
}


def part_of(path: Path) -> str:
    """The part of the package that a file belongs to: its folder, or its own name."""
    relative = path.relative_to(PACKAGE)
    if len(relative.parts) > 1:
        return relative.parts[0]
    return TOP if relative.stem.startswith("__") else relative.stem


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, inside functions and for type checkers too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides what layer it reaches"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    """A module imports its own part and those below it."""
    part = part_of(path)
    for module in imported(path):
        root, _, rest = module.partition(".")
        if root == "dbtune":
            target = rest.partition(".")[0]
            target = target if target in ALLOWED else TOP
            assert target == part or target in ALLOWED[part], f"{part} imports {module}"
        else:
            assert part in CONFINED.get(root, {part}), f"{part} imports {root}"


def test_every_part_has_its_place() -> None:
    """A new folder or module needs a layer before it can be imported."""
    assert {part_of(path) for path in FILES} <= set(ALLOWED)


def test_layers_have_no_circle() -> None:
    """From any part, going down ends at the bottom."""
    for part, targets in ALLOWED.items():
        assert all(part not in ALLOWED[target] for target in targets), part
