"""What commands print in a terminal: as wide as it is, verdict in sight, progress gone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from dbtune.report.documents.to_json import to_json
from dbtune.report.plain_text import display_width
from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.fixtures.in_process import run_here
from tests.fixtures.pseudo_terminal import in_terminal
from tests.reports import FULL

_STYLES = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small demo platform, and a report."""
    folder = tmp_path_factory.mktemp("demo")
    done = run_here("demo", folder, "--scale", "0.02")
    assert done.returncode == 0, done.stderr
    (folder / "report.json").write_text(to_json(FULL), encoding="utf-8")
    return folder


QUERIES = ("queries", "platform.queries.jsonl")
PLAN = ("migrate-to-postgres", "platform.db", "--plan")
COMPARE = ("compare", "report.json", "report.json")
LONG = {
    "queries": (QUERIES, "query shapes in platform.queries.jsonl"),
    "plan": (PLAN, "Nothing stops this migration"),
    "report": (("report", "report.json"), "platform.db can be"),
}


def on_screen(folder: Path, *arguments: str, columns: int = 80, **more: str) -> str:
    """Return what a command writes in a terminal of 24 lines, styles left out."""
    environment = clean_environment() | {"TERM": "xterm-256color"} | more
    command = (dbtune_command(), *arguments)
    with in_terminal(command, folder=folder, environment=environment, columns=columns) as screen:
        return screen.rest().replace("\r\n", "\n")


@pytest.mark.parametrize("name", LONG)
def test_the_verdict_is_first_and_again_last_on_a_low_screen(demo: Path, name: str) -> None:
    """It would have scrolled away."""
    arguments, verdict = LONG[name]
    lines = _STYLES.sub("", on_screen(demo, "-q", *arguments)).rstrip().split("\n")
    assert len(lines) > 24
    assert any(verdict in line for line in lines[:3])
    assert any(verdict in line for line in lines[-24:])


@pytest.mark.parametrize("name", LONG)
def test_in_a_file_the_verdict_is_there_once(demo: Path, run_dbtune: RunDbtune, name: str) -> None:
    """Nothing scrolls away there."""
    arguments, verdict = LONG[name]
    done = run_dbtune("-q", *arguments, cwd=demo)
    assert done.stdout.count(verdict) == 1 and "\x1b" not in done.stdout


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize("arguments", [QUERIES, PLAN, COMPARE, ("doctor", "platform.db")])
def test_nothing_is_wider_than_the_terminal(
    demo: Path, arguments: tuple[str, ...], columns: int
) -> None:
    """But names and words that are."""
    text = _STYLES.sub("", on_screen(demo, "-q", *arguments, columns=columns))
    wide = [line for line in text.split("\n") if display_width(line) > columns]
    assert not [line for line in wide if max(map(len, line.split())) < columns / 2]


def test_progress_is_drawn_and_gone_at_the_end(demo: Path) -> None:
    """The cursor goes back over it; the result stands where it was."""
    text = on_screen(demo, "analyze", "platform.db", "--sql")
    assert "Reading the database" in text and "\x1b[2K" in text
    assert "Reading the database" not in text.rpartition("\x1b[2K")[2]


@pytest.mark.parametrize("quiet", [True, False])
def test_in_a_dumb_terminal_there_are_lines_and_no_sequences(demo: Path, quiet: bool) -> None:
    """And with -q nothing but the result."""
    text = on_screen(demo, *(["-q"] if quiet else []), *QUERIES, TERM="dumb")
    assert "\x1b" not in text
    assert ("Reading queries ...\n" in text) is not quiet


def test_no_color_keeps_the_layout_and_leaves_out_the_colours(demo: Path) -> None:
    """Whatever its value."""
    colored = on_screen(demo, "-q", *QUERIES)
    plain = on_screen(demo, "-q", *QUERIES, NO_COLOR="1")
    assert "\x1b[" in colored and "\x1b" not in plain
    assert _STYLES.sub("", colored) == plain


def test_a_long_page_of_help_goes_through_the_pager(demo: Path) -> None:
    """Which is the user's own; a short one does not."""
    paged = {"PAGER": "wc -l", "MANPAGER": ""}
    assert on_screen(demo, "help", "findings", **paged).strip().isdigit()
    short = on_screen(demo, "help", "freelist", **paged)
    assert _STYLES.sub("", short).startswith("freelist\n")


def test_errors_break_between_words_in_a_terminal(tmp_path: Path) -> None:
    """What is there to be copied, such as a path, stays whole."""
    name = "long-" * 20 + ".db"
    (tmp_path / name).write_text("not a database")
    lines = on_screen(tmp_path, "-q", "analyze", name, "--queries", "none of these.jsonl").split(
        "\n"
    )
    assert any(name in line for line in lines)
    assert all(len(line) <= 80 or len(line.split()) == 1 for line in lines)
    asked = on_screen(tmp_path, "monitor", "app.db", "--threshold", "a word " * 20)
    assert max(map(len, asked.split("\n"))) <= 80


def test_what_was_applied_and_how_to_undo_it_end_a_low_screen(demo: Path, tmp_path: Path) -> None:
    """The lines for models stand between, which are as many as the indexes."""
    shutil.copy(demo / "platform.db", tmp_path)
    (tmp_path / "q.sql").write_text("SELECT * FROM bookings WHERE user_id = 7;\n" * 9)
    told = ("apply-indexes", "platform.db", "--queries", "q.sql", "--yes")
    lines = _STYLES.sub("", on_screen(tmp_path, "-q", *told)).rstrip().split("\n")
    assert len(lines) > 24
    assert lines[-1] == "Undo it with: dbtune rollback platform.db"
    assert lines[0].startswith("platform.db is ") and lines[0] in lines[-5:]
