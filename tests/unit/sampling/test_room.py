"""How much of each table there is room for."""

from __future__ import annotations

from pathlib import Path

from dbtune.sqlite.copies.scratch import (
    POOL_FACTOR,
    CopySize,
    copy_size,
)
from dbtune.sqlite.sampling.sample_plan import plan_sample
from dbtune.sqlite.schema.table_size import TableSize
from tests.fixtures.hostile import build_more
from tests.unit.sampling.shop import MB, sample, schema_of


def test_a_bad_estimate_does_not_fill_the_disk(shop: Path) -> None:
    """Old statistics claim ten rows; the copy ends where its room does."""
    build_more(
        shop,
        "ANALYZE",
        "UPDATE sqlite_stat1 SET stat = '10 1'",
        "CREATE TABLE blobs (id INTEGER PRIMARY KEY, data)",
        "INSERT INTO blobs SELECT id, zeroblob(iif(id % 7, 10, 5000)) FROM orders",
    )
    copy = sample(shop, 10 * MB)
    assert copy.path.stat().st_size < 10 * MB / POOL_FACTOR * 2


def test_a_chain_keeps_the_larger_pair_together() -> None:
    """Items follow orders; orders then cannot follow users."""
    schema = schema_of(
        "CREATE TABLE users (id INTEGER PRIMARY KEY)",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id REFERENCES users (id))",
        "CREATE TABLE items (id INTEGER PRIMARY KEY, order_id REFERENCES orders (id),"
        " parent_id REFERENCES items (id))",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, user_id REFERENCES users)",
        "CREATE TABLE tiny (id INTEGER PRIMARY KEY, order_id REFERENCES orders (id))",
    )
    sizes = (
        TableSize("users", 1000, 100 * MB),
        TableSize("orders", 1000, 300 * MB),
        TableSize("items", 1000, 900 * MB),
        TableSize("visits", 1000, 200 * MB),
        TableSize("tiny", 10, 50 * MB),
    )
    plan = {part.table.name: part for part in plan_sample(schema, sizes, 150 * MB).tables}
    assert {name: part.key for name, part in plan.items()} == {
        "users": ("id",),
        "orders": ("id",),
        "items": ("order_id",),
        "visits": ("user_id",),
        "tiny": (),
    }
    assert plan["tiny"].fraction == 1.0
    assert {part.fraction for name, part in plan.items() if name != "tiny"} == {100 / 1500}


def test_what_fits_is_whole() -> None:
    """A room larger than all tables asks for no sample, nor do no tables at all."""
    schema = schema_of("CREATE TABLE t (x)")
    parts = plan_sample(schema, (TableSize("t", 10, MB),), 10 * MB).tables
    assert [part.fraction for part in parts] == [1.0]
    assert plan_sample(schema_of(), (), MB).tables == ()


def test_many_small_tables_do_not_take_all_the_room() -> None:
    """Together they get half of it at most."""
    names = [f"t{number}" for number in range(200)]
    schema = schema_of(*(f"CREATE TABLE {name} (x)" for name in names))
    sizes = tuple(TableSize(name, 100, MB // (1 + number % 7)) for number, name in enumerate(names))
    plan = plan_sample(schema, sizes, 60 * MB)
    bytes_of = {size.table: size.size_bytes for size in sizes}
    planned = [(part.fraction, bytes_of[part.table.name]) for part in plan.tables]
    assert sum(size for fraction, size in planned if fraction == 1.0) <= 30 * MB
    assert sum(fraction * size for fraction, size in planned) <= 60 * MB * 1.001


def test_a_copy_is_as_large_as_its_room_and_its_time_allow() -> None:
    """A short search gets less to search on, and never nothing."""
    room = 1_800_000_000
    assert copy_size(room, None) == CopySize(room // 4, room // 4)
    assert copy_size(room, 90.0) == CopySize(450_000_000, 180_000_000)
    assert copy_size(room, 30.0) == CopySize(150_000_000, 60_000_000)
    assert copy_size(room, 0.0).sample_bytes == copy_size(room, 0.0).whole_bytes == 40_000_000
    assert copy_size(40_000_000, 90.0) == CopySize(10_000_000, 10_000_000)
