"""What is shipped: every package and file, from a wheel, an editable install and a checkout."""

from __future__ import annotations

import configparser
import fnmatch
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dbtune.resources import PAGE_FOLDERS
from tests.conftest import clean_environment

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ROOT = Path(__file__).parents[2]

# The folders beside the package that a wheel carries inside it.
BESIDE = ("docs", "migrations", "sql")


@pytest.fixture(scope="module")
def configuration() -> configparser.ConfigParser:
    """The build's own description."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_every_package_is_listed(configuration: configparser.ConfigParser) -> None:
    """A folder of modules that is missing from setup.cfg would be missing from the wheel."""
    listed = set(configuration["options"]["packages"].split())
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "dbtune").rglob("__init__.py")
    }
    shipped = {name for name in listed if name.split(".")[1:2] in ([each] for each in BESIDE)}
    assert listed - shipped == folders
    assert "dbtune.migrations" in shipped


def test_every_shipped_file_is_covered_by_a_pattern(
    configuration: configparser.ConfigParser,
) -> None:
    """Files that are no modules come along only where package_data names them."""
    data = configuration["options.package_data"]
    missing = [
        str(path.relative_to(ROOT))
        for path in _data_files()
        if not _is_covered(path, {name: data[name] for name in data})
    ]
    assert missing == []


def test_the_version_is_stated_once(configuration: configparser.ConfigParser) -> None:
    """The build reads it from the package."""
    from dbtune import __version__

    assert configuration["metadata"]["version"] == "attr: dbtune._version.__version__"
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_doctor_looks_at_every_library_of_the_base_installation(
    configuration: configparser.ConfigParser, run_dbtune: Run
) -> None:
    """A new dependency gets its line, so that a broken one is found."""
    required = {
        re.split(r"[\[<>=;]", line)[0].strip()
        for line in configuration["options"]["install_requires"].split("\n")
        if line.strip() and "python_version" not in line
    }
    found = json.loads(run_dbtune("doctor", "--json").stdout)
    assert required <= {line["name"] for line in found if line["topic"] == "packages"}


def test_nothing_of_posix_is_imported_at_the_top() -> None:
    """On Windows fcntl, pwd, grp, resource and termios do not exist."""
    pattern = re.compile(r"^(import|from) (fcntl|pwd|grp|resource|termios)\b", re.MULTILINE)
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "dbtune").rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_bare_checkout_runs_in_place(tmp_path: Path) -> None:
    """`python -m dbtune` works from the repository's folder with nothing installed of it."""
    result = subprocess.run(
        [sys.executable, "-c", _USE_RESOURCES],
        cwd=tmp_path,
        env=clean_environment() | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "found\n"), result.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_wheel_holds_everything_and_works(tmp_path: Path) -> None:
    """A wheel has SQL, migrations, pages and the report's schema, and runs from a new venv."""
    wheel = build_wheel(tmp_path)
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"dbtune/migrations/env.py", "dbtune/migrations/script.py.mako"} <= names
    assert {"dbtune/report/documents/report.schema.json", "dbtune/py.typed"} <= names
    assert {_in_wheel(path) for path in _data_files()} <= names
    tops = {name.split("/")[0] for name in names}
    assert sorted(Path(top).suffix for top in tops) == ["", ".data", ".dist-info"]
    assert [name for name in names if name.endswith(".data/data/share/man/man1/dbtune.1")]
    assert "dbtune" in tops
    check_installed(install(wheel, tmp_path), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_installation_from_the_source_folder_works(tmp_path: Path) -> None:
    """`pip install .` is the same as the wheel."""
    check_installed(install(copy_of_sources(tmp_path), tmp_path), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_editable_installation_works(tmp_path: Path) -> None:
    """`pip install -e .` finds sql/, migrations/ and docs/ beside the package."""
    check_installed(install(copy_of_sources(tmp_path), tmp_path, "--editable"), tmp_path)


def check_installed(command: Path, folder: Path) -> None:
    """Run the installed command on a demo of its own: SQL files, renderers and migrations."""
    demo = folder / "demo"
    database, report = demo / "platform.db", demo / "report.json"
    recording = demo / "platform.queries.jsonl"
    assert run([command, "--version"], folder).startswith("dbtune, version ")
    assert run([command, "doctor"], folder).count("failed") == 0
    assert run([command, "help", "n-plus-one"], folder).startswith("n-plus-one")
    run([command, "demo", demo, "--scale", "0.05"], folder)
    run([command, "analyze", database, "--queries", recording, "--output", report], folder)
    run([command, "apply-indexes", database, "--from", report, "--yes"], folder)
    run([command, "enable-wal", database, "--yes"], folder)
    assert "enable WAL" in run([command, "history", database], folder)
    assert "0 drifted" in run([command, "check", database, "--from", report], folder)
    run([command, "record", "--", sys.executable, "-c", _SEND], folder)
    assert "SELECT ?" in (folder / "queries.jsonl").read_text(encoding="utf-8")


def build_wheel(folder: Path) -> Path:
    """Build a wheel with pip."""
    wheels = folder / "wheels"
    pip("wheel", *_build_options(), "--no-deps", "--wheel-dir", wheels, copy_of_sources(folder))
    (wheel,) = wheels.glob("dbtune-*.whl")
    return wheel


def install(what: Path, folder: Path, *options: str) -> Path:
    """Install into a new venv with this one's libraries but not its dbtune; return the command.

    The libraries' folder is named in a .pth, and .pth files in it (that of an editable dbtune)
    are not read then.
    """
    place = folder / "venv"
    venv.create(place, symlinks=os.name == "posix", with_pip=False)
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    pip("--python", python, "install", *_build_options(), "--no-deps", *options, what)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(run([python, "-c", where], folder).strip())
    libraries = sysconfig.get_path("purelib")
    (site / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")
    return scripts / "dbtune"


def copy_of_sources(folder: Path) -> Path:
    """Copy what a build reads, so that building writes nothing into the repository."""
    sources = folder / "sources"
    sources.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    for name in ("dbtune", *BESIDE):
        shutil.copytree(
            ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__", "_build")
        )
    return sources


def _build_options() -> tuple[str, ...]:
    """Build with this environment's setuptools where it can make wheels: no network then."""
    version = importlib.metadata.version("setuptools")
    number = tuple(int(part) for part in version.split(".")[:2])
    return ("--no-build-isolation",) if number >= (70, 1) else ()


def pip(*arguments: str | Path) -> None:
    """Run this environment's pip."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def run(command: list[str | Path], folder: Path) -> str:
    """Run a command in a folder without the repository in sight, and return its stdout."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def _data_files() -> list[Path]:
    """The files below the shipped folders that are no modules of the package."""
    pages = (ROOT / "docs" / folder for folder in PAGE_FOLDERS)
    folders = (ROOT / "dbtune", ROOT / "sql", ROOT / "migrations", *pages)
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted(
        path
        for path in found
        if "__pycache__" not in path.parts
        and (path.suffix != ".py" or path.is_relative_to(ROOT / "migrations"))
    )


def _in_wheel(path: Path) -> str:
    """Return a shipped file's name in the wheel: everything lies below dbtune/ there."""
    relative = path.relative_to(ROOT)
    inside = relative if relative.parts[0] == "dbtune" else Path("dbtune") / relative
    return inside.as_posix()


def _is_covered(path: Path, package_data: dict[str, str]) -> bool:
    package = ".".join(Path(_in_wheel(path)).parent.parts)
    patterns = package_data.get(package, "").replace("\n", ",").split(",")
    return any(fnmatch.fnmatch(path.name, pattern.strip()) for pattern in patterns)


_SEND = """
import sqlite3
connection = sqlite3.connect(":memory:")
connection.execute("SELECT 1").fetchall()
connection.close()
"""

_USE_RESOURCES = """
import dbtune.resources as resources
resources.sql("sqlite/list_objects")
assert (resources.migrations_folder() / "env.py").is_file()
print("found")
"""
