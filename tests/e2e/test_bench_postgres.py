"""`dbtune bench --postgres`: the same load on SQLite and on the PostgreSQL it was migrated to."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from dbtune.benchmark.fresh_keys import FreshValues
from dbtune.benchmark.send_unit import UnitSender
from dbtune.errors import RefusedError, TargetError
from dbtune.journeys.bench import POSTGRES, BenchOptions, bench
from dbtune.journeys.bench_postgres import PostgresPlace, PostgresSide, postgres_side
from dbtune.model.load import LoadRate, LoadSettings
from dbtune.model.workload import RecordedQuery
from dbtune.postgres.server.database_copy import PREFIX
from tests.fixtures.load import ENDLESS, make_shop, plan_of
from tests.fixtures.migrating import ask, migrate

RECORDING = """
SELECT name FROM users WHERE id = 1;
INSERT INTO users (email, name) VALUES ('c@example.org', 'C') ON CONFLICT DO NOTHING;
UPDATE orders SET total = total + 1 WHERE id = 1;
SELECT strftime('%J', 'now', 'weekday 0') FROM users;
"""
INSERT = "INSERT INTO orders (id, user_id, total) VALUES (?, ?, ?)"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop and a recording of it."""
    (tmp_path / "app.sql").write_text(RECORDING)
    return make_shop(tmp_path / "shop.db")


@pytest.fixture
def migrated(shop: Path, target: str) -> str:
    """The shop's own PostgreSQL, of a role that may not create databases."""
    assert migrate(shop, target).returncode == 0
    return target


@pytest.fixture
def as_admin(migrated: str, postgres_admin: str) -> str:
    """The same for a superuser."""
    user = psycopg.conninfo.conninfo_to_dict(postgres_admin).get("user", "postgres")
    return make_conninfo(migrated, user=str(user))


def options(shop: Path, conninfo: str) -> BenchOptions:
    """Options of a quick load on both."""
    return BenchOptions(
        queries=(str(shop.parent / "app.sql"),),
        configs=("wal+hook",),
        rates=(LoadRate(clients=3),),
        settings=LoadSettings(duration_s=0.4, processes=1, threads=2),
        postgres=conninfo,
    )


def databases(admin: str) -> set[str]:
    """The databases that a load made and did not drop."""
    names = (name for (name,) in ask(admin, "SELECT datname FROM pg_database"))
    return {name for name in names if name.startswith(PREFIX)}


def test_both_engines_get_the_same_load(shop: Path, as_admin: str) -> None:
    """Writes go to a copy of the target, which is dropped; what one refuses neither gets."""
    found = bench(shop, options(shop, as_admin))
    assert [run.config for run in found.runs] == ["wal+hook", POSTGRES]
    for run in found.runs:
        assert run.succeeded > 0
        assert run.failures.total == 0
        assert len(run.shapes) == 3
    assert {s.shape_id for s in found.runs[0].shapes} == {s.shape_id for s in found.runs[1].shapes}
    assert any("PostgreSQL says" in line and "strftime" in line for line in found.not_checked)
    assert ask(as_admin, "SELECT count(*), sum(total) FROM orders") == [(2, 12.5)]
    assert databases(as_admin) == set()


def test_without_a_copy_to_write_to_only_reads_are_measured(shop: Path, migrated: str) -> None:
    """And that is said."""
    found = bench(shop, options(shop, migrated))
    assert all(
        [shape.text for shape in run.shapes] == ["SELECT name FROM users WHERE id = 1"]
        for run in found.runs
    )
    assert "reads only" in found.notes[0]
    assert "permission denied to create database" in found.notes[0]


def test_a_target_without_the_tables_is_refused(shop: Path, target: str) -> None:
    """With their names, before anything is loaded."""
    with pytest.raises(RefusedError, match=r"no table .*orders"):
        bench(shop, options(shop, target))


def test_a_schema_other_than_public(shop: Path, target: str) -> None:
    """As it was given to the migration; without it the tables are missing."""
    assert migrate(shop, target, "--schema", 'App "1"').returncode == 0
    with pytest.raises(RefusedError, match="schema public of the target has no table"):
        bench(shop, options(shop, target))
    found = bench(shop, replace(options(shop, target), schema='App "1"', mix="reads"))
    for run in found.runs:
        assert run.succeeded > 0
        assert run.failures.total == 0


def test_copies_of_a_killed_run_are_dropped(shop: Path, as_admin: str) -> None:
    """Nobody is connected to them; one that is in use stays."""
    with psycopg.connect(as_admin, autocommit=True) as connection:
        for name in ("dead", "live"):
            connection.execute(f"CREATE DATABASE {PREFIX}{name}".encode())
    with closing(psycopg.connect(make_conninfo(as_admin, dbname=f"{PREFIX}live"))):
        bench(shop, options(shop, as_admin))
        assert databases(as_admin) == {f"{PREFIX}live"}
    with psycopg.connect(as_admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {PREFIX}live WITH (FORCE)".encode())


def side(shop: Path, conninfo: str, *queries: RecordedQuery | str) -> PostgresSide:
    """The target's side of a load of these."""
    where = PostgresPlace(conninfo)
    return postgres_side(shop, shop, where, plan_of(shop, *queries), lambda event: None)


def sent(found: PostgresSide, *, times: int = 1) -> list[object]:
    """What the units of a load came to, sent one after the other over one connection."""
    with found.fresh() as open_session, closing(open_session()) as session:
        sender = UnitSender(session, found.plan.statements, FreshValues(0))
        return [sender.send(unit).failure for _ in range(times) for unit in found.plan.units]


def test_inserts_are_numbered_by_postgres_and_may_be_repeated(shop: Path, as_admin: str) -> None:
    """A recorded number is not sent, and a unique value is a new one each time."""
    found = side(
        shop,
        as_admin,
        RecordedQuery(INSERT, (1, 1, 2.5)),
        RecordedQuery("INSERT INTO users (email) VALUES (?)", ("a@example.org",)),
        RecordedQuery("INSERT INTO likes VALUES (?, ?)", (2, "p")),
        RecordedQuery("INSERT INTO users VALUES (1, 'a@example.org', 'A')"),
    )
    assert found.left_out == ()
    assert sent(found, times=3) == [None] * 12


def test_failures_are_told_apart(shop: Path, as_admin: str) -> None:
    """And the transaction that failed is over."""
    found = side(
        shop,
        as_admin,
        RecordedQuery("UPDATE users SET email = 'a@example.org'", transaction_id="1"),
        RecordedQuery("SELECT 1", transaction_id="1"),
        RecordedQuery("SELECT count(*) FROM users"),
    )
    assert sent(found) == ["constraint", None]


def test_a_connection_that_breaks_ends_the_load(shop: Path, as_admin: str) -> None:
    """With what the server said, and not as a bug."""
    found = side(shop, as_admin, "SELECT count(*) FROM users")
    with found.fresh() as open_session, closing(open_session()) as session:
        ask(
            as_admin,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        sender = UnitSender(session, found.plan.statements, FreshValues(0))
        with pytest.raises(TargetError, match="a connection broke under load"):
            sender.send(found.plan.units[0])


def test_what_takes_too_long_is_stopped_on_the_server(shop: Path, as_admin: str) -> None:
    """An endless query ends as a timeout."""
    (shop.parent / "app.sql").write_text(f"{ENDLESS};\n")
    chosen = options(shop, as_admin)
    settings = LoadSettings(duration_s=0.8, timeout_s=0.2, processes=1, threads=1)
    found = bench(
        shop,
        BenchOptions(
            chosen.queries, chosen.configs, chosen.rates, settings, postgres=chosen.postgres
        ),
    )
    for run in found.runs:
        assert run.succeeded == 0
        assert run.failures.timeout == run.failures.total > 0
