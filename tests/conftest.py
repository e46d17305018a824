"""Fixtures that any test may use: the installed command, and files of expected output."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from dbtune.postgres.server.embedded import POINTER

pytest_plugins = [
    "tests.fixtures.example_platform",
    "tests.fixtures.migrating",
    "tests.fixtures.postgres",
    "tests.fixtures.secret_recording",
]

RunDbtune = Callable[..., "subprocess.CompletedProcess[str]"]
CompareGolden = Callable[[str, str], None]

# A deadline measures the machine, not the code: two busy cores must not fail a property.
# In CI the examples are the same each time, so that a change is judged by what it changed.
settings.register_profile(
    "dbtune", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("dbtune")

# What a developer's shell may hold that would change what a command prints.
_COLOR_VARIABLES = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS")


def pytest_configure() -> None:
    """Let tests interrupt what they start, also where the tests run in the background.

    A shell starts background jobs with SIGINT ignored, and their children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --update-golden."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="Write tests/golden/* anew from today's output; read the diff before committing it.",
    )


@pytest.fixture(scope="session", autouse=True)
def no_data_of_servers_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove what servers of private folders keep elsewhere when root runs the tests."""
    yield
    for pointer in tmp_path_factory.getbasetemp().rglob(f"*.pgdata/{POINTER}"):
        data = Path(pointer.read_text(encoding="utf-8").strip())
        if not (data / "postmaster.pid").exists():
            shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def run_dbtune(tmp_path: Path) -> RunDbtune:
    """Return a function that runs the installed `dbtune` and returns its CompletedProcess.

    It runs in `tmp_path` unless `cwd` is given, without DBTUNE_* variables but those in `env`,
    with `input` as stdin (none by default) and text output. It asserts nothing.
    """

    def run(
        *arguments: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        input: str | None = None,
        timeout: float = 150,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [dbtune_command(), *map(str, arguments)],
            cwd=cwd or tmp_path,
            env={**clean_environment(), **(env or {})},
            input=input if input is not None else "",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def compare_golden(request: pytest.FixtureRequest) -> CompareGolden:
    """Return a function that compares text with tests/golden/NAME, or writes it on request."""
    folder = Path(__file__).parent / "golden"

    def compare(name: str, actual: str) -> None:
        path = folder / name
        if request.config.getoption("--update-golden"):
            path.write_text(actual, encoding="utf-8", newline="\n")
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        assert actual == expected, f"{name} changed; if meant: pytest --update-golden"

    return compare


def dbtune_command() -> str:
    """Return the path of the `dbtune` installed beside this Python."""
    command = shutil.which("dbtune", path=str(Path(sys.executable).parent))
    assert command is not None, "dbtune is not installed: pip install -e '.[test]'"
    return command


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would configure dbtune or its colours."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DBTUNE_") and name not in _COLOR_VARIABLES
    } | {"PYTHONIOENCODING": "utf-8"}
