"""`dbtune migrate-to-postgres`, as its users call it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.conftest import RunDbtune
from tests.fixtures.corpora import digests
from tests.fixtures.in_process import run_here
from tests.fixtures.independent_compare import compare_databases
from tests.fixtures.migrating import Make, ask, migrate
from tests.fixtures.moving import make_shop, visible
from tests.fixtures.postgres import FreshDatabase


def test_the_installed_command_moves_a_database(
    tmp_path: Path, target: str, run_dbtune: RunDbtune
) -> None:
    """Rows, keys, indexes and views arrive, the source is untouched, a table of tables ends it."""
    database = make_shop(tmp_path / "shop.db", rows=2000)
    before = digests(database)
    done = run_dbtune("migrate-to-postgres", database, target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert visible(target) == {"customer", "purchase", "log", "spenders"}
    assert compare_databases(database, target) == []
    assert digests(database) == before
    assert "3 of 3" in done.stdout
    assert "Load ..." in done.stderr
    assert ask(target, "SELECT count(*) FROM pg_constraint WHERE contype = 'f'") == [(1,)]
    with psycopg.connect(target) as connection:
        connection.execute("INSERT INTO purchase (customer_id) VALUES (1)")
        assert connection.execute("SELECT max(id) FROM purchase").fetchone() == (2000,)


def test_a_plan_writes_nothing_and_needs_no_server(tmp_path: Path) -> None:
    """--plan tells rows, types, reasons and objects; its --json can be read by programs."""
    database = make_shop(tmp_path / "shop.db", rows=100)
    before = digests(database)
    text = migrate(database, "--plan").stdout
    for word in ("purchase", "99 rows", "numeric(10,2)", "bigint identity", "spenders"):
        assert word in text
    document = json.loads(migrate(database, "--plan", "--json").stdout)
    assert [table["source"] for table in document["tables"]] == ["customer", "purchase", "log"]
    assert digests(database) == before
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


def test_the_ddl_of_a_plan_runs(tmp_path: Path, target: str) -> None:
    """--plan --ddl prints what psql can run into an empty database."""
    database = make_shop(tmp_path / "shop.db", rows=100)
    script = migrate(database, target, "--plan", "--ddl").stdout
    assert visible(target) == set()
    with psycopg.connect(target) as connection:
        connection.execute(script.encode())
    assert visible(target) == {"customer", "purchase", "log", "spenders"}


def test_an_edited_plan_is_followed(make: Make, tmp_path: Path, target: str) -> None:
    """--map takes types and names from a --plan --json document."""
    database = make("CREATE TABLE t (n INTEGER, s TEXT); INSERT INTO t VALUES (1, 'x')")
    document = json.loads(migrate(database, "--plan", "--json").stdout)
    document["tables"][0]["target"] = "things"
    document["tables"][0]["columns"][0].update(pg_type="numeric(6,1)", target="number")
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    done = migrate(database, target, "--map", path)
    assert done.returncode == 0, done.stderr
    assert ask(target, "SELECT number::text, s FROM things") == [("1.0", "x")]


def test_types_names_and_schema_are_the_users(make: Make, target: str) -> None:
    """--type, --rename, --names, --schema, --include and --exclude."""
    database = make(
        """CREATE TABLE OrderLine (lineId INTEGER PRIMARY KEY, amount REAL);
        INSERT INTO OrderLine VALUES (1, 2.5);
        CREATE TABLE skipped (x); CREATE TABLE other (x);"""
    )
    done = migrate(
        database, target, "--type", "orderline.amount=numeric(8,2)", "--names", "snake",
        "--rename", "OrderLine.lineId=id", "--schema", "shop",
        "--include", "o*", "--exclude", "other",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert ask(target, "SELECT id, amount::text FROM shop.order_line") == [(1, "2.50")]
    assert ask(
        target,
        "SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r'",
    ) == [("order_line",)]


def test_schema_only_makes_empty_tables(tmp_path: Path, target: str) -> None:
    """--schema-only creates tables and objects without rows."""
    done = migrate(make_shop(tmp_path / "shop.db", rows=100), target, "--schema-only")
    assert done.returncode == 0, done.stderr
    assert ask(target, "SELECT count(*) FROM purchase") == [(0,)]
    assert visible(target) == {"customer", "purchase", "log", "spenders"}


def test_a_target_that_holds_something_is_refused(make: Make, target: str) -> None:
    """What is there is listed, and never touched."""
    database = make("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    with psycopg.connect(target) as connection:
        connection.execute("CREATE TABLE mine (x int)")
    refused = migrate(database, target)
    assert refused.returncode == 5
    assert "table mine" in refused.stderr
    assert visible(target) == {"mine"}
    again = migrate(database, target, "--schema", "moved")
    assert again.returncode == 0


def test_verify_only_finds_what_changed_since(tmp_path: Path, target: str) -> None:
    """It reads both sides again, names table, column and key, and ends with 6."""
    database = make_shop(tmp_path / "shop.db", rows=500)
    assert migrate(database, target).returncode == 0
    same = migrate(database, target, "--verify-only")
    assert same.returncode == 0, same.stdout + same.stderr
    with psycopg.connect(target) as connection:
        connection.execute("UPDATE customer SET score = score + 1e-9 WHERE id = 17")
    differs = migrate(database, target, "--verify-only")
    assert differs.returncode == 6
    assert "customer.score" in differs.stdout
    assert "id=17" in differs.stdout


def test_a_role_without_rights_is_told_which_it_needs(
    make: Make, fresh_database: FreshDatabase, postgres_admin: str
) -> None:
    """Exit 5 names the right, before anything is written."""
    conninfo = fresh_database()
    name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
    with psycopg.connect(postgres_admin, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} OWNER TO CURRENT_USER".encode())
    refused = migrate(make("CREATE TABLE t (x)"), conninfo)
    assert refused.returncode == 5
    assert "GRANT CREATE ON DATABASE" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--resume", "--discard"],
        ["--ddl"],
        ["--type", "t=text"],
        ["--type", "t.x=nonsense"],
        ["--type", "t.nothing=text"],
        ["--rename", "nothing=t2"],
        ["--include", "nothing"],
        ["--map", "missing.json"],
        ["--jobs", "0"],
    ],
)
def test_options_that_make_no_sense_are_refused(
    arguments: list[str], make: Make, target: str
) -> None:
    """Exit 2 with the value that was seen; nothing is written."""
    refused = migrate(make("CREATE TABLE t (x)"), target, *arguments)
    assert refused.returncode == 2, refused.stderr
    assert visible(target) == set()


def test_no_password_is_ever_shown(make: Make) -> None:
    """Neither in messages nor with the most detail."""
    refused = run_here(
        "-vv", "migrate-to-postgres", make("CREATE TABLE t (x)"),
        "postgresql://app:s3cret@127.0.0.1:1/db?password=s3cret",
    )  # fmt: skip
    assert refused.returncode == 4
    assert "s3cret" not in refused.stdout + refused.stderr


def test_an_empty_database_is_moved(tmp_path: Path, target: str) -> None:
    """0 bytes are a valid database without tables."""
    database = tmp_path / "empty.db"
    database.touch()
    done = migrate(database, target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert visible(target) == set()


def test_a_missing_source_is_not_created(tmp_path: Path, target: str) -> None:
    """Exit 3, and no file."""
    refused = migrate(tmp_path / "none.db", target)
    assert refused.returncode == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", [3, 5])
def test_a_damaged_page_is_named(page: int, tmp_path: Path, target: str) -> None:
    """Exit 3 tells which table and which rowids cannot be read; nothing is visible."""
    database = make_shop(tmp_path / "shop.db", rows=2000)
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'purchase'")
        root = found.fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with database.open("r+b") as file:
        file.seek((root + page) * size)
        file.write(b"\x0d\xff" * (size // 2))
    stopped = migrate(database, target)
    assert stopped.returncode == 3, stopped.stdout + stopped.stderr
    assert "rowid" in stopped.stderr
    assert visible(target) == set()


def test_a_server_that_does_not_answer_is_told_in_whole_sentences(make: Make) -> None:
    """On one line: what libpq says over several is set apart by semicolons."""
    source = make("CREATE TABLE t (x)")
    done = run_here("migrate-to-postgres", source, "postgresql://me@127.0.0.1:1/app")
    assert done.returncode == 4
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("Error:"))
    assert "cannot connect to app on 127.0.0.1:1 as me" in error
    assert " refused; Is the server" in error.replace("Connection", "")
