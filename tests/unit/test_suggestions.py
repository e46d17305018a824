"""A typo is answered with what was meant."""

from __future__ import annotations

import pytest

from dbtune.cli.suggestions import did_you_mean, similar_names
from tests.fixtures.in_process import run_here


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("anlyze app.db", '"anlyze". Did you mean "dbtune analyze"?'),
        ("ANALYZE app.db", '"ANALYZE". Did you mean "dbtune analyze"?'),
        ("migrate app.db", 'Did you mean "dbtune migrate-to-postgres"?'),
        ("apply app.db", 'Did you mean "dbtune apply-indexes"?'),
        ("wal app.db", 'Did you mean "dbtune enable-wal"?'),
        ("recording inspct f", 'Did you mean "dbtune recording inspect"?'),
        ("embedded strt f", 'Did you mean "dbtune embedded start"?'),
        ("--analyze app.db", 'no option "--analyze" here. Did you mean "dbtune analyze"?'),
        ("--json analyze app.db", 'It belongs behind a command: "dbtune COMMAND --json".'),
        ("analyze app.db -q", 'It belongs before the command: "dbtune -q analyze".'),
        ("analyze app.db --time-limt 5", "--time-limit"),
        ("analyze app.db --time-limt=5", "--time-limit"),
        ("recording inspect f --jsn", "--json"),
    ],
)
def test_a_typo_is_answered_with_what_was_meant(line: str, told: str) -> None:
    """Exit code 2, on stderr."""
    done = run_here(*line.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


@pytest.mark.parametrize("line", ["xyzzy", "recording xyzzy", "a"])
def test_nothing_is_suggested_for_what_is_like_nothing(line: str) -> None:
    """A wrong suggestion is worse than none."""
    done = run_here(*line.split())
    assert done.returncode == 2
    assert "Did you mean" not in done.stderr


@pytest.mark.parametrize(
    ("word", "names", "found"),
    [
        ("order", ["orders", "border", "users"], ("orders", "border")),
        ("platfrom.db", ["platform.db", "shop.db"], ("platform.db",)),
        ("orders", ["order"], ("order",)),
        ("a", ["analyze"], ()),
        ("restor", ["restore", "record"], ("restore",)),
    ],
)
def test_names_that_hold_the_word_come_before_those_that_are_like_it(
    word: str, names: list[str], found: tuple[str, ...]
) -> None:
    """At most three."""
    assert similar_names(word, names) == found


def test_a_suggestion_says_what_to_type() -> None:
    """With what stands before the name."""
    assert did_you_mean("ordr", ["order"]) == ' Did you mean "order"?'
    assert did_you_mean("nothing", ["order"]) == ""
