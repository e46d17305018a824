"""Which Alembic project a revision goes to, and how safely its env.py is run."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.dialects import registry

from dbtune.changes.apply import apply_revision, undo_revision
from dbtune.changes.environment import find_project
from dbtune.changes.project import ProjectOptions
from dbtune.changes.revision import draft_index_revision, draft_wal_revision
from dbtune.errors import ChangeFailedError, ConfigurationError, LockedError, RefusedError
from dbtune.model.advice import AppliedChange, Change, Finding
from tests.fixtures.alembic_projects import (
    VARIANTS,
    EnvVariant,
    add_revision,
    run_alembic,
    stamp,
    write_project,
)
from tests.fixtures.shop import added, build_shop, index_names, pragma, read_catalog, stamps
from tests.unit.test_revision import plain_alembic

OWN = ProjectOptions()


def apply(
    database: Path, *findings: Finding, options: ProjectOptions = OWN, wait_ms: int = 5000
) -> AppliedChange:
    project = find_project(database, options)
    changes = [finding.change for finding in findings if finding.change is not None]
    return apply_revision(project, draft_index_revision(project, changes), wait_ms=wait_ms)


def enable_wal(database: Path, options: ProjectOptions) -> AppliedChange:
    project = find_project(database, options)
    return apply_revision(project, draft_wal_revision(project, reason="writers wait"))


def failing() -> Finding:
    """Return a finding whose second statement fails, after an index was created."""
    good = added("orders", "user_id").change
    assert good is not None
    unique = "CREATE UNIQUE INDEX ix_bad ON orders (status)"
    change = Change((*good.up, unique), ("DROP INDEX ix_bad", *good.down), "fails half-way")
    return Finding("missing-index", "high", "ix_bad", "fails", change=change)


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return build_shop(tmp_path / "shop.db", orders=200)


def test_finding_the_project_creates_nothing(shop: Path) -> None:
    """Neither a folder nor a version table appears before something is applied."""
    before = shop.read_bytes()
    project = find_project(shop, OWN)
    assert (project.current, project.base, project.pending) == ((), None, ())
    assert files_in(shop.parent) == {"shop.db"}
    assert shop.read_bytes() == before


def test_companion_folder_runs_plain_alembic_after_a_move(shop: Path, tmp_path: Path) -> None:
    """Database and folder work elsewhere, under a name with blanks, a percent sign and a fish."""
    apply(shop, added("orders", "user_id"))
    target = tmp_path / "moved 100% 🐟"
    target.mkdir()
    moved = target / "shop #1?.db"
    os.replace(shop, moved)
    os.replace(f"{shop}.dbtune", f"{moved}.dbtune")
    undo_revision(find_project(moved, OWN), stamps(moved)[0])  # writes alembic.ini for the place
    apply(moved, added("users", "email"))
    assert plain_alembic(moved, "downgrade", "base").returncode == 0
    assert index_names(moved) == {"ix_orders_status", "ix_orders_status_2"}


def test_default_folder_moves_without_dbtune(shop: Path, tmp_path: Path) -> None:
    """alembic.ini names no absolute path, so a deployment may copy both to another machine."""
    apply(shop, added("orders", "user_id"))
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "renamed.db"
    os.replace(shop, moved)
    os.replace(f"{shop}.dbtune", f"{moved}.dbtune")
    assert plain_alembic(moved, "downgrade", "base").returncode == 0
    assert "ix_orders_user_id" not in index_names(moved)


def test_plain_alembic_does_not_create_a_missing_database(shop: Path) -> None:
    """With the database gone, alembic fails instead of making an empty one."""
    apply(shop, added("orders", "user_id"))
    shop.unlink()
    assert plain_alembic(shop, "upgrade", "head").returncode != 0
    assert not shop.exists()


def test_one_folder_serves_staging_and_production(shop: Path, tmp_path: Path) -> None:
    """With --migrations, the revision made on one copy is the one applied to the other."""
    production = tmp_path / "production.db"
    production.write_bytes(shop.read_bytes())
    options = ProjectOptions(migrations=tmp_path / "revisions")
    first = apply(shop, added("orders", "user_id"), options=options)
    second = apply(production, added("orders", "user_id"), options=options)
    assert first.path == second.path
    assert len(list((tmp_path / "revisions").glob("*.py"))) == 1
    assert plain_alembic(production, "downgrade", "base").returncode == 0
    assert plain_alembic(shop, "current").stdout.startswith(first.revision)


def test_shared_folder_with_another_revision_waiting_is_refused(shop: Path, tmp_path: Path) -> None:
    """What staging has and production lacks is applied first, not branched off."""
    production = tmp_path / "production.db"
    production.write_bytes(shop.read_bytes())
    options = ProjectOptions(migrations=tmp_path / "revisions")
    waiting = apply(shop, added("orders", "user_id"), options=options)
    with pytest.raises(RefusedError, match=f"{waiting.revision} is not applied"):
        apply(production, added("users", "email"), options=options)
    assert index_names(production) == {"ix_orders_status", "ix_orders_status_2"}


def test_forgotten_migrations_option_is_named(shop: Path, tmp_path: Path) -> None:
    """A stamp whose file is elsewhere is refused with the option that finds it."""
    apply(shop, added("orders", "user_id"), options=ProjectOptions(migrations=tmp_path / "there"))
    with pytest.raises(RefusedError) as caught:
        find_project(shop, OWN)
    assert "--migrations" in str(caught.value.hint)


def test_rolled_back_revision_gives_way_to_the_next(shop: Path) -> None:
    """A new change after a rollback leaves one head, so plain `upgrade head` keeps working."""
    first = apply(shop, added("orders", "user_id"))
    undo_revision(find_project(shop, OWN), first.revision)
    second = apply(shop, added("users", "email"))
    assert plain_alembic(shop, "heads").stdout.startswith(second.revision)
    assert Path(f"{first.path}.superseded").exists()


def test_rolled_back_revision_is_applied_again_as_it_is(shop: Path) -> None:
    """The same change takes the same file, with the date of when it was made."""
    first = apply(shop, added("orders", "user_id"))
    text = Path(str(first.path)).read_text()
    undo_revision(find_project(shop, OWN), first.revision)
    again = apply(shop, added("orders", "user_id"))
    assert (again.revision, again.path) == (first.revision, first.path)
    assert Path(str(again.path)).read_text() == text


def test_failing_revision_leaves_nothing(shop: Path) -> None:
    """No index, no stamp, no version table, no file, no folder."""
    before = shop.read_bytes()
    with pytest.raises(ChangeFailedError, match="UNIQUE constraint failed"):
        apply(shop, failing())
    assert files_in(shop.parent) == {"shop.db"}
    with closing(sqlite3.connect(shop)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'dbtune%'")
        assert found.fetchall() == []
    assert index_names(shop) == {"ix_orders_status", "ix_orders_status_2"}
    assert len(shop.read_bytes()) == len(before)


def test_revision_that_does_nothing_is_undone_and_reported(shop: Path, tmp_path: Path) -> None:
    """A template that ignores its operations is found out by reading back."""
    ini = write_project(tmp_path / "app", shop)
    template = ini.parent / "migrations" / "script.py.mako"
    template.write_text(template.read_text().replace('${upgrades if upgrades else "pass"}', "pass"))
    stamp(shop, "app1")
    with pytest.raises(ChangeFailedError, match='"ix_orders_user_id" was not created'):
        apply(shop, added("orders", "user_id"), options=ProjectOptions(alembic_ini=ini))
    assert stamps(shop, "alembic_version") == ["app1"]
    assert files_in(template.parent / "versions") == {"app1.py"}


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_indexes_in_the_users_project(shop: Path, tmp_path: Path, variant: EnvVariant) -> None:
    """However env.py is written: applied, undone, and a failure rolled back as a whole."""
    ini = write_project(tmp_path / "app", shop, variant)
    stamp(shop, "app1")
    options = ProjectOptions(alembic_ini=ini)
    before = read_catalog(shop)
    with pytest.raises(ChangeFailedError):
        apply(shop, failing(), options=options)
    assert read_catalog(shop) == before
    assert files_in(ini.parent / "migrations" / "versions") == {"app1.py"}
    change = apply(shop, added("orders", "user_id"), options=options)
    assert "ix_orders_user_id" in index_names(shop)
    assert stamps(shop, "alembic_version") == [change.revision]
    undo_revision(find_project(shop, options), change.revision)
    assert read_catalog(shop) == before
    assert stamps(shop, "alembic_version") == ["app1"]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_wal_in_the_users_project(shop: Path, tmp_path: Path, variant: EnvVariant) -> None:
    """WAL comes and goes under every env.py, also by plain alembic, which has no guard."""
    ini = write_project(tmp_path / "app", shop, variant)
    stamp(shop, "app1")
    options = ProjectOptions(alembic_ini=ini)
    change = enable_wal(shop, options)
    assert pragma(shop, "journal_mode") == "wal"
    undo_revision(find_project(shop, options), change.revision)
    assert pragma(shop, "journal_mode") == "delete"
    run_alembic(ini, "upgrade", "head")
    assert pragma(shop, "journal_mode") == "wal"
    run_alembic(ini, "downgrade", "-1")
    assert pragma(shop, "journal_mode") == "delete"
    assert stamps(shop, "alembic_version") == ["app1"]


def test_working_directory_does_not_matter(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative paths in alembic.ini and in its URL mean the folder of alembic.ini."""
    ini = write_project(tmp_path, shop, url="sqlite:///shop.db", script_location="migrations")
    stamp(shop, "app1")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    change = apply(shop, added("orders", "user_id"), options=ProjectOptions(alembic_ini=ini))
    assert Path(str(change.path)).parent == tmp_path / "migrations" / "versions"
    assert files_in(tmp_path / "elsewhere") == set()
    assert Path.cwd() == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    "url",
    ["sqlite:///other.db", "sqlite:///missing.db", "sqlite://", "postgresql+psycopg://u:p@host/db"],
)
def test_env_py_of_another_database_is_refused(shop: Path, tmp_path: Path, url: str) -> None:
    """The other database is neither opened nor created, and nothing is changed here."""
    build_shop(tmp_path / "other.db", orders=1)
    ini = write_project(tmp_path / "app", shop, url=url.replace("other", "../other"))
    stamp(shop, "app1")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(RefusedError, match=r"env\.py opens"):
        find_project(shop, ProjectOptions(alembic_ini=ini))
    assert not (ini.parent / "missing.db").exists()
    assert (tmp_path / "other.db").read_bytes() == before


def test_env_py_with_its_own_way_of_connecting_is_looked_at(shop: Path, tmp_path: Path) -> None:
    """A `creator` is not seen before it connects, but what it opened is."""
    other = build_shop(tmp_path / "other.db", orders=1)
    ini = write_project(tmp_path / "app", shop)
    env = ini.parent / "migrations" / "env.py"
    creator = f"creator=lambda: __import__('sqlite3').connect({str(other)!r}), poolclass"
    env.write_text(env.read_text().replace("poolclass", creator))
    stamp(shop, "app1")
    with pytest.raises(RefusedError, match=r"env\.py migrates .*other\.db"):
        find_project(shop, ProjectOptions(alembic_ini=ini))
    env.write_text(env.read_text().replace("other.db", "shop.db"))
    assert find_project(shop, ProjectOptions(alembic_ini=ini)).base == "app1"


def test_another_sqlite_library_is_refused(shop: Path, tmp_path: Path) -> None:
    """Two libraries in one process destroy each other's locks."""
    registry.register("sqlite.other", "tests.fixtures.other_driver", "OtherDriver")
    ini = write_project(tmp_path / "app", shop, url=f"sqlite+other:///{shop}")
    with pytest.raises(RefusedError, match="with the driver other"):
        find_project(shop, ProjectOptions(alembic_ini=ini))


def test_uri_of_the_same_database_is_known(shop: Path, tmp_path: Path) -> None:
    """sqlite:///file:...?uri=true with an escape in it is this file too."""
    odd = tmp_path / "shop 100%.db"
    os.replace(shop, odd)
    stamp(odd, "app1")
    path = str(odd).replace("%", "%25").replace(" ", "%20")
    ini = write_project(tmp_path / "app", odd, url=f"sqlite:///file:{path}?mode=rw&uri=true")
    assert find_project(odd, ProjectOptions(alembic_ini=ini)).base == "app1"


def test_env_py_of_flask_migrate_is_refused_with_the_way_out(shop: Path, tmp_path: Path) -> None:
    """It works inside its application only; models are where its indexes belong."""
    ini = write_project(tmp_path / "app", shop)
    env = ini.parent / "migrations" / "env.py"
    env.write_text("from flask import current_app\ncurrent_app.extensions['migrate']\n")
    with pytest.raises(RefusedError) as caught:
        find_project(shop, ProjectOptions(alembic_ini=ini))
    assert "--format sqlalchemy" in str(caught.value.hint)


def test_database_behind_the_project_is_refused(shop: Path, tmp_path: Path) -> None:
    """A revision of the application that is not applied comes first."""
    ini = write_project(tmp_path / "app", shop)
    add_revision(ini, "app2", "app1")
    stamp(shop, "app1")
    with pytest.raises(RefusedError, match="app2 is not applied") as caught:
        apply(shop, added("orders", "user_id"), options=ProjectOptions(alembic_ini=ini))
    assert "upgrade head" in str(caught.value.hint)
    assert files_in(ini.parent / "migrations" / "versions") == {"app1.py", "app2.py"}


def test_database_without_any_stamp_is_refused(shop: Path, tmp_path: Path) -> None:
    """A project with revisions and a database without is not at its head; no table is made."""
    ini = write_project(tmp_path / "app", shop)
    before = read_catalog(shop)
    with pytest.raises(RefusedError, match="app1 is not applied"):
        apply(shop, added("orders", "user_id"), options=ProjectOptions(alembic_ini=ini))
    assert read_catalog(shop) == before


def test_several_heads_need_head(shop: Path, tmp_path: Path) -> None:
    """With two heads dbtune asks which one, builds on it and leaves the other alone."""
    ini = write_project(tmp_path / "app", shop)
    add_revision(ini, "left", "app1")
    add_revision(ini, "right", "app1")
    stamp(shop, "left", "right")
    with pytest.raises(RefusedError, match="several heads: left, right"):
        find_project(shop, ProjectOptions(alembic_ini=ini))
    options = ProjectOptions(alembic_ini=ini, head="left")
    change = apply(shop, added("orders", "user_id"), options=options)
    assert set(stamps(shop, "alembic_version")) == {change.revision, "right"}
    again = ProjectOptions(alembic_ini=ini, head=change.revision)
    undo_revision(find_project(shop, again), change.revision)
    assert set(stamps(shop, "alembic_version")) == {"left", "right"}


def test_unknown_head_is_named(shop: Path, tmp_path: Path) -> None:
    """--head with a word that no revision has says which heads there are."""
    ini = write_project(tmp_path / "app", shop)
    stamp(shop, "app1")
    with pytest.raises(ConfigurationError) as caught:
        find_project(shop, ProjectOptions(alembic_ini=ini, head="nowhere"))
    assert "app1" in str(caught.value.hint)


def test_broken_env_py_is_a_clear_refusal(shop: Path, tmp_path: Path) -> None:
    """An exception in the application's code names the file and how to try it."""
    ini = write_project(tmp_path / "app", shop)
    (ini.parent / "migrations" / "env.py").write_text("raise LookupError('no application')")
    with pytest.raises(RefusedError, match=r"env\.py could not be run: LookupError") as caught:
        find_project(shop, ProjectOptions(alembic_ini=ini))
    assert "alembic -c" in str(caught.value.hint)


@pytest.mark.parametrize(
    "options",
    [
        ProjectOptions(head="x"),
        ProjectOptions(alembic_ini=Path("missing.ini")),
        ProjectOptions(alembic_ini=Path("alembic.ini"), migrations=Path("versions")),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(shop: Path, options: ProjectOptions) -> None:
    """--head alone, a missing file, and both kinds of project are told apart from failures."""
    with pytest.raises(ConfigurationError):
        find_project(shop, options)


def test_locked_database_is_refused_after_the_wait(shop: Path) -> None:
    """Another writer keeps its lock; nothing is left behind here."""
    before = read_catalog(shop)
    with closing(sqlite3.connect(shop, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError):
            apply(shop, added("orders", "user_id"), wait_ms=50)
        other.execute("ROLLBACK")
    assert read_catalog(shop) == before
    assert files_in(shop.parent) == {"shop.db"}


def test_pooled_connections_do_not_keep_wal(shop: Path, tmp_path: Path) -> None:
    """An engine whose pool keeps connections open is closed before the next step."""
    ini = write_project(tmp_path / "app", shop, EnvVariant(pool="QueuePool"))
    stamp(shop, "app1")
    options = ProjectOptions(alembic_ini=ini)
    change = enable_wal(shop, options)
    undo_revision(find_project(shop, options), change.revision, wait_ms=0)
    assert pragma(shop, "journal_mode") == "delete"


def test_lock_time_is_measured(shop: Path) -> None:
    """The seconds under the write lock are there, and no longer than the whole step."""
    change = apply(shop, added("orders", "user_id"))
    assert change.lock_seconds is not None
    assert 0 < change.lock_seconds < 30
