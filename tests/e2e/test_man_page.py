"""The manual page: made of the help, and drawn without a warning."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from dbtune.cli.main import JOURNEYS, group
from dbtune.errors import EXIT_CODES
from tests.documents import ROOT
from tests.fixtures.commands import commands, parameters_of

PAGE = ROOT / "docs" / "dbtune.1"


@pytest.fixture(scope="module")
def drawn() -> str:
    """The page as a terminal of 80 columns shows it."""
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        [groff, "-Tutf8", "-ww", "-man", "-P-cbou", "-rLL=78n", str(PAGE)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_the_page_is_up_to_date() -> None:
    """It is what its generator writes: python docs/generate_man_page.py."""
    generator = runpy.run_path(str(ROOT / "docs" / "generate_man_page.py"))
    assert PAGE.read_text(encoding="utf-8") == generator["render"]()


def test_groff_draws_it_without_a_warning(drawn: str) -> None:
    """With all of its sections."""
    for title in ("NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "FILES", *JOURNEYS):
        assert re.search(rf"^{title.upper()}$", drawn, re.MULTILINE), title


def test_every_command_option_and_exit_code_is_in_it(drawn: str) -> None:
    """With hyphens that can be copied."""
    words = set(re.findall(r"[^\s,]+", drawn))
    for name, command in commands().items():
        assert f"dbtune {name}" in drawn
        for option in parameters_of(command):
            if isinstance(option, click.Option):
                assert words & set(option.opts), f"{name} {option.opts}"
    assert words >= {option for each in group.params for option in each.opts}
    assert words >= set(map(str, EXIT_CODES))


def test_man_finds_it_beside_the_command(tmp_path: Path) -> None:
    """Where a wheel puts it: share/man/man1 beside bin."""
    man = shutil.which("man")
    if man is None:
        pytest.skip("man is not installed")
    (tmp_path / "bin").mkdir()
    folder = tmp_path / "share" / "man" / "man1"
    folder.mkdir(parents=True)
    shutil.copy(PAGE, folder)
    done = subprocess.run(
        [man, "-w", "dbtune"],
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(folder / "dbtune.1"), done.stderr
