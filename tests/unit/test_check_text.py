"""What `dbtune check` prints, in a terminal and elsewhere."""

from __future__ import annotations

from pathlib import Path

from dbtune.cli.check_text import check_text
from dbtune.journeys.check import CheckResult, Drift

DRIFTS = tuple(
    Drift(name, f"index {name} on bookings is missing", f"dbtune apply-indexes x --only {name}")
    for name in (f"ix_{number}_a_name_of_several_words" for number in range(12))
)
RESULT = CheckResult(DRIFTS, ("journal_mode wal",), (), "dbtune apply-indexes x")
VERDICT = ["app.db: 13 checked, 12 drifted", "  all indexes at once: dbtune apply-indexes x"]


def lines_of(height: int | None, width: int = 60) -> list[str]:
    """Return what is printed on such a screen."""
    text = check_text(Path("app.db"), RESULT, width=width, height=height, color=False)
    return text.splitlines()


def test_the_verdict_comes_again_where_it_scrolled_away() -> None:
    """And once where it did not."""
    assert lines_of(24)[:2] == VERDICT == lines_of(24)[-2:]
    assert lines_of(50)[:2] == VERDICT == lines_of(None)[:2]
    assert lines_of(50).count(VERDICT[0]) == lines_of(None).count(VERDICT[0]) == 1


def test_drifts_break_between_words_and_commands_do_not() -> None:
    """A command is there to be copied."""
    lines = lines_of(None)
    commands = [line for line in lines if "mend:" in line]
    assert [command.split("mend:")[1].strip() for command in commands] == [
        drift.command for drift in DRIFTS
    ]
    assert max(map(len, set(lines) - set(commands))) <= 60
