"""`dbtune history`: what dbtune did, when and why, and what of it is in the database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dbtune.errors import ExitCode
from tests.conftest import RunDbtune
from tests.e2e.test_rollback import apply_three
from tests.fixtures.alembic_projects import stamp, write_project
from tests.fixtures.hostile import HOSTILE_NAMES, build
from tests.fixtures.in_process import run_here
from tests.fixtures.shop import added, build_shop, write_report


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return build_shop(tmp_path / "shop.db", orders=100)


def test_revisions_with_dates_and_reasons(run_dbtune: RunDbtune, shop: Path) -> None:
    """The newest comes first, and what was rolled back is told from what is applied."""
    first, second, third = apply_three(shop)
    assert run_dbtune("rollback", shop, "--yes", "--no-backup").returncode == ExitCode.DONE
    before = sorted(path.name for path in shop.parent.rglob("*"))
    shown = run_dbtune("history", shop).stdout.splitlines()
    heads = [line.split("  ") for line in shown if not line.startswith(" ")][:3]
    assert [head[0] for head in heads] == [third, second, first]
    assert heads[0][1] == "not applied"
    assert heads[1][1].strip() == heads[2][1].strip() == "applied"
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  drop index ix_orders_status_2", shown[0])
    assert "    ix_users_email: saves 40 % of the recorded cost" in shown
    assert sorted(path.name for path in shop.parent.rglob("*")) == before


def test_without_any_revision(shop: Path) -> None:
    """A database that dbtune never changed has none; nothing is created to say so."""
    result = run_here("history", shop)
    assert result.returncode == ExitCode.DONE
    assert "No revision of dbtune" in result.stdout
    assert not shop.with_name("shop.db.dbtune").exists()


def test_applications_project_shows_dbtunes_only(shop: Path, tmp_path: Path) -> None:
    """The application's own migrations are alembic's to list."""
    ini = write_project(tmp_path / "app", shop)
    stamp(shop, "app1")
    made = apply_three(shop, "--alembic-ini", ini)
    shown = run_here("history", shop, "--alembic-ini", ini).stdout
    assert all(revision in shown for revision in made)
    assert "app1" not in shown


def test_hostile_names_stay_on_their_line(tmp_path: Path) -> None:
    """A name with a line break or an escape sequence cannot fake another revision."""
    database = tmp_path / "hostile.db"
    build(database, ["CREATE TABLE t (a, b)"])
    for number, name in enumerate(HOSTILE_NAMES[:20:4]):
        terms = ("a",) * (number + 1) + ("b",)
        report = write_report(database, added("t", *terms, name=f"ix {name}"))
        run = ("apply-indexes", database, "--from", report, "--yes", "--no-backup")
        assert run_here(*run).returncode == ExitCode.DONE
    shown = run_here("history", database).stdout
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 5 * 2 + 1


def test_missing_database_is_a_source_error(tmp_path: Path) -> None:
    """Nothing is created where a path is mistyped."""
    result = run_here("history", tmp_path / "missing.db")
    assert result.returncode == ExitCode.SOURCE
    assert list(tmp_path.iterdir()) == []
