"""dbtune analyze with an N+1 that the project ignores, and one that only some would call so."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import clean_environment, dbtune_command

RULE = '[[tool.dbtune.ignore]]\nfinding = "n-plus-one"\n{}reason = "six rows at most"\n'
IGNORED = "ignored (six rows at most): n-plus-one: Route "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A database of users, and 20 requests that read six of them one by one."""
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
        rows = [(n, f"user {n}") for n in range(100)]
        connection.executemany("INSERT INTO users VALUES (?, ?)", rows)
        connection.commit()
    line = {
        "db.query.text": "SELECT name FROM users WHERE id = ?",
        "route": "GET /users",
        "code.file.path": "app/views.py",
        "code.line.number": 40,
    }
    sent = [
        json.dumps({**line, "db.query.parameters": [key], "request_id": f"r{request}"})
        for request in range(20)
        for key in range(6)
    ]
    (tmp_path / "queries.jsonl").write_text("\n".join(sent))
    return tmp_path


def analyze(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in the folder."""
    command = [dbtune_command(), "-q", "analyze", "app.db", "--queries", "queries.jsonl"]
    return subprocess.run(
        [*command, "--json", *options],
        cwd=folder,
        env=clean_environment(),
        text=True,
        capture_output=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("narrowed", "options", "code", "note"),
    [
        (None, (), 1, None),
        ("", (), 0, IGNORED),
        (
            'call_site = "app/views.py:40"\n',
            (),
            0,
            IGNORED,
        ),
        ('route = "GET /"\n', (), 1, "nothing was found that matches ignore n-plus-one (route"),
        (None, ("--min-repeats", "7"), 0, None),
    ],
    ids=["found", "ignored", "ignored there", "ignored elsewhere", "seven are too many"],
)
def test_what_is_ignored_is_told_and_does_not_fail(
    folder: Path, narrowed: str | None, options: tuple[str, ...], code: int, note: str | None
) -> None:
    """--fail-on passes it over, and the report keeps its reason."""
    if narrowed is not None:
        (folder / "pyproject.toml").write_text(RULE.format(narrowed))
    done = analyze(folder, "--fail-on", "high", *options)
    assert done.returncode == code, done.stderr
    report = json.loads(done.stdout)
    assert ("n-plus-one" in {finding["code"] for finding in report["findings"]}) is bool(code)
    assert any("n-plus-one" in action for action in report["verdict"]["actions"]) is bool(code)
    notes = [line for line in report["not_checked"] if "n-plus-one" in line]
    assert len(notes) == (note is not None)
    assert all(line.startswith(note or "") for line in notes)


def test_a_rule_without_a_reason_ends_the_command(folder: Path) -> None:
    """As any other mistake in the configuration does."""
    (folder / "dbtune.toml").write_text('[[ignore]]\nfinding = "n-plus-one"\n')
    done = analyze(folder)
    assert done.returncode == 2
    assert "has no reason" in done.stderr
