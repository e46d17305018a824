"""`dbtune recording redact`: no value is left, and shapes stay what they are."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from dbtune.workload.sources import read_recording, read_workload
from tests.fixtures.secret_recording import (
    SECRET,
    Run,
    counts,
)


def test_redact_leaves_no_value(run_dbtune: Run, recording: Path, tmp_path: Path) -> None:
    """Not bound, in a text, a comment, an error, an unknown key or a digest; shapes stay."""
    done = run_dbtune("recording", "redact", recording, "-o", "clean.jsonl")
    assert done.returncode == 0, done.stderr
    assert "5 statements of 4 query shapes" in done.stdout
    clean = tmp_path / "clean.jsonl"
    text = clean.read_text()
    for secret in ("hunter2", "aHVudGVyMg", "18", "9f86d081884c7d65"):
        assert secret not in text
    assert stat.S_IMODE(clean.stat().st_mode) == 0o600
    before, after = read_workload([recording]), read_workload([clean])
    assert counts(before) == counts(after)
    assert (after.sqlite_version, after.lost_statements) == ("3.45.1", 4)
    first, *_ = read_recording([clean], on_broken=pytest.fail)
    assert (first.route, first.file_path, first.transaction_id, first.masked) == (
        "GET /users",
        "app.py",
        "7-1",
        True,
    )


def test_redact_can_keep_digests(run_dbtune: Run, recording: Path, tmp_path: Path) -> None:
    """They tell which values are equal, for cache advice, and no value."""
    done = run_dbtune("recording", "redact", recording, "-o", "clean.jsonl", "--keep-digests")
    assert done.returncode == 0, done.stderr
    queries = read_recording([tmp_path / "clean.jsonl"], on_broken=pytest.fail)
    first, *others, last = [query.values_digest for query in queries]
    assert first is not None
    assert first == last
    assert first not in others


def test_errors_tell_no_bound_value(run_dbtune: Run, tmp_path: Path) -> None:
    """SQLite names a file that cannot be attached as it is."""
    error = f"unable to open database: {SECRET}"
    lines = [
        {"db.query.text": "ATTACH ? AS a", "db.query.parameters": [SECRET], "error": error},
        {"db.query.text": "ATTACH :a AS a", "db.query.parameters": {"a": SECRET}, "error": error},
    ]
    (tmp_path / "app.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = run_dbtune("recording", "redact", "app.jsonl", "-o", "clean.jsonl")
    assert done.returncode == 0, done.stderr
    queries = read_recording([tmp_path / "clean.jsonl"], on_broken=pytest.fail)
    assert {query.error for query in queries} == {"unable to open database: ?"}


def test_kept_digests_cover_what_is_masked(run_dbtune: Run, tmp_path: Path) -> None:
    """A digest of the bound values alone would make statements with other literals look equal."""
    lines = [
        {"db.query.text": f"SELECT a FROM t WHERE b = ? AND c = {literal}", **values}
        for literal in (1, 1, 2)
        for values in ({"dbtune.values_digest": "9f86d081884c7d65"}, {"db.query.parameters": [7]})
    ]
    (tmp_path / "app.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    run_dbtune("recording", "redact", "app.jsonl", "-o", "clean.jsonl", "--keep-digests")
    queries = list(read_recording([tmp_path / "clean.jsonl"], on_broken=pytest.fail))
    first, again, other = [query.values_digest for query in queries[::2]]
    assert first == again != other
    # Of values without a digest nothing is known that could tell them apart.
    assert {query.values_digest for query in queries[1::2]} == {None}
