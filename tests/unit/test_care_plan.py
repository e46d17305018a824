"""What of ANALYZE, VACUUM and a checkpoint pays, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.journeys.care_plan import LARGE_WAL_PAGES, CareFacts, plan_care
from dbtune.model.schema import FileHealth

HEALTH = FileHealth(
    size_bytes=100_000_000,
    wal_bytes=0,
    page_size_bytes=4096,
    page_count=25_000,
    freelist_count=0,
    journal_mode="delete",
    auto_vacuum=0,
    encoding="UTF-8",
    integrity_errors=(),
    foreign_key_violations=(),
    fragmentation_ratio=0.1,
    sqlite_version="3.40.1",
)
FACTS = CareFacts(
    health=HEALTH,
    stale_tables=(),
    statistics_reason="",
    worn=(),
    free_bytes=10**12,
    temporary_free_bytes=10**12,
    users=(),
    pinned=(),
    with_backup=True,
)
WORN = replace(FACTS, worn=("40 % of the file are free pages.",))


def test_nothing_pays_and_the_figures_say_why() -> None:
    """A tidy file gets no step and one figure for each thing looked at."""
    plan = plan_care(FACTS)
    assert plan.steps == ()
    assert plan.figures == (
        "statistics: up to date, or of no use to the planner",
        "free pages: 0 % of the file (0.0 MB)",
        "pages out of order: 10 %",
    )


def test_vacuum_needs_room_for_two_more_copies_and_the_backup() -> None:
    """Twice the size as SQLite says, and once more for the backup; without it, less."""
    (step,) = plan_care(WORN).steps
    assert (step.name, step.room_bytes, step.obstacle) == ("vacuum", 3 * 25_000 * 4096, None)
    (bare,) = plan_care(replace(WORN, with_backup=False)).steps
    assert bare.room_bytes == 2 * 25_000 * 4096


@pytest.mark.parametrize(
    ("facts", "obstacle"),
    [
        (replace(WORN, free_bytes=300_000_000), "it needs 307.2 MB beside the file"),
        (replace(WORN, temporary_free_bytes=100_000_000), "SQLITE_TMPDIR"),
        (replace(WORN, users=("process 7 (gunicorn)",)), "process 7 (gunicorn)"),
        (replace(WORN, pinned=("found",)), "full-text table found"),
    ],
)
def test_what_stands_in_the_way_of_vacuum_is_told(facts: CareFacts, obstacle: str) -> None:
    """VACUUM pays and is shown, but is none of the possible steps."""
    plan = plan_care(facts)
    assert plan.possible == ()
    assert obstacle in (plan.steps[0].obstacle or "")


@pytest.mark.parametrize(
    ("journal_mode", "wal_pages", "pays"),
    [
        ("wal", LARGE_WAL_PAGES, True),
        ("wal", LARGE_WAL_PAGES - 1, False),
        ("delete", LARGE_WAL_PAGES, False),
    ],
)
def test_a_checkpoint_pays_for_a_large_wal(journal_mode: str, wal_pages: int, pays: bool) -> None:
    """From four automatic checkpoints' worth of pages on, and only in WAL mode."""
    health = replace(HEALTH, journal_mode=journal_mode, wal_bytes=wal_pages * 4096)
    names = [step.name for step in plan_care(replace(FACTS, health=health)).steps]
    assert names == (["checkpoint"] if pays else [])


def test_steps_come_in_an_order_that_leaves_no_large_wal() -> None:
    """VACUUM fills the -wal, so the checkpoint is last, and comes along even if it was small."""
    wal = replace(HEALTH, journal_mode="wal")
    facts = replace(WORN, health=wal, stale_tables=("users",), statistics_reason="never analyzed")
    assert [step.name for step in plan_care(facts).steps] == ["vacuum", "analyze", "checkpoint"]
    stopped = replace(facts, users=("process 7 (gunicorn)",))
    assert [step.name for step in plan_care(stopped).possible] == ["analyze"]


def test_the_time_under_the_lock_grows_with_the_file() -> None:
    """About 1.5 s for 100 MB, fifteen for ten times of it."""
    (small,) = plan_care(WORN).steps
    large_health = replace(HEALTH, page_count=250_000)
    (large,) = plan_care(replace(WORN, health=large_health)).steps
    assert small.lock_seconds == pytest.approx(1.5, rel=0.1)
    assert large.lock_seconds == pytest.approx(10 * small.lock_seconds)
