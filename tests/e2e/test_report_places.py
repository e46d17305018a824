"""Where results are read from and written to: what is odd about a place is told, not a bug."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from dbtune.cli.report_output import write_text
from dbtune.errors import ConfigurationError
from dbtune.report.documents.to_json import to_json
from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.fixtures.in_process import run_here
from tests.fixtures.shop import build_shop
from tests.reports import FULL, WITHOUT_RECORDING

LONG = "a" * 300
pytestmark = pytest.mark.skipif(os.name != "posix", reason="closes streams, and makes pipes")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder with a report."""
    (tmp_path / "run.json").write_text(to_json(FULL), encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("report run.json >&-", 0, ""),
        ("report run.json 2>&- >/dev/null", 0, ""),
        ("report - <&-", 2, "standard input is not JSON"),
        ("report missing.json <&- >&- 2>&-", 2, ""),
        ("report run.json >/dev/full", 2, "stdout cannot be written: No space left on device."),
        ("report run.json --format json >/dev/full", 2, "stdout cannot be written"),
    ],
)
def test_streams_that_are_closed_or_full_are_no_bug(line: str, code: int, said: str) -> None:
    """As cron and services start commands; and the end of Python does not complain."""
    done = subprocess.run(
        ["sh", "-c", f'"{dbtune_command()}" {line}'],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr and done.stderr.count("\n") <= 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", f"{LONG}.json"), "cannot be read: File name too long"),
        (("report", "run.json", "-o", f"{LONG}.html"), "cannot be written: File name too long"),
        (("analyze", "run.json", "--report", f"{LONG}.html"), "cannot be written"),
        (("queries", "run.json", "--output", f"{LONG}.json"), "cannot be written"),
        (("compare", "run.json", f"{LONG}.json", "--output", "c.json"), "cannot be read: File"),
        (("check", "run.json", "--from", f"{LONG}.json"), "cannot be read: File name too long"),
        (("serve", f"{LONG}.json"), "cannot be read: File name too long"),
        (("report", "postgresql://me:s3cret@host/db"), '"postgresql://..." is not a file.'),
        (("report", ""), '"" is not a file'),
    ],
)
def test_a_name_that_no_file_can_have_is_told(arguments: tuple[str, ...], said: str) -> None:
    """As is whatever else the system says of a place."""
    done = run_here(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and "s3cret" not in done.stderr


def test_the_longest_name_that_a_file_can_have_is_taken() -> None:
    """What is written first has a short one."""
    name = f"{'a' * 250}.html"
    assert run_here("report", "run.json", "-o", name).returncode == 0
    assert Path(name).stat().st_size > 0


def test_a_file_that_is_replaced_keeps_who_may_read_it() -> None:
    """A report holds statements: who made it private meant so."""
    page = Path("page.html")
    page.touch()
    page.chmod(0o600)
    assert run_here("report", "run.json", "-o", page).returncode == 0
    assert stat.S_IMODE(page.stat().st_mode) == 0o600 and page.stat().st_size > 0


def test_what_a_killed_process_left_is_in_nobodys_way() -> None:
    """In containers each one has the same id."""
    left = Path(f".page.html.{os.getpid()}.partial")
    left.touch()
    write_text("\ud800 and so on", Path("page.html"))
    assert Path("page.html").read_text(encoding="utf-8") == "\\ud800 and so on"
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_text("text", Path("missing/page.html"))
    assert list(Path().glob(".*")) == [left]


def test_a_list_of_results_is_read_back() -> None:
    """As --format json writes several; a command that comes next is not given a place in it."""
    Path("other.json").write_text(to_json(WITHOUT_RECORDING), encoding="utf-8")
    for form in ("json", "terminal", "sarif"):
        listed = run_here("report", "run.json", "other.json", "--format", form)
        Path("list.json").write_text(
            run_here("report", "run.json", "other.json", "--format", "json").stdout
        )
        assert run_here("report", "list.json", "--format", form).stdout == listed.stdout
    page = run_here("report", "list.json", "--format", "html").stdout
    assert "list.json 1" not in page and page.count("dbtune analyze: ") > 2
    done = run_here("check", "run.json", "--from", "list.json")
    assert done.returncode == 2 and "list.json" in done.stderr


def test_a_report_is_taken_from_a_pipe(run_dbtune: RunDbtune) -> None:
    """It is opened once: who writes into it does so once."""
    build_shop(Path("shop.db"), orders=1)
    os.mkfifo("pipe")
    with subprocess.Popen(["sh", "-c", "cat run.json > pipe"]):
        done = run_dbtune("check", "shop.db", "--from", "pipe", timeout=60)
    assert done.returncode == 5
    assert "make a new report" in done.stderr  # it was read: it is of another database


def test_what_was_done_is_told_where_its_report_cannot_be_written() -> None:
    """Here the folder goes while the command works."""
    build_shop(Path("shop.db"), orders=20_000)
    Path("q.sql").write_text("SELECT id FROM orders WHERE user_id = 7;\n", encoding="utf-8")
    Path("out").mkdir()
    command = ("apply-indexes", "shop.db", "--queries", "q.sql", "--yes", "--report", "out/p.html")
    with subprocess.Popen(
        [dbtune_command(), *command],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stderr.readline()  # it tells of its progress only once all places were looked at
        Path("out").rmdir()
        told, said = process.stdout.read(), process.stderr.read()
    assert process.returncode == 2
    assert "in a folder that does not exist" in said
    assert "dbtune rollback shop.db" in told
