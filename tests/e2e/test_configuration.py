"""Options that dbtune.toml, pyproject.toml and the environment set."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import RunDbtune

QUERIES = "".join(
    f'{{"db.query.text": "SELECT {text}", "ts": "2026-01-31T12:00:00Z"}}\n'
    for text in ("1", "1", "1, 2", "1, 2, 3")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a working directory with a recording."""
    (tmp_path / "q.jsonl").write_text(QUERIES, encoding="utf-8")
    return tmp_path


def queries_told(done: subprocess.CompletedProcess[str]) -> int:
    """Return how many queries a digest in JSON lists."""
    assert done.returncode == 0, done.stderr
    return len(json.loads(done.stdout)["queries"])


def test_the_command_line_wins_then_the_environment_then_the_file(
    folder: Path, run_dbtune: RunDbtune
) -> None:
    """The nearest to the run decides."""
    (folder / "dbtune.toml").write_text("[queries]\nlimit = 3\njson = true\n")
    two = {"DBTUNE_QUERIES_LIMIT": "2"}
    assert queries_told(run_dbtune("queries", "q.jsonl")) == 3
    assert queries_told(run_dbtune("queries", "q.jsonl", env=two)) == 2
    assert queries_told(run_dbtune("queries", "q.jsonl", "--limit", "1", env=two)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dbtune.toml", "[queries]\njson = true\nlimit = 1\n"),
        ("pyproject.toml", "[tool.dbtune.queries]\njson = true\nlimit = 1\n"),
    ],
)
def test_a_file_names_options_as_the_command_line_does(
    folder: Path, run_dbtune: RunDbtune, name: str, text: str
) -> None:
    """Also where the parameter in Python is called otherwise, as that of --json is."""
    (folder / name).write_text(text)
    assert queries_told(run_dbtune("queries", "q.jsonl")) == 1


def test_dbtune_toml_goes_before_pyproject_toml(folder: Path, run_dbtune: RunDbtune) -> None:
    """Only one of the two is read."""
    (folder / "dbtune.toml").write_text("[queries]\njson = true\n")
    (folder / "pyproject.toml").write_text("[tool.dbtune.queries]\nlimit = 1\n")
    assert queries_told(run_dbtune("queries", "q.jsonl")) == 3


def test_variables_name_options_as_the_command_line_does(
    folder: Path, run_dbtune: RunDbtune
) -> None:
    """With values that repeat one after the other."""
    variables = {"DBTUNE_QUERIES_JSON": "1", "DBTUNE_QUERIES_CACHE_TTL": "60s 2m"}
    done = run_dbtune("queries", "q.jsonl", env=variables)
    assert json.loads(done.stdout)["cache"]["ttls_seconds"] == [60, 120]


def test_a_part_of_a_command_has_a_table_and_variables_of_its_own(
    folder: Path, run_dbtune: RunDbtune
) -> None:
    """As `dbtune recording redact` has."""
    line = '{"db.query.text": "SELECT ?", "dbtune.values_digest": "9f86d081884c7d65"}\n'
    (folder / "q.jsonl").write_text(line)
    (folder / "dbtune.toml").write_text("[recording.redact]\nkeep-digests = true\n")
    variables = {"DBTUNE_RECORDING_REDACT_OUTPUT": "clean.jsonl"}
    done = run_dbtune("recording", "redact", "q.jsonl", env=variables)
    assert done.returncode == 0, done.stderr
    assert "dbtune.values_digest" in (folder / "clean.jsonl").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[querys]\nlimit = 1\n", 'dbtune.toml: "querys" is no command. Did you mean "queries"?'),
        (
            "[queries]\nlimits = 1\n",
            'dbtune queries has no option --limits (it is 1). Did you mean "limit"?',
        ),
        (
            "[recording.redact]\nkeep-digest = true\n",
            "dbtune recording redact has no option --keep-digest (it is True). "
            'Did you mean "keep-digests"?',
        ),
        ("[queries]\nlimit = -1\n", "-1 is not in the range"),
        ("limit = 1\n", 'dbtune.toml: "limit" is 1; expected a table of options'),
        ("[queries\n", "dbtune.toml cannot be read as TOML"),
    ],
)
def test_what_sets_nothing_is_an_error(
    folder: Path, run_dbtune: RunDbtune, text: str, message: str
) -> None:
    """A slip of the finger is told, where it would go unnoticed for months."""
    (folder / "dbtune.toml").write_text(text)
    command = ("recording", "redact") if "redact" in text else ("queries",)
    done = run_dbtune(*command, "q.jsonl")
    assert done.returncode == 2
    assert message in done.stderr
