"""The demo database: the same at every build, sized by its scale, and full of known faults."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.demo.database import build_database
from dbtune.demo.population import Population, population_at
from dbtune.resources import sql

SCALE = 0.05


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "platform.db"
    build_database(path, population_at(SCALE))
    return path


@pytest.fixture
def platform(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def column(connection: sqlite3.Connection, query: str) -> list[object]:
    return [row[0] for row in connection.execute(query)]


def index_columns(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Return "table(columns)" by name of each index that somebody created."""
    found = connection.execute(
        "SELECT i.name, m.tbl_name || ':' || c.name FROM sqlite_master AS m"
        " JOIN pragma_index_list(m.name) AS i JOIN pragma_index_info(i.name) AS c"
        " WHERE m.type = 'table' ORDER BY i.name, c.seqno"
    )
    columns: dict[str, tuple[str, ...]] = {}
    for name, indexed in found:
        columns[name] = (*columns.get(name, ()), indexed)
    return columns


def test_each_table_has_the_rows_of_its_population(platform: sqlite3.Connection) -> None:
    """No row is lost on the way from the draws to the table."""
    population = population_at(SCALE)
    for table, rows in population.tables:
        if table != "page_views":
            assert column(platform, f"SELECT count(*) FROM {table}") == [rows], table
    assert population.rows == sum(rows for _, rows in population.tables) - population.page_views


def test_the_same_scale_gives_the_same_rows(platform: sqlite3.Connection, tmp_path: Path) -> None:
    """A second build holds what the first one holds, to the last value."""
    again = tmp_path / "again.db"
    build_database(again, population_at(SCALE))
    with closing(sqlite3.connect(again)) as connection:
        assert list(connection.iterdump()) == list(platform.iterdump())


@pytest.mark.parametrize(("scale", "megabytes"), [(0.05, 2.5), (0.2, 10)])
def test_the_file_grows_with_the_scale(scale: float, megabytes: float, tmp_path: Path) -> None:
    """Scale 1 is about 50 MB, and a part of it is that part of 50 MB."""
    path = tmp_path / "platform.db"
    build_database(path, population_at(scale))
    assert path.stat().st_size / 1e6 == pytest.approx(megabytes, rel=0.1)


def test_a_tiny_scale_still_has_something_on_every_page() -> None:
    """No table is empty, however small the scale."""
    assert min(rows for _, rows in population_at(1e-9).tables) >= 40


def test_the_catalogue_does_not_grow_with_the_customers() -> None:
    """Scenarios stay a small table at any scale."""
    assert population_at(10).scenarios == Population().scenarios


def test_foreign_keys_are_declared_and_kept(platform: sqlite3.Connection) -> None:
    """Every child has its parent, and the keys are in the schema."""
    declared = column(
        platform,
        "SELECT count(*) FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name)"
        " WHERE m.type = 'table'",
    )
    assert declared == [21]
    assert platform.execute("PRAGMA foreign_key_check").fetchall() == []
    assert column(platform, "PRAGMA quick_check") == ["ok"]


def test_one_index_is_there_twice(platform: sqlite3.Connection) -> None:
    """Two names, the same column."""
    columns = index_columns(platform)
    assert columns["ix_payments_user_id"] == columns["payments_user_idx"] == ("payments:user_id",)


def test_one_index_is_a_prefix_of_another(platform: sqlite3.Connection) -> None:
    """reviews(chef_id) is in reviews(chef_id, created_at)."""
    columns = index_columns(platform)
    longer = columns["idx_reviews_chef_created"]
    assert longer[:1] == columns["idx_reviews_chef"] and len(longer) == 2


def test_foreign_keys_have_no_index(platform: sqlite3.Connection) -> None:
    """Only two of the keys begin an index, and one is a primary key's."""
    keys = set(
        column(
            platform,
            "SELECT m.name || ':' || f.\"from\" FROM sqlite_master AS m"
            " JOIN pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'",
        )
    )
    heads = {columns[0] for columns in index_columns(platform).values()}
    assert keys & heads == {"payments:user_id", "reviews:chef_id"}


def test_nothing_that_pages_filter_by_has_an_index(platform: sqlite3.Connection) -> None:
    """Of the columns that a developer would index, only the unique email has one."""
    before = {columns[0] for columns in index_columns(platform).values()}
    with closing(sqlite3.connect(":memory:")) as wanted:
        wanted.executescript(sql("platform/schema"))
        wanted.executescript(sql("platform/hand_written_indexes"))
        proposed = {
            columns[0] for name, columns in index_columns(wanted).items() if name.startswith("idx_")
        } - {"users:last_login_at", "reviews:chef_id"}
    assert len(proposed) == 16
    assert proposed & before == {"users:email"}


def test_statistics_are_of_a_tenth_of_the_rows(platform: sqlite3.Connection) -> None:
    """ANALYZE ran once, when the platform was young."""
    for table in ("bookings", "payments", "sns_posts", "users"):
        said = column(
            platform, f"SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl='{table}'"
        )
        (rows,) = column(platform, f"SELECT count(*) FROM {table}")
        assert said and all(value == rows / 10 for value in said), table


def test_the_file_keeps_a_rollback_journal_and_free_pages(platform: sqlite3.Connection) -> None:
    """The journal mode is DELETE, and a dropped table has left its pages."""
    assert column(platform, "PRAGMA journal_mode") == ["delete"]
    (free,), (pages,) = (
        column(platform, "PRAGMA freelist_count"),
        column(platform, "PRAGMA page_count"),
    )
    assert 0.02 < int(str(free)) / int(str(pages)) < 0.2


def test_few_users_make_most_of_the_bookings(platform: sqlite3.Connection) -> None:
    """The busiest tenth of the users has more than half of the bookings."""
    counts = column(platform, "SELECT count(*) AS c FROM bookings GROUP BY user_id ORDER BY c DESC")
    sizes = [int(str(count)) for count in counts]
    (users,) = column(platform, "SELECT count(*) FROM users")
    assert sum(sizes[: int(str(users)) // 10]) > 0.5 * sum(sizes)


def test_statuses_are_skewed(platform: sqlite3.Connection) -> None:
    """What an admin filters by is rare: under a tenth of the bookings is open."""
    counts = dict(platform.execute("SELECT status, count(*) FROM bookings GROUP BY status"))
    assert set(counts) == {"completed", "canceled", "no_show", "confirmed", "pending"}
    assert counts["confirmed"] + counts["pending"] < 0.1 * sum(counts.values())


def test_dates_span_two_years_in_the_form_of_sqlalchemy(platform: sqlite3.Connection) -> None:
    """created_at goes from June 2024 to May 2026, with microseconds."""
    first, last, odd = platform.execute(
        "SELECT min(created_at), max(created_at),"
        " sum(created_at NOT GLOB '20[0-9][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5]"
        "[0-9].[0-9][0-9][0-9][0-9][0-9][0-9]') FROM bookings"
    ).fetchone()
    assert (first[:7], last[:7], odd) == ("2024-06", "2026-05", 0)


@pytest.mark.parametrize(
    ("locale", "letters"), [("ja", "[一-龯]*"), ("en", "[A-Z][a-z]*"), ("de", "*[äöüß]*")]
)
def test_names_are_japanese_english_and_german(
    locale: str, letters: str, platform: sqlite3.Connection
) -> None:
    """Each locale has users, and names in its own letters."""
    query = f"SELECT count(*) FROM users WHERE locale = '{locale}' AND name GLOB '{letters}'"
    assert int(str(column(platform, query)[0])) > 10


def test_settings_are_json(platform: sqlite3.Connection) -> None:
    """Every JSON column holds JSON."""
    for table, name in (
        ("users", "settings"),
        ("sns_accounts", "permissions"),
        ("sns_posts", "hashtags"),
        ("ai_employees", "config"),
    ):
        assert column(platform, f"SELECT min(json_valid({name})) FROM {table}") == [1], table
