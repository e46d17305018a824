"""Findings made by hand, for the reports of the tests."""

from __future__ import annotations

from dbtune.model.advice import Change, Evidence, Finding, IndexSpec

BOOKINGS = IndexSpec("bookings", ("user_id", "created_at DESC"))
CHEFS = IndexSpec("chefs", ("cuisine_type COLLATE NOCASE", "rating DESC"), where="is_active = 1")
POSTS = IndexSpec("sns_posts", ("lower(title)",))
ORDERS = IndexSpec("order", ('"group"', "ordered_at"), where="shipped_at IS NULL")


def _create(name: str, sql: str, index: IndexSpec, reason: str) -> Change:
    return Change((sql,), (f"DROP INDEX {name}",), reason, name, index)


MISSING_BOOKINGS_SQL = (
    "CREATE INDEX ix_bookings_user_id_created_at ON bookings (user_id, created_at DESC)"
)
MISSING_BOOKINGS = Finding(
    code="missing-index",
    severity="high",
    subject="ix_bookings_user_id_created_at",
    message="2 query shapes read all 120,000 rows of bookings on each call; with the index they "
    "read the rows they return, already in order.",
    evidence=(
        Evidence("cost_before_ns", 151_200_000_000.0),
        Evidence("cost_after_ns", 1_730_000_000.0),
        Evidence("size_bytes", 4_014_080),
        Evidence("write_cost_ratio", 1.12),
        Evidence("queries", ("0a1b2c3d4e5f", "5f4e3d2c1b0a")),
        Evidence("values", "drawn"),
    ),
    help="Create the index; apply-indexes does so reversibly, with a backup.",
    command="dbtune apply-indexes platform.db --queries platform.queries.jsonl "
    "--only ix_bookings_user_id_created_at",
    change=_create(
        "ix_bookings_user_id_created_at",
        MISSING_BOOKINGS_SQL,
        BOOKINGS,
        "serves 2 query shapes",
    ),
)
MISSING_CHEFS = Finding(
    code="missing-index",
    severity="high",
    subject="ix_chefs_cuisine_type_rating_partial",
    message="The list of chefs reads and sorts all 5,000 rows of chefs on each call.",
    evidence=(
        Evidence("cost_before_ns", 41_000_000_000.0),
        Evidence("cost_after_ns", 912_000_000.0),
        Evidence("size_bytes", 122_880),
        Evidence("write_cost_ratio", 1.0),
        Evidence("queries", ("77aa88bb99cc",)),
    ),
    help="Create the index; apply-indexes does so reversibly, with a backup.",
    command="dbtune apply-indexes platform.db --queries platform.queries.jsonl "
    "--only ix_chefs_cuisine_type_rating_partial",
    change=_create(
        "ix_chefs_cuisine_type_rating_partial",
        "CREATE INDEX ix_chefs_cuisine_type_rating_partial ON chefs "
        "(cuisine_type COLLATE NOCASE, rating DESC) WHERE is_active = 1",
        CHEFS,
        "serves 1 query shape",
    ),
)
ROLLBACK_JOURNAL = Finding(
    code="rollback-journal",
    severity="medium",
    subject="platform.db",
    message="Writers block readers, since journal_mode is DELETE.",
    evidence=(Evidence("journal_mode", "delete"), Evidence("writes_ratio", 0.21)),
    help="Switch to WAL and install the engine hook that comes with it.",
    command="dbtune enable-wal platform.db",
    change=Change(("PRAGMA journal_mode = WAL",), ("PRAGMA journal_mode = DELETE",), "WAL"),
)
UNUSED = Finding(
    code="unused-index",
    severity="low",
    subject="idx_users_bio",
    message="No recorded query uses idx_users_bio.",
    evidence=(
        Evidence("size_bytes", 7_340_032),
        Evidence("recording_span_seconds", 86_400 * 2.5),
        Evidence("statements_count", 48_211),
        Evidence("plans_differ", False),
    ),
    help="A job that runs once a month may not be in the recording: drop it once you know.",
    command="DROP INDEX idx_users_bio",
    change=Change(
        ("DROP INDEX idx_users_bio",),
        ("CREATE INDEX idx_users_bio ON users (bio)",),
        "no recorded query uses it",
        "idx_users_bio",
    ),
)
N_PLUS_ONE = Finding(
    code="n-plus-one",
    severity="medium",
    subject="c0ffee123456",
    message="GET /chefs sends one query for each chef it lists: 26 of 31 queries of a page.",
    evidence=(
        Evidence("route", "GET /chefs"),
        Evidence("call_site", "platform_app/views/chefs.py:118"),
        Evidence("calls_count", 18_200),
        Evidence("worst_count", 26),
    ),
    help="Load the reviews with the chefs, with selectinload(Chef.reviews) for instance.",
)
HOSTILE = Finding(
    code="foreign-key-without-index",
    severity="low",
    subject='evil\x1b[2J"\n-- name',
    message='Deleting a row of "evil\x1b]0;owned\x07\n-- name" scans \u202ereversed\u202c, '
    "which is \u65e5\u672c\u8a9e\u306e\u8868 or \U0001f468\u200d\U0001f469\u200d\U0001f467.",
    evidence=(Evidence("rows", 1_200_000), Evidence("measured", None)),
    help="Index the key's columns.",
    change=Change(
        ('CREATE INDEX "ix_evil\n_name" ON "evil\x1b[2J""\n-- name" (a)',),
        ('DROP INDEX "ix_evil\n_name"',),
        "foreign key",
        "ix_evil\n_name",
        IndexSpec('evil\x1b[2J"\n-- name', ("a",)),
    ),
)
MISSING_POSTS = Finding(
    code="function-on-column",
    severity="info",
    subject="sns_posts",
    message="lower(title) hides the column title from its index.",
    help="Index the expression, or store the title in lower case.",
    change=_create(
        "ix_sns_posts_lower_title",
        "CREATE INDEX ix_sns_posts_lower_title ON sns_posts (lower(title))",
        POSTS,
        "serves 1 query shape",
    ),
)
RESERVED = Finding(
    code="missing-index",
    severity="medium",
    subject="ix_order_group_ordered_at_partial",
    message='Open orders are looked up in all 80,000 rows of "order".',
    evidence=(Evidence("gain_ratio", 0.994), Evidence("time_before_ns", 23_400_000)),
    help="Create the index; apply-indexes does so reversibly, with a backup.",
    change=_create(
        "ix_order_group_ordered_at_partial",
        'CREATE INDEX ix_order_group_ordered_at_partial ON "order" ("group", ordered_at) '
        "WHERE shipped_at IS NULL",
        ORDERS,
        "serves 1 query shape",
    ),
)
