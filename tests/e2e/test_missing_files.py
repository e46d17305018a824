"""A file that does not exist is answered with the one that is called alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.similar_files import missing_hint
from tests.fixtures.in_process import run_here


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("analyze", "sohp.db"), 3),
        (("queries", "shop.jsnl"), 2),
        (("check", "shop.db", "--from", "shopp.json"), 2),
        (("report", "shopp.json"), 2),
        (("analyze", "shop.db", "--consider", "shopp.jsonl"), 2),
        (("migrate-to-postgres", "shop.db", "--plan", "--map", "shopp.json"), 2),
    ],
)
def test_a_missing_file_is_answered_with_one_called_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int
) -> None:
    """A database, a recording, a report; nothing is made of the wrong name."""
    monkeypatch.chdir(tmp_path)
    for name in ("shop.db", "shop.jsonl", "shop.json"):
        (tmp_path / name).touch()
    done = run_here(*arguments)
    assert done.returncode == code
    assert "Hint: did you mean shop." in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"shop.db", "shop.jsonl", "shop.json"}


def test_a_hint_says_what_else_to_do_where_nothing_is_called_alike(tmp_path: Path) -> None:
    """And where there is no such folder."""
    (tmp_path / "folder.db").mkdir()
    assert missing_hint(tmp_path / "folders.db", "check the path") == "check the path"
    assert (
        missing_hint(tmp_path / "no" / "x", "y") == f"there is no folder {tmp_path / 'no'} either"
    )
