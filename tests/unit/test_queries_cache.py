"""Cache advice: what a cache would have answered, and what of it would have been stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.journeys.queries import QueriesOptions, digest_queries
from dbtune.model.digest import CacheAdvice, CacheReplayResult, NamedCount
from dbtune.workload.cache_replay import CacheableRead, CacheReplay, CacheWrite
from dbtune.workload.fingerprint import read_form, template_of
from dbtune.workload.named_tables import changes_schema, is_steady, read_names, written_table

READ = "SELECT name FROM users WHERE id = ?"
BEGAN = 1_780_000_000.0


def read(at: float, value: object = 1, text: str = READ, **fields: Any) -> dict[str, Any]:
    """Return the line of a read at a second."""
    return {
        "db.query.text": text,
        "db.query.parameters": [value],
        "ts": BEGAN + at,
        "duration_ns": 1000,
        **fields,
    }


def write(at: float, text: str = "UPDATE users SET name = 'x' WHERE id = 9") -> dict[str, Any]:
    """Return the line of a write at a second."""
    return {"db.query.text": text, "ts": BEGAN + at}


def replay(
    tmp_path: Path, lines: list[dict[str, Any]], *ttls: float, **options: Any
) -> CacheReplayResult:
    """Return what caches would have done on these lines."""
    path = tmp_path / "app.queries.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    chosen = QueriesOptions(queries=(str(path),), cache_ttls=ttls or (10.0,), **options)
    cache = digest_queries(chosen).cache
    assert cache is not None
    return cache


def only(cache: CacheReplayResult) -> CacheAdvice:
    """Return the one advice."""
    (advice,) = cache.advice
    return advice


def rates(cache: CacheReplayResult) -> list[tuple[float, float]]:
    """Return hit and stale ratio of the one advice by time to live."""
    return [(outcome.hit_ratio, outcome.stale_ratio) for outcome in only(cache).outcomes]


def test_a_cache_answers_until_its_time_is_over(tmp_path: Path) -> None:
    """25 reads, one each 4 s: of entries that live 10 s each third is filled anew."""
    cache = replay(tmp_path, [read(at) for at in range(0, 100, 4)], 2.0, 10.0, 1000.0)
    assert rates(cache) == [(0.0, 0.0), (16 / 25, 0.0), (24 / 25, 0.0)]
    assert [outcome.saved_ns for outcome in only(cache).outcomes] == pytest.approx([0, 16e3, 24e3])


def test_other_values_are_other_entries(tmp_path: Path) -> None:
    """A read of each of 30 values hits nothing."""
    assert not replay(tmp_path, [read(n, n) for n in range(30)]).advice


def test_a_write_to_a_table_that_is_named_makes_hits_stale(tmp_path: Path) -> None:
    """Until the entry is filled anew; writes elsewhere do not."""
    lines = [read(at * 0.1) for at in range(40)]
    elsewhere = write(1.05, "INSERT INTO orders VALUES (1)")
    assert rates(replay(tmp_path, [*lines, elsewhere])) == [(39 / 40, 0.0)]
    # Of the 39 hits those from 1.1 s on come after it.
    assert rates(replay(tmp_path, [*lines, write(1.05)])) == [(39 / 40, 29 / 39)]
    assert only(replay(tmp_path, [*lines, write(1.05)])).writes.top == (NamedCount("users", 1),)


@pytest.mark.parametrize(
    "text", ["DROP TABLE orders", "ALTER TABLE orders RENAME TO users", "CREATE VIEW v AS SELECT 1"]
)
def test_a_change_of_the_schema_makes_all_stale(tmp_path: Path, text: str) -> None:
    """What it does to what a read returns cannot be told from names."""
    lines = [read(at * 0.1) for at in range(40)]
    assert rates(replay(tmp_path, [*lines, write(1.05, text)])) == [(39 / 40, 29 / 39)]


def test_what_failed_neither_fills_nor_changes(tmp_path: Path) -> None:
    """A write that failed left all as it was."""
    lines = [read(at * 0.1) for at in range(40)]
    failed = {**write(1.05), "error": "database is locked"}
    assert rates(replay(tmp_path, [*lines, failed])) == [(39 / 40, 0.0)]
    errors = [read(at * 0.1, error="no such table: users") for at in range(40)]
    assert not replay(tmp_path, [*errors, read(9, 5)]).advice


def test_writes_of_other_routes_count_for_a_route(tmp_path: Path) -> None:
    """--route says whose reads are looked at, not who may change what they return."""
    lines = [read(at * 0.1, route="GET /a") for at in range(40)]
    cache = replay(tmp_path, [*lines, {**write(1.05), "route": "POST /b"}], route="GET *")
    assert rates(cache) == [(39 / 40, 29 / 39)]


def test_databases_do_not_share_answers(tmp_path: Path) -> None:
    """The same statement is another question to another file, and writes are of one."""
    lines = []
    for at in range(40):
        for name in ("a", "b"):
            lines.append({**read(at * 0.1 + (name == "b") * 0.01), "db.namespace": f"/{name}.db"})
    cache = replay(tmp_path, [*lines, {**write(1.05), "db.namespace": "/b.db"}])
    assert rates(cache) == [(78 / 80, 29 / 78)]


def test_values_may_be_digests_or_in_the_text(tmp_path: Path) -> None:
    """Equal digests are equal values; a statement without placeholders has its own in it."""
    masked = [{"type": "integer"}]
    lines = [
        {
            "db.query.text": READ,
            "db.query.parameters": masked,
            "dbtune.values_digest": f"{at % 2:016x}",
            "ts": BEGAN + at * 0.1,
        }
        for at in range(40)
    ]
    assert rates(replay(tmp_path, lines)) == [(38 / 40, 0.0)]
    texts = [write(at * 0.1, f"SELECT name FROM users WHERE id = {at % 4}") for at in range(40)]
    assert rates(replay(tmp_path, texts)) == [(36 / 40, 0.0)]


def test_reads_whose_values_were_not_recorded_are_counted(tmp_path: Path) -> None:
    """They are no look-ups, as nothing says whether they asked the same."""
    line = {"db.query.text": READ, "ts": BEGAN}
    cache = replay(tmp_path, [{**line, "db.query.parameters": [{"type": "integer"}]}, line])
    assert (cache.lookups, cache.unknown_calls, cache.advice) == (0, 2, ())


def test_lines_of_several_processes_are_put_in_order(tmp_path: Path) -> None:
    """Each process writes what it has every 200 ms, so that neighbours are out of order."""
    lines = [read(at * 0.01) for at in range(400)]
    mixed = [line for start in range(20) for line in lines[start::20]]
    assert rates(replay(tmp_path, mixed, 1.0)) == rates(replay(tmp_path, lines, 1.0))


def test_an_older_file_after_a_newer_one_hits_nothing_of_it(tmp_path: Path) -> None:
    """Entries of the future are none."""
    newer, older = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    newer.write_text("".join(json.dumps(read(1000 + n)) + "\n" for n in range(30)))
    older.write_text("".join(json.dumps(read(n)) + "\n" for n in range(30)))
    options = QueriesOptions(queries=(str(newer), str(older)), cache_ttls=(100.0,))
    cache = digest_queries(options).cache
    assert cache is not None
    assert rates(cache) == [(58 / 60, 0.0)]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["read a", "read b", "write a", "write b", "write all"]),
        st.integers(0, 3),
        st.floats(0, 4),
    ),
    min_size=1,
    max_size=60,
)


@given(EVENTS)
def test_a_replay_says_what_a_cache_would(events: list[tuple[str, int, float]]) -> None:
    """Beside a model that keeps everything: hits and stale hits are the same."""
    cache = CacheReplay((1.0, 5.0))
    model: dict[tuple[float, str, int], tuple[float, int]] = {}
    writes: list[tuple[int, str]] = []
    expected = {"a": [0, 0, 0, 0], "b": [0, 0, 0, 0]}
    moment = 0.0
    for number, (what, value, pause) in enumerate(events):
        moment += pause
        action, _, table = what.partition(" ")
        if action == "write":
            writes.append((number, table))
            named = None if table == "all" else table
            cache.add(CacheWrite(named), moment, weight=1.0, database=None)
            continue
        key = value * 2 + (table == "b")
        entry = CacheableRead(table, frozenset({table, "id"}), key)
        cache.add(entry, moment, weight=1.0, database=None)
        for place, ttl in enumerate((1.0, 5.0)):
            filled, at = model.get((ttl, table, value), (float("-inf"), 0))
            if moment - filled < ttl:
                expected[table][place] += 1
                stale = any(at < when and what in {table, "all"} for when, what in writes)
                expected[table][2 + place] += stale
            else:
                model[(ttl, table, value)] = (moment, number)
    cache.end_file()
    for table, counts in expected.items():
        outcome = cache.outcomes.get(table)
        assert counts == ([*outcome.hits, *outcome.stale] if outcome else [0, 0, 0, 0])


def test_more_values_than_are_followed_leave_the_rates_as_they_are() -> None:
    """Whole values are given up by their hash, so that those that stay are as the others are."""
    spread = 0x9E3779B97F4A7C15
    replays = [CacheReplay((600.0,), max_keys=most) for most in (500, 1_000_000)]
    for number in range(60_000):
        value = number % 7_000 if number % 3 else number
        entry = CacheableRead("a", frozenset({"a"}), value * spread % 2**64)
        for cache in replays:
            cache.add(entry, number * 0.01, weight=1.0, database=None)
    few, all_ = replays
    ratios = []
    for cache in replays:
        cache.end_file()
        ratios.append(cache.outcomes["a"].hits[0] / cache.outcomes["a"].lookups)
    assert few.sampled_ratio < 0.2 and all_.sampled_ratio == 1.0
    assert ratios[0] == pytest.approx(ratios[1], rel=0.1)
    assert few.outcomes["a"].lookups == pytest.approx(60_000, rel=0.1)
    assert all_.outcomes["a"].lookups == 60_000


def test_entries_are_kept_where_the_clock_went_back() -> None:
    """They are told from those whose time is over by the time it is then."""
    cache = CacheReplay((600.0,), max_keys=100)
    spread = 0x9E3779B97F4A7C15
    entries = [CacheableRead("a", frozenset({"a"}), n * spread % 2**64) for n in range(150)]
    cache.add(entries[0], 1_000_000.0, weight=1.0, database=None)
    cache.end_file()
    for at, entry in enumerate((*entries[1:], *entries[1:])):
        cache.add(entry, float(at), weight=1.0, database=None)
    cache.end_file()
    outcome = cache.outcomes["a"]
    assert cache.clock_went_back
    assert outcome.hits[0] / outcome.lookups == pytest.approx(0.5, abs=0.05)


def test_entries_whose_time_is_over_are_given_up_first() -> None:
    """That loses nothing, so that nothing has to be sampled."""
    cache = CacheReplay((1.0,), max_keys=100)
    for number in range(20_000):
        entry = CacheableRead("a", frozenset({"a"}), (number // 2) * 2**40)
        cache.add(entry, number * 0.1, weight=1.0, database=None)
    cache.end_file()
    assert cache.sampled_ratio == 1.0
    assert cache.outcomes["a"].hits == [10_000]


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("INSERT INTO users (id) VALUES (1)", "users"),
        ("INSERT OR REPLACE INTO main.Users DEFAULT VALUES", "users"),
        ("REPLACE INTO users VALUES (1)", "users"),
        ("UPDATE OR IGNORE users SET id = 1", "users"),
        ('DELETE FROM "Order Lines" WHERE id = 1', "order lines"),
        ("WITH x AS (SELECT 1) UPDATE users SET id = (SELECT 1 FROM x)", "users"),
        ("WITH replace AS (SELECT 1) INSERT INTO users SELECT * FROM replace", "users"),
        ("UPDATE [replace] SET id = 1", "replace"),
        ("INSERT INTO", None),
    ],
)
def test_the_table_of_a_write_is_read_from_its_tokens(sql: str, table: str | None) -> None:
    """In lower case, whatever the schema, the quotes and the conflict clause."""
    assert written_table(template_of(sql)) == table


def test_a_read_depends_on_every_name_in_it() -> None:
    """A table that is left out would make stale answers look fresh."""
    names = read_names(template_of('SELECT a.id FROM "Users" a JOIN main.orders USING (id), plan'))
    assert names >= {"users", "orders", "plan"}


@pytest.mark.parametrize(
    ("sql", "steady"),
    [
        ("SELECT * FROM users WHERE id = 1", True),
        ("SELECT date(created_at), count(*) FROM orders GROUP BY 1", True),
        ("SELECT strftime('%Y', created_at) FROM orders", True),
        ("SELECT * FROM orders WHERE created_at > datetime('now', '-1 day')", False),
        ("SELECT * FROM orders WHERE day = strftime('%Y', 'now')", False),
        ("SELECT * FROM orders WHERE day = CURRENT_DATE", False),
        ("SELECT * FROM orders ORDER BY random()", False),
        ("SELECT last_insert_rowid()", False),
        ("UPDATE users SET id = 1", False),
        ("PRAGMA user_version", False),
    ],
)
def test_only_what_returns_the_same_again_may_be_cached(sql: str, steady: bool) -> None:
    """Time, chance and what is of the connection are no matter of tables."""
    assert is_steady(read_form(sql)) is steady


def test_transactions_do_not_change_the_schema() -> None:
    """Of what is neither read nor write, only what changes tables matters."""
    assert changes_schema(template_of("DROP INDEX i"))
    assert not any(map(changes_schema, map(template_of, ("BEGIN", "COMMIT", "PRAGMA optimize"))))
