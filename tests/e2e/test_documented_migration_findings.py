"""The examples of migration-findings.md: each is planned as it stands, and no more once mended."""

from __future__ import annotations

import ast
import json
import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from dbtune.model.transfer import Difference
from dbtune.postgres.objects.build_objects import ObjectKind
from tests.documents import ROOT, blocks, read
from tests.fixtures.in_process import run_here

PAGE = ROOT / "docs" / "reference" / "migration-findings.md"
_KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
# What a code goes through: "code", "(code, what)", "_CODES".
_NAME = re.compile(r"\(?code\b|_CODES$")
_MAKERS = frozenset({"Finding", "Notice", "_stop"})
_WORDS = ("What it means.", "How to fix it.", "Example.")


def sections() -> dict[str, str]:
    """Return the sections of the page by their headings."""
    parts = re.split(r"^## (.+)$", read(PAGE), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@dataclass(frozen=True)
class Step:
    """What is done to the file, and the options that it is planned with then."""

    statements: str
    options: tuple[str, ...]


def steps(code: str) -> tuple[Step, ...]:
    """Return the example of a section as it stands, and mended; nothing for one that is printed."""
    shown = [block for block in blocks(sections()[code]) if block.language == "sql"]
    return tuple(
        Step(part, tuple(shlex.split(" ".join(re.findall(r"^-- with (.+)$", part, re.MULTILINE)))))
        for block in shown
        for part in block.code.split("-- better\n")
    )


TRIED = [code for code in sections() if steps(code)]


@pytest.mark.parametrize("code", TRIED)
def test_an_example_is_found_until_it_is_mended(code: str, tmp_path: Path) -> None:
    """In the plan, which needs no PostgreSQL."""
    as_it_stands, mended = steps(code)
    assert code in planned(tmp_path / "shop.db", as_it_stands)
    assert code not in planned(tmp_path / "shop.db", mended)


def planned(database: Path, step: Step) -> frozenset[str]:
    """Return the codes of a plan after some statements."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(step.statements)
    done = run_here("-q", "migrate-to-postgres", database, "--plan", "--json", *step.options)
    assert done.returncode in (0, 5), done.stderr
    plan = json.loads(done.stdout)
    return frozenset(finding["code"] for finding in (*plan["warnings"], *plan["stops"]))


@pytest.mark.parametrize("code", sections())
def test_every_finding_of_a_migration_has_meaning_fix_and_example(code: str) -> None:
    """Each under its word, in the same order everywhere."""
    section = sections()[code]
    places = [section.find(f"**{word}**") for word in _WORDS]
    assert -1 not in places and places == sorted(places)
    (shown,) = blocks(section.partition("**Example.**")[2])
    assert shown.language == "sql" or shown.code.startswith(f"{code}  ")
    assert f"[{code}](#{code})" in read(PAGE).partition("\n## ")[0]


def test_every_finding_of_a_migration_has_its_section() -> None:
    """And no section is of a finding that there is not."""
    assert sorted(sections()) == sorted(codes())


def codes() -> frozenset[str]:
    """Return the codes of all findings that a migration can make."""
    sources = (
        *(ROOT / "dbtune" / "postgres").rglob("*.py"),
        *(ROOT / "dbtune" / "journeys").glob("*.py"),
    )
    written = {code for source in sources for code in written_codes(ast.parse(read(source)))}
    refused = {f"{kind.replace(' ', '-')}-refused" for kind in get_args(ObjectKind)}
    differing = {f"verification-{kind}" for kind in get_args(get_type_hints(Difference)["kind"])}
    # A foreign key that does not hold for all rows has a code of its own.
    return frozenset(written | differing | refused - {"validation-refused"})


def written_codes(tree: ast.AST) -> Iterator[str]:
    """Yield what a module calls its findings: as an argument, or through a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in _MAKERS:
                own = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                yield from _constants(*own, *node.args[:1])
        elif isinstance(node, ast.Assign) and _NAME.match(ast.unparse(node.targets[0])):
            yield from _constants(node.value)


def _constants(*values: ast.expr) -> Iterator[str]:
    for node in (node for value in values for node in ast.walk(value)):
        if isinstance(node, ast.Constant) and _KEBAB.fullmatch(str(node.value)):
            yield str(node.value)
