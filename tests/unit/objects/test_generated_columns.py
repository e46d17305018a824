"""Generated columns, planned and created on PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.model.transfer import TargetFacts
from dbtune.postgres.objects.plan_objects import ObjectOptions
from tests.fixtures.planned import (
    V15,
    V18,
    create,
    plan_database,
    planned,
    run,
    target_facts,
)


@pytest.mark.parametrize("facts", [V15, V18], ids=["15", "18"])
def test_generated_columns_are_generated(tmp_path: Path, target: str, facts: TargetFacts) -> None:
    """STORED stays STORED; VIRTUAL is VIRTUAL where PostgreSQL has it and no key holds it."""
    if target_facts(target).server_version < facts.server_version:
        pytest.skip("needs PostgreSQL 18")
    plan = planned(
        tmp_path,
        "CREATE TABLE t (a INT, s TEXT, v INT AS (a + 1), k INT AS (a * 2),"
        " st TEXT AS (s || '!') STORED, b INT AS (s IS 'x'))",
        "CREATE INDEX i ON t (k)",
        "INSERT INTO t (a, s) VALUES (1, 'x')",
        target=facts,
    )
    kinds = {c.source: c.generated_virtual for c in plan.table("t").columns if c.generated_sql}
    assert kinds == {"v": facts is V18, "k": False, "st": False, "b": facts is V18}
    create(target, plan)
    row = run(target, "INSERT INTO t (a, s) VALUES (4, 'x') RETURNING v, k, st, b")
    assert row == [(5, 8, "x!", 1)]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("g TEXT AS (soundex(a))", "soundex()"),
        ("g INT AS (b + 1), b INT AS (a + 1)", "made of b"),
        ("g INT AS (a * 1.0)", "type bigint"),
        ("g STRING AS (s || s)", "look like"),
    ],
)
def test_other_generated_columns_are_plain(
    tmp_path: Path, target: str, column: str, why: str
) -> None:
    """They keep their values and are reported."""
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("soundex", 1, str, deterministic=True)
        connection.execute(f"CREATE TABLE t (a INT, s TEXT, {column})")
        connection.commit()
    plan = plan_database(path, ObjectOptions(target=V15))
    found = [f for f in plan.objects.warnings if f.code == "generated-column-plain"]
    assert found[0].subject == "t.g" and why in found[0].message
    assert plan.table("t").columns[2].loaded
    create(target, plan)
