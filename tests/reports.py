"""Reports made by hand, for the tests of everything that draws or reads one."""

from __future__ import annotations

from dataclasses import replace

from dbtune.model.advice import (
    AppliedChange,
    ConsideredIndex,
    Report,
    ShapeReport,
    Source,
    TableOutcome,
    Verdict,
)
from dbtune.model.explanation import (
    IndexExplanation,
    NotAnalyzed,
    RunnerUp,
    TriedIndex,
    Unhelped,
    WriteEffect,
)
from dbtune.model.workload import RouteQueries
from tests.findings import (
    HOSTILE,
    MISSING_BOOKINGS,
    MISSING_BOOKINGS_SQL,
    MISSING_CHEFS,
    MISSING_POSTS,
    N_PLUS_ONE,
    RESERVED,
    ROLLBACK_JOURNAL,
    UNUSED,
)
from tests.overviews import COLUMNS, ENVIRONMENT, HEALTH, OVERVIEW

SHAPES = (
    ShapeReport(
        id="0a1b2c3d4e5f",
        text="SELECT bookings.id, bookings.user_id, bookings.chef_id, bookings.status, "
        "bookings.created_at FROM bookings WHERE user_id = ? ORDER BY created_at DESC LIMIT 20",
        count=12_345.0,
        share=0.731,
        cost_before=12_100_000.0,
        cost_after=41_000.0,
        plan_before=("SCAN bookings", "USE TEMP B-TREE FOR ORDER BY"),
        plan_after=("SEARCH bookings USING INDEX ix_bookings_user_id_created_at (user_id=?)",),
        time_before_ns=10_900_000.0,
        time_after_ns=38_000.0,
        values="drawn",
        samples=5,
        samples_digest="1f3a",
        page_fetches_before=4_265.0,
        page_fetches_after=9.4,
        vm_steps_before=986_000.0,
        vm_steps_after=312.0,
        timed_runs=5,
        words_before=("reads all 120,000 rows of bookings", "sorts for ORDER BY"),
        words_after=("finds rows by user_id in bookings(user_id, created_at DESC)",),
        served_by=("ix_bookings_user_id_created_at",),
        tried=(
            TriedIndex(MISSING_BOOKINGS_SQL, 4_014_080, 0.9966, "recommended"),
            TriedIndex(
                "CREATE INDEX ix_bookings_user_id_created_at_status ON bookings "
                "(user_id, created_at DESC, status)",
                6_300_000,
                0.31,
                "too-large",
            ),
            TriedIndex(
                "CREATE INDEX ix_bookings_status ON bookings (status)", 900_000, 0.0, "no-gain"
            ),
        ),
    ),
    ShapeReport(
        id="77aa88bb99cc",
        text="SELECT * FROM chefs WHERE is_active = 1 AND cuisine_type = ? COLLATE NOCASE "
        "ORDER BY rating DESC",
        count=7_000.0,
        share=0.202,
        cost_before=5_900_000.0,
        cost_after=130_286.0,
        plan_before=("SCAN chefs", "USE TEMP B-TREE FOR ORDER BY"),
        plan_after=("SEARCH chefs USING INDEX ix_chefs_cuisine_type_rating_partial",),
        time_before_ns=4_800_000.0,
        time_after_ns=120_000.0,
    ),
    ShapeReport(
        id="c0ffee123456",
        text="SELECT \u8a55\u4fa1, \u672c\u6587 FROM \u30ec\u30d3\u30e5\u30fc\n"
        "WHERE \u30b7\u30a7\u30d5_id = ?",
        count=18_200.0,
        share=0.0664,
        cost_before=745_000.0,
        cost_after=745_000.0,
        plan_before=("SEARCH \u30ec\u30d3\u30e5\u30fc USING INTEGER PRIMARY KEY (rowid=?)",),
        plan_after=("SEARCH \u30ec\u30d3\u30e5\u30fc USING INTEGER PRIMARY KEY (rowid=?)",),
        unhelped=Unhelped(
            "already-optimal",
            "it finds rows of \u30ec\u30d3\u30e5\u30fc by its primary key (3 pages read for 1 "
            "row returned)",
        ),
    ),
    ShapeReport(
        id="5f4e3d2c1b0a",
        text='INSERT INTO "evil\x1b[2J" VALUES (?, ?)',
        count=2.5,
        share=0.0004,
        cost_before=8_200.0,
        cost_after=9_184.0,
        plan_before=(),
        plan_after=(),
        values="none",
        kind="write",
        unhelped=Unhelped("needs-no-search", "it writes rows without looking for any"),
    ),
)

EXPLANATIONS = (
    IndexExplanation(
        name="ix_bookings_user_id_created_at",
        sql=MISSING_BOOKINGS_SQL,
        shapes=("0a1b2c3d4e5f",),
        share=0.731,
        size_bytes=4_014_080,
        write_cost_ratio=1.12,
        writes=(WriteEffect("5f4e3d2c1b0a", 2.5, 8_200.0, 9_184.0),),
        runner_up=RunnerUp(
            kind="narrower",
            sql="CREATE INDEX ix_bookings_user_id ON bookings (user_id)",
            size_bytes=900_000,
            cost_ratio=2.4,
            reason="bookings(user_id) would be 3.1 MB smaller; its queries would cost 2.4 times as "
            "much",
        ),
    ),
)
LEFT_OUT = (
    NotAnalyzed(
        "ab12cd34ef56",
        "SELECT levenshtein(name, ?) FROM gone",
        12.0,
        "cannot-be-prepared",
        "SQLite cannot prepare it: no such table: gone",
    ),
)

CONSIDERED = (
    ConsideredIndex(
        name="idx_chefs_is_active",
        sql="CREATE INDEX idx_chefs_is_active ON chefs(is_active)",
        used_by=(),
        gain_ratio=0.0,
        size_bytes=61_440,
        write_cost_ratio=1.08,
        note="no query uses it",
    ),
    ConsideredIndex(
        name="idx_bookings_user_id",
        sql="CREATE INDEX idx_bookings_user_id ON bookings(user_id)",
        used_by=("0a1b2c3d4e5f", "5f4e3d2c1b0a"),
        gain_ratio=0.612,
        size_bytes=1_536_000,
        write_cost_ratio=1.14,
    ),
)

SOURCE = Source(
    path="/srv/app/platform.db",
    size_bytes=50_331_648,
    schema_sha256="5d" * 32,
    sqlite_version="3.45.1",
    application_sqlite_version="3.40.1",
)

FULL = Report(
    command="analyze",
    created_at="2026-03-01T10:15:30+00:00",
    dbtune_version="0.1.0",
    source=SOURCE,
    verdict=Verdict(
        cost_before=203_000_000_000.0,
        cost_after=3_300_000_000.0,
        gain_ratio=0.98374,
        actions=(
            "Create 4 indexes: dbtune apply-indexes platform.db --queries platform.queries.jsonl",
            "Switch to WAL: dbtune enable-wal platform.db",
            "Load the reviews of GET /chefs in one query",
        ),
        time_before_ns=198_000_000_000.0,
        time_after_ns=3_120_000_000.0,
    ),
    findings=(
        MISSING_BOOKINGS,
        MISSING_CHEFS,
        RESERVED,
        ROLLBACK_JOURNAL,
        N_PLUS_ONE,
        UNUSED,
        HOSTILE,
        MISSING_POSTS,
    ),
    shapes=SHAPES,
    considered=CONSIDERED,
    not_checked=(
        "1 statement cannot be prepared: no such function: levenshtein",
        "3 of 48,211 lines of platform.queries.jsonl are broken: line 7 (not JSON), ...",
    ),
    notes=("Values of 1 query shape were drawn from the copy.",),
    explanations=EXPLANATIONS,
    not_analyzed=LEFT_OUT,
    routes=(RouteQueries("GET /orders", 40, 480, 26), RouteQueries("POST /orders", 8, 24, 3)),
    overview=OVERVIEW,
    health=HEALTH,
    environment=ENVIRONMENT,
)

WITHOUT_RECORDING = replace(
    FULL,
    verdict=None,
    findings=(ROLLBACK_JOURNAL,),
    shapes=(),
    notes=(),
    considered=(),
    not_checked=(),
    explanations=(),
    not_analyzed=(),
    routes=(),
)
NOTHING_FOUND = replace(
    FULL,
    verdict=Verdict(3_300_000_000.0, 3_300_000_000.0, 0.0, ()),
    findings=(),
    considered=(),
    not_checked=(),
    notes=(),
    explanations=(),
    not_analyzed=(),
    routes=(),
)
APPLIED = replace(
    FULL,
    command="apply-indexes",
    changes=(
        AppliedChange(
            revision="a1b2c3d4e5f6",
            direction="up",
            statements=MISSING_BOOKINGS.change.up if MISSING_BOOKINGS.change else (),
            reason="serves 2 query shapes",
            lock_seconds=0.31,
            path="platform.db.dbtune/versions/a1b2c3d4e5f6_add_indexes.py",
        ),
    ),
    backup="platform.db.dbtune/backup-20260301T101530Z.db",
)
MIGRATED = replace(
    NOTHING_FOUND,
    command="migrate-to-postgres",
    verdict=None,
    shapes=(),
    tables=(
        TableOutcome("users", "users", 250_000, 41_000_000, 0, 1, 4, True, "arrow", 0.8),
        TableOutcome("Order", "Order", 12, 4096, 2, 0, 1, False, "rows", 0.01),
    ),
    columns=COLUMNS,
)
REPORTS = {
    "full": FULL,
    "without recording": WITHOUT_RECORDING,
    "nothing found": NOTHING_FOUND,
    "applied": APPLIED,
    "migrated": MIGRATED,
}
