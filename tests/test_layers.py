"""Imports go down only: the layers of the architecture, read from the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dbtune

PACKAGE = Path(dbtune.__file__).parent
TOP = "(top)"  # dbtune/__init__.py and __main__.py: the public API and the entry point

# What each part may import, beside itself. Nothing else in dbtune/ may.
BOTTOM = {"errors", "interrupts", "resources", "similar_files", "_version", "recorder"}
NOUNS = BOTTOM | {"model", "config"}
CAPABILITIES = NOUNS | {"sqlite", "workload"}
DECIDING = CAPABILITIES | {"advisor", "changes", "postgres", "benchmark", "monitor"}
ALLOWED = {
    "errors": set(),
    "interrupts": set(),
    "resources": set(),
    "similar_files": set(),
    "_version": set(),
    "recorder": set(),
    "model": set(),
    "config": BOTTOM,
    "sqlite": NOUNS,
    "workload": NOUNS,
    "advisor": CAPABILITIES,
    "changes": CAPABILITIES,
    "postgres": CAPABILITIES,
    "benchmark": CAPABILITIES,
    "monitor": CAPABILITIES,
    "demo": CAPABILITIES,
    "integrations": CAPABILITIES,
    "report": BOTTOM | {"model"},
    "journeys": DECIDING,
    "web": BOTTOM | {"model", "report"},
    "cli": DECIDING | {"journeys", "report", "demo", "web"},
    TOP: {"cli", "integrations", "_version"},
}
# Libraries that only one part may know, and why.
CONFINED = {
    "click": {"cli"},  # the core never prints, prompts or exits
    "rich": {"cli"},  # progress and the view of a running database
    "flask": {"integrations", "recorder"},
    "django": {"integrations", "recorder"},
    "pytest": {"integrations"},
    "psutil": {"monitor", "benchmark"},
    "prometheus_client": {"monitor"},
}
# What each room of report/ may import of it, beside itself.
PLAIN = {"plain_text", "quantities"}
REPORT_ROOMS = {
    "plain_text": set(),
    "quantities": set(),
    "shape_lookup": set(),
    "workflow_log": set(),
    "anchors": {"plain_text"},
    "wording": PLAIN,  # the sentences that pages, terminal and checks have in common
    "documents": {"shape_lookup"},
    "ddl": {"plain_text"},
    "checks": {"plain_text", "wording"},
    "terminal": PLAIN | {"shape_lookup", "wording"},
    "pages": {"anchors", "quantities", "shape_lookup", "wording"},
    "svg": PLAIN | {"anchors"},
    "html": {"plain_text", "anchors", "svg"},
    "markdown": {"plain_text"},
}
# What draws a page knows nothing of the results that pages are made of.
DRAWERS = {"svg", "html", "markdown"}
# The recorder runs inside applications, under a name that cannot clash with an installed dbtune:
# its modules know each other by relative imports only.
RELATIVE = {"recorder"}


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
            home = home_of(path, node.level) if node.level else ""
            package = ".".join(name for name in (home, node.module) if name)
            yield from (f"{package}.{alias.name}" for alias in node.names)


def home_of(path: Path, level: int) -> str:
    """The package that a relative import starts from, which has to lie within the file's part."""
    part = part_of(path)
    assert part in RELATIVE, f"{path}: a relative import hides what layer it reaches"
    package = path.relative_to(PACKAGE).parts[:-level]
    assert package, f"{path}: a relative import leaves {part}"
    return ".".join(("dbtune", *package))


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


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "recorder").rglob("*.py")), ids=lambda path: path.name
)
def test_the_recorder_needs_nothing_but_the_standard_library(path: Path) -> None:
    """It is imported by applications that have nothing of dbtune's installed."""
    roots = {module.partition(".")[0] for module in imported_at_import_time(path)}
    assert roots <= sys.stdlib_module_names


def imported_at_import_time(path: Path) -> Iterator[str]:
    """The modules that importing a file imports: those of its functions are left out."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def test_every_part_has_its_place() -> None:
    """A new folder or module needs a layer before it can be imported."""
    assert {part_of(path) for path in FILES} <= set(ALLOWED)


def room_of(path: Path) -> str:
    """The room of a part that a file stands in: a folder of it, or the file itself."""
    inside = path.relative_to(PACKAGE).parts[1:]
    return inside[0].removesuffix(".py")


def rooms_known(part: str) -> dict[str, set[str]]:
    """Which other rooms of its part each room imports."""
    known: dict[str, set[str]] = {}
    for path in sorted((PACKAGE / part).rglob("*.py")):
        room = room_of(path)
        modules = (module.split(".") for module in imported(path))
        targets = {names[2] for names in modules if names[:2] == ["dbtune", part] and names[2:]}
        known.setdefault(room, set()).update(targets - {room})
    return {room: targets & known.keys() for room, targets in known.items()}


@pytest.mark.parametrize("part", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
def test_rooms_of_a_part_have_no_circle(part: str) -> None:
    """Rooms that need each other, however long the way round, are one room or cut wrongly."""
    left = rooms_known(part)
    while left:
        ground = {room for room, targets in left.items() if not targets & left.keys()}
        assert ground, f"{part}: among {', '.join(sorted(left))} some import each other in a circle"
        left = {room: targets for room, targets in left.items() if room not in ground}


def test_rooms_of_the_report_know_only_what_they_are_made_of() -> None:
    """A sentence is worded before it is drawn, and a page made before it is HTML."""
    known = rooms_known("report")
    assert known.keys() - {"__init__"} <= REPORT_ROOMS.keys()
    for room, targets in known.items():
        others = targets - REPORT_ROOMS.get(room, set())
        assert not others, f"{room} imports {', '.join(sorted(others))}"


def test_what_draws_pages_knows_pages_alone() -> None:
    """SVG, HTML and Markdown come out of a Page, whatever result it is of."""
    for path in FILES:
        if part_of(path) == "report" and room_of(path) in DRAWERS:
            models = {module for module in imported(path) if module.startswith("dbtune.model.")}
            assert all(module.startswith("dbtune.model.page.") for module in models), path


def test_layers_have_no_circle() -> None:
    """From any part, going down ends at the bottom."""
    for part, targets in ALLOWED.items():
        assert all(part not in ALLOWED[target] for target in targets), part
