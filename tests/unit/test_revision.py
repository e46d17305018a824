"""Changes become Alembic revision files that run anywhere."""

from __future__ import annotations

import ast
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest

from dbtune.changes.apply import apply_revision, undo_revision
from dbtune.changes.environment import find_project
from dbtune.changes.project import Project, ProjectOptions
from dbtune.changes.revision import Draft, draft_index_revision, draft_wal_revision, stage_revision
from dbtune.changes.revision_sql import read_revision_sql
from dbtune.model.advice import Change, Finding
from dbtune.sqlite.identifiers import quote_identifier
from tests.conftest import CompareGolden
from tests.fixtures.hostile import HOSTILE_NAMES
from tests.fixtures.shop import added, build_shop, dropped, index_names, pragma, read_catalog

DUPLICATE = "CREATE INDEX ix_orders_status_2 on orders(status) -- again"

# Terms and conditions that op.create_index or SQLAlchemy's text() could get wrong.
DEFINITIONS = [
    (("user_id", "created_at"), None),
    (("user_id DESC", "created_at"), None),
    (("email COLLATE NOCASE",), None),
    (("lower(email)", "name DESC"), None),
    (("name",), "email LIKE '%a:b%'"),
    (("name",), r"email <> 'C:\dir :x \:y ::z'"),
    (("name || ':' || email",), None),
    (("name", "email", "name"), None),
    (("email",), "name = 'it''s \"quoted\" %(x)s %s 100%'"),
    (("email",), "name IS NOT NULL AND email > 'é 🐟'"),
]


def project_of(database: Path) -> Project:
    return find_project(database, ProjectOptions())


def changes_of(*findings: Finding) -> tuple[Change, ...]:
    return tuple(finding.change for finding in findings if finding.change is not None)


def draft(database: Path, *findings: Finding, analyze: tuple[str, ...] = ()) -> Draft:
    return draft_index_revision(project_of(database), changes_of(*findings), analyze=analyze)


def plain_alembic(database: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run alembic in the companion folder's environment, in a Python that cannot import dbtune."""
    ini = database.with_name(database.name + ".dbtune") / "alembic.ini"
    program = (
        "import sys; sys.modules['dbtune'] = None;"
        "from alembic.config import main; main(sys.argv[1:])"
    )
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, "-c", str(ini), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def test_revision_file_is_readable(tmp_path: Path, compare_golden: CompareGolden) -> None:
    """The file says what it does, why and when, with each reason above its statement."""
    database = build_shop(tmp_path / "shop.db")
    findings = (
        added("orders", "user_id", "created_at DESC", where="status = 'open'"),
        added("users", "email"),
        dropped("ix_orders_status_2", DUPLICATE),
    )
    project = project_of(database)
    revision = draft_index_revision(
        project,
        changes_of(*findings),
        tables={"ix_orders_status_2": "orders"},
        analyze=("orders", "users"),
    )
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    path = stage_revision(project, revision, tmp_path / "staged", created_at=moment)
    compare_golden("revision_indexes.py.txt", path.read_text(encoding="utf-8"))


def test_revision_imports_only_alembic_and_sqlalchemy(tmp_path: Path) -> None:
    """Neither indexes nor WAL need dbtune, or anything else, where the revision runs."""
    database = build_shop(tmp_path / "shop.db")
    project = project_of(database)
    drafts = (
        draft(database, added("orders", "user_id DESC"), analyze=("orders",)),
        draft_wal_revision(project, reason="writers wait for readers", page_size_bytes=8192),
    )
    for number, revision in enumerate(drafts):
        path = stage_revision(project, revision, tmp_path / f"staged{number}")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
        modules = {
            node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in nodes
        }
        assert modules <= {"alembic", "sqlalchemy"}


@pytest.mark.parametrize(("terms", "where"), DEFINITIONS)
def test_every_kind_of_index_survives_the_file(
    tmp_path: Path, terms: tuple[str, ...], where: str | None
) -> None:
    """The index created is the one meant, whichever Alembic operation wrote it."""
    database = build_shop(tmp_path / "shop.db", orders=20)
    table = "orders" if "user_id" in terms[0] else "users"
    finding = added(table, *terms, where=where, name="ix_new")
    before = read_catalog(database)
    change = apply_revision(project_of(database), draft(database, finding, analyze=(table,)))
    assert finding.change is not None
    assert ("index", "ix_new", table, finding.change.up[0]) in read_catalog(database)
    undo_revision(project_of(database), change.revision)
    assert read_catalog(database) == before


def test_hostile_names_survive_the_file(tmp_path: Path) -> None:
    """Quotes, line breaks, comments, emoji and key words in names break neither Python nor SQL."""
    database = tmp_path / "hostile.db"
    findings = []
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for name in HOSTILE_NAMES:
            table = quote_identifier(name)
            old = f"CREATE INDEX {quote_identifier(name + ' old')} ON {table} (other)"
            connection.execute(f"CREATE TABLE {table} ({table} TEXT, other TEXT)")
            connection.execute(old)
            findings.append(added(name, table, f"{table} DESC", name=f"ix {name}"))
            findings.append(dropped(f"{name} old", old))
    before = read_catalog(database)
    revision = draft(database, *findings, analyze=HOSTILE_NAMES)
    change = apply_revision(project_of(database), revision)
    assert index_names(database) == {f"ix {name}" for name in HOSTILE_NAMES}
    plain_alembic(database, "downgrade", "base").check_returncode()
    assert read_catalog(database) == before
    plain_alembic(database, "upgrade", "head").check_returncode()
    assert index_names(database) == {f"ix {name}" for name in HOSTILE_NAMES}
    assert change.statements == read_revision_sql(Path(str(change.path))).up


def test_same_change_has_the_same_id_everywhere(tmp_path: Path) -> None:
    """Staging and production get the same revision, whatever the reasons measured there."""
    first = build_shop(tmp_path / "staging.db")
    second = build_shop(tmp_path / "production.db", orders=50)
    finding = added("orders", "user_id")
    assert draft(first, finding).revision == draft(second, finding).revision
    assert draft(first, finding).revision != draft(first, added("orders", "note")).revision
    assert draft(first, finding).revision != draft(first, finding, analyze=("orders",)).revision


def test_revision_builds_on_the_one_before(tmp_path: Path) -> None:
    """The second revision revises the first, and alembic sees one line of history."""
    database = build_shop(tmp_path / "shop.db")
    first = apply_revision(project_of(database), draft(database, added("orders", "user_id")))
    second = apply_revision(project_of(database), draft(database, added("users", "email")))
    shown = plain_alembic(database, "history").stdout
    assert f"{first.revision} -> {second.revision} (head)" in shown
    assert "dbtune: add index ix_users_email" in shown


@pytest.mark.parametrize("page_size", [None, 8192])
def test_wal_revision_turns_wal_on_and_off(tmp_path: Path, page_size: int | None) -> None:
    """WAL comes and goes with the revision; a page size comes with it and stays."""
    database = build_shop(tmp_path / "shop.db")
    revision = draft_wal_revision(
        project_of(database), reason="writers wait", page_size_bytes=page_size
    )
    change = apply_revision(project_of(database), revision)
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "page_size") == str(page_size or 4096)
    undo_revision(project_of(database), change.revision)
    assert pragma(database, "journal_mode") == "delete"
    assert pragma(database, "page_size") == str(page_size or 4096)


def test_wal_revision_offline_prints_the_pragma(tmp_path: Path) -> None:
    """Under --sql the revision is a statement to run, not a check."""
    database = build_shop(tmp_path / "shop.db")
    apply_revision(project_of(database), draft_wal_revision(project_of(database), reason="why"))
    shown = plain_alembic(database, "upgrade", "head", "--sql")
    assert "PRAGMA journal_mode=wal;" in shown.stdout
    assert shown.returncode == 0
