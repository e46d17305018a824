"""The Python of the pages runs, in the application that a reader would have."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conftest import clean_environment
from tests.console import file_name
from tests.documents import DOCUMENTS, ROOT, Block, blocks, read

# What a reader has: an application, and a report.
FILES = (
    ROOT / "tests" / "fixtures" / "readers_application.py",
    ROOT / "tests" / "golden" / "report.json",
)
# On the first line, where a page has its title, so that the lines of its code stay what they are.
PREAMBLE = "from readers_application import *"
FIXTURES = """\
import pytest
import readers_application

@pytest.fixture
def client():
    return readers_application.client
"""


def python_blocks(path: Path) -> tuple[Block, ...]:
    """Return the blocks of Python in a page."""
    return tuple(block for block in blocks(read(path)) if block.language == "python")


PAGES = [
    pytest.param(path, id=str(path.relative_to(ROOT))) for path in DOCUMENTS if python_blocks(path)
]


@pytest.mark.parametrize("path", PAGES)
def test_python_of_the_pages_runs(path: Path, tmp_path: Path) -> None:
    """A page's blocks run one after the other, and its tests pass.

    What is a file of its own is only compiled; sessions run it where the page has one.
    """
    own_files = [block for block in python_blocks(path) if file_name(block)]
    for block in own_files:
        compile(block.code, f"{path.name}:{block.line}", "exec")
    shown = [block for block in python_blocks(path) if block not in own_files]
    tests = [block for block in shown if "def test_" in block.code]
    offer_files(tmp_path)
    in_place(tmp_path / "page.py", (block for block in shown if block not in tests))
    ran = run_python(tmp_path, "page.py")
    assert ran.returncode == 0, ran.stderr
    if tests:
        (tmp_path / "conftest.py").write_text(FIXTURES, encoding="utf-8")
        in_place(tmp_path / "test_page.py", tests)
        ran = run_python(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py")
        assert ran.returncode == 0, ran.stdout


def offer_files(folder: Path) -> None:
    """Copy what a reader has beside the code of a page."""
    for file in FILES:
        shutil.copy(file, folder)


def in_place(file: Path, shown: Iterable[Block]) -> None:
    """Write blocks of code on the lines that they have in their page."""
    lines = [PREAMBLE]
    for block in shown:
        lines += [""] * (block.line - 1 - len(lines)) + block.code.splitlines()
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def run_python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, as a reader would."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_error_names_the_line_of_its_page(tmp_path: Path) -> None:
    """So that it is found."""
    shown = blocks("# Title\n\n```python\nchefs = 1\n```\n\n```python\n\nno_such_name\n```\n")
    offer_files(tmp_path)
    in_place(tmp_path / "page.py", shown)
    ran = run_python(tmp_path, "page.py")
    assert ran.returncode == 1
    assert 'page.py", line 9' in ran.stderr and "no_such_name" in ran.stderr
