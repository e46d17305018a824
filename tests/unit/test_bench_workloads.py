"""The workloads that the advisor is measured on: they build, and SQLite takes every statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bench.workloads import home_assistant, sakila, uptime_kuma
from bench.workloads.recorded import read_schema
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.statements.drawn_values import ValueDrawer
from dbtune.advisor.statements.subjects import prepare_subjects
from dbtune.sqlite.schema.catalog import read_schema as read_catalog
from dbtune.workload.sources import read_workload
from tests.fixtures.corpora import ABSENT, DATABASES

pytestmark = pytest.mark.skipif(not DATABASES, reason=ABSENT)

Build = Callable[[Path, float], tuple[Path, Path]]
WORKLOADS: dict[str, tuple[Build, str]] = {
    "home_assistant": (home_assistant.build, "home_assistant/home-assistant_v2.db"),
    "uptime_kuma": (uptime_kuma.build, "uptime_kuma/kuma.db"),
    "sakila": (sakila.build, "sakila/sakila.db"),
}
TINY = 0.003


@pytest.mark.parametrize(("build", "corpus"), WORKLOADS.values(), ids=WORKLOADS)
def test_every_statement_can_be_prepared(build: Build, corpus: str, tmp_path: Path) -> None:
    """Each shape has values of its own, and runs against the schema of the real database."""
    database, recording = build(tmp_path, TINY)
    workload = read_workload([str(recording)])
    with closing(open_scratch(database)) as connection:
        drawer = ValueDrawer(connection, read_catalog(connection))
        subjects = prepare_subjects(connection, workload.shapes, drawer)
    assert subjects.unplannable == () and subjects.skipped == ()
    assert 25 <= len(subjects.ready) <= 60
    assert not any(subject.drawn for subject in subjects.ready)
    assert any(s.writes for s in subjects.ready) and not all(s.writes for s in subjects.ready)


@pytest.mark.parametrize(("build", "corpus"), WORKLOADS.values(), ids=WORKLOADS)
def test_the_schema_is_that_of_the_corpus(build: Build, corpus: str, tmp_path: Path) -> None:
    """Byte for byte; what the application itself adds later may come on top."""
    database, _ = build(tmp_path, TINY)
    with closing(sqlite3.connect(database)) as connection:
        declared = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master")}
    assert set(read_schema(corpus)) <= declared


@pytest.mark.parametrize(("build", "corpus"), WORKLOADS.values(), ids=WORKLOADS)
def test_the_same_scale_gives_the_same_bytes(build: Build, corpus: str, tmp_path: Path) -> None:
    """So that figures of two days can be compared."""
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append([path.read_bytes() for path in build(tmp_path / name, TINY)])
    assert made[0] == made[1]
