"""What the reports made by hand say of their database, and of where they were made."""

from __future__ import annotations

from dbtune.model.overview import (
    ColumnDecision,
    Environment,
    ForeignKeyOverview,
    HealthFact,
    IndexOverview,
    TableOverview,
)

OVERVIEW = (
    TableOverview(
        "bookings",
        120_000,
        True,
        9_437_184,
        foreign_keys=(
            ForeignKeyOverview(("user_id",), "users", False),
            ForeignKeyOverview(("chef_id",), "chefs", True),
        ),
        indexes=(
            IndexOverview("ix_bookings_chef_id", ("chef_id",), None, False, False, 1_441_792),
            IndexOverview("sqlite_autoindex_bookings_1", ("code",), None, True, True, None),
        ),
    ),
    TableOverview("chefs", 5_000, True, 819_200),
    TableOverview(
        "order",
        40_000,
        False,
        None,
        indexes=(
            IndexOverview(
                "ix open", ('"group"', "ordered_at DESC"), "shipped_at IS NULL", False, False, 8_192
            ),
        ),
        without_rowid=True,
    ),
    TableOverview("post_words", 62_000, False, 4_096_000, kind="virtual"),
    TableOverview("users", 20_000, True, 2_097_152),
)
HEALTH = (
    HealthFact("journal_mode", "delete", "readers wait while a transaction is written"),
    HealthFact("page_size", "4096"),
    HealthFact("encoding", "UTF-8"),
)
ENVIRONMENT = Environment(
    "Linux x86_64", 4, (("dbtune", "0.1.0"), ("Python", "3.11.2"), ("SQLite", "3.40.1"))
)
COLUMNS = (
    ColumnDecision("users", "id", "INTEGER", "bigint", "all integers", not_null=True),
    ColumnDecision(
        "users", "joined", "", "timestamp with time zone", "ISO 8601 with offset", "texts as UTC"
    ),
    ColumnDecision("Order", "total", "DECIMAL(10,2)", "numeric(10,2)", "2 digits at most"),
)
