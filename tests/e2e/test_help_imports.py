"""`dbtune --help` is quick, since nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dbtune.cli.main import JOURNEYS
from tests.conftest import RunDbtune, clean_environment

HEAVY = {
    "alembic",
    "apsw",
    "django",
    "flask",
    "hypothesis",
    "mako",
    "psycopg",
    "pytest",
    "rich",
    "sqlalchemy",
    "sqlglot",
    "sqlparse",
    "tabulate",
    "wcwidth",
}
_IMPORTED_FOR = """
import sys
from dbtune.cli.main import run
code = run(sys.argv[1:])
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["analyze", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """Counted in modules, not in time, so that a busy machine says the same."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED_FOR, *arguments],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules = done.stderr.split()
    assert not HEAVY & {name.partition(".")[0] for name in modules}
    # The largest of the nouns: making its classes takes a quarter of the time.
    assert "dbtune.model.advice" not in modules
    assert "click" in modules


def test_help_lists_the_commands(run_dbtune: RunDbtune) -> None:
    """Each with what it does."""
    done = run_dbtune("--help")
    assert done.returncode == 0
    assert "analyze" in done.stdout and "apply-indexes" in done.stdout


def test_help_lists_every_command_under_its_journey(run_dbtune: RunDbtune) -> None:
    """Each in a line of its own at 80 columns, with what it does."""
    done = run_dbtune("--help", env={"COLUMNS": "80"})
    listed = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    for title, names in JOURNEYS.items():
        section = done.stdout.partition(f"\n{title}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in section.splitlines()] == list(names)
    assert not [line for line in listed if line.endswith("...") or len(line) > 80]


@pytest.mark.parametrize("group", ["recording", "embedded"])
def test_help_says_what_each_command_does_in_a_line(run_dbtune: RunDbtune, group: str) -> None:
    """None is cut at 80 columns."""
    done = run_dbtune(group, "--help", env={"COLUMNS": "80"})
    listed = done.stdout.partition("Commands:\n")[2].splitlines()
    assert len(listed) >= 2
    assert not [line for line in listed if line.endswith("...") or line[2] == " "]
