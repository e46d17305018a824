"""CHECKs, planned and created on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from dbtune.model.transfer import CheckPlan
from tests.fixtures.planned import (
    Planned,
    create,
    planned,
    run,
)


def checks(plan: Planned, table: str = "t") -> tuple[CheckPlan, ...]:
    """The CHECKs of a table."""
    return plan.table(table).checks


@pytest.mark.parametrize(
    "check",
    [
        "b IN (0, 1)",
        "b IN (0,1) OR b IS NULL",
        "b IS NULL OR b BETWEEN 0 AND 1",
        "b = 0 OR b = 1",
        "(b in (1,0) and c in (0,1))",
    ],
)
def test_a_check_that_the_type_implies_goes(tmp_path: Path, check: str) -> None:
    """A boolean column needs nobody to say that it is one."""
    plan = planned(tmp_path, f"CREATE TABLE t (b BOOLEAN, c BOOLEAN, CHECK ({check}))")
    assert checks(plan) == () and plan.codes() == []


def test_a_check_that_says_more_than_the_type_stays(tmp_path: Path, target: str) -> None:
    """One value of two, or two columns together."""
    plan = planned(
        tmp_path, "CREATE TABLE t (b BOOLEAN, c BOOLEAN, CHECK (b IN (1)), CHECK (b OR c))"
    )
    create(target, plan)
    assert len(checks(plan)) == 2
    run(target, "INSERT INTO t VALUES (true, false), (NULL, NULL)")
    with pytest.raises(psycopg.errors.CheckViolation):
        run(target, "INSERT INTO t VALUES (false, true)")


@pytest.mark.parametrize("check", ["json_valid(j)", '(JSON_VALID("j") OR "j" IS NULL)'])
def test_a_check_for_json_goes_with_a_type_of_json(tmp_path: Path, check: str) -> None:
    """What Django and others write for a column that holds JSON."""
    plan = planned(tmp_path, f"CREATE TABLE t (j JSON CHECK ({check}))")
    assert checks(plan) == () and plan.codes() == []


def test_a_check_that_rows_break_is_not_valid(tmp_path: Path, target: str) -> None:
    """The rows stay and are named; new rows are checked."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (z INT, s TEXT)",
        "INSERT INTO t VALUES (1, 'a'), (-1, 'b'), (NULL, 'c')",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql ="
        " 'CREATE TABLE t (z INT, s TEXT, CONSTRAINT ck CHECK (z > 0))'",
    )
    assert [check.validated for check in checks(plan)] == [False]
    found = plan.warning("check-not-valid")
    assert found.subject == "t.ck" and "rowid 2" in found.message
    create(target, plan)


def test_a_check_that_does_not_translate_is_reported(tmp_path: Path) -> None:
    """Under its name, its column, or its table."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (a INT CHECK (soundex(a)), CONSTRAINT n CHECK (soundex(a) > 1),"
        " CHECK (soundex(a) > 2))",
    )
    assert plan.codes() == [
        ("check-not-translated", "t.a"),
        ("check-not-translated", "t.n"),
        ("check-not-translated", "t"),
    ]
    assert len(plan.objects.saved_sql) == 3
