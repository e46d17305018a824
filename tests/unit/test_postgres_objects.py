"""Keys, indexes, CHECKs and generated columns, planned and created on PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dbtune.model.transfer import CheckPlan, IndexPlan, TargetFacts
from dbtune.postgres.objects.plan_objects import ObjectOptions
from dbtune.postgres.objects.verify_objects import check_objects
from tests.fixtures.planned import (
    Planned,
    create_objects,
    emptied,
    make_database,
    module_database,
    plan_database,
    target_facts,
)

V15, V18 = TargetFacts(server_version=150000), TargetFacts(server_version=180000)


def planned(
    tmp_path: Path, *statements: str, target: TargetFacts = V15, orphans: str = "keep"
) -> Planned:
    """The plan of a database that statements make."""
    path = make_database(tmp_path / "s.db", *statements)
    return plan_database(path, ObjectOptions(orphans=orphans, target=target))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def database(postgres_admin: str) -> Iterator[str]:
    """One database for all tests here."""
    with module_database(postgres_admin, "objects") as conninfo:
        yield conninfo


@pytest.fixture
def target(database: str) -> str:
    """That database, empty."""
    return emptied(database)


def create(target: str, plan: Planned) -> None:
    """Create all objects and compare them with the plan."""
    with psycopg.connect(target) as connection:
        create_objects(connection, plan.plan)
        assert check_objects(connection, "public", plan.plan) == ()


def run(target: str, statement: str) -> list[tuple[object, ...]]:
    """Run one statement on the target."""
    with psycopg.connect(target) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


# --- primary keys and identity ---


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["CREATE TABLE t (id INTEGER PRIMARY KEY)"], 1),
        (["CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (41)"], 42),
        (["CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (-5)"], 1),
        (
            [
                "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
                "INSERT INTO t VALUES (7)",
                "DELETE FROM t",
            ],
            8,
        ),
        (
            [
                "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
                "INSERT INTO t VALUES (7)",
                "UPDATE sqlite_sequence SET seq = 'x'",
            ],
            8,
        ),
        (
            ["CREATE TABLE t (id INTEGER PRIMARY KEY)", f"INSERT INTO t VALUES ({2**63 - 1})"],
            2**63,
        ),
    ],
)
def test_the_next_identity_follows_what_sqlite_gave(
    tmp_path: Path, target: str, statements: list[str], expected: int
) -> None:
    """The next value is beyond the largest id and what AUTOINCREMENT remembers."""
    plan = planned(tmp_path, *statements)
    assert plan.table("t").identity_next == expected
    create(target, plan)
    if expected < 2**63:
        assert run(target, "INSERT INTO t DEFAULT VALUES RETURNING id") == [(expected,)]
    else:
        with pytest.raises(psycopg.errors.SequenceGeneratorLimitExceeded):
            run(target, "INSERT INTO t DEFAULT VALUES")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY DESC)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE t (id INTEGER, b INTEGER, PRIMARY KEY (id, b))",
    ],
)
def test_other_primary_keys_have_no_identity(tmp_path: Path, target: str, statement: str) -> None:
    """Only INTEGER PRIMARY KEY numbers rows by itself."""
    plan = planned(tmp_path, statement)
    assert plan.table("t").primary_key and plan.table("t").identity_next is None
    assert not any(column.identity for column in plan.table("t").columns)
    create(target, plan)


def test_null_in_a_primary_key_makes_it_unique(tmp_path: Path, target: str) -> None:
    """SQLite takes NULLs in a primary key; the finding names them and the rows."""
    plan = planned(
        tmp_path, "CREATE TABLE t (a TEXT PRIMARY KEY)", "INSERT INTO t VALUES (NULL), ('x')"
    )
    assert plan.table("t").primary_key == ()
    (unique,) = plan.table("t").indexes
    assert unique.constraint and unique.keys == ('"a"',)
    message = plan.warning("primary-key-null").message
    assert "NULL" in message and "primary key" in message and "rowid 1" in message
    create(target, plan)
    assert run(target, "INSERT INTO t VALUES (NULL), (NULL) RETURNING a") == [(None,), (None,)]


@pytest.mark.parametrize(
    ("statement", "order_key"),
    [
        ("CREATE TABLE t (id INTEGER PRIMARY KEY)", ("id",)),
        ("CREATE TABLE t (a INT, b INT, PRIMARY KEY (b, a))", ("b", "a")),
        ("CREATE TABLE t (a INT, b TEXT, PRIMARY KEY (a, b))", ()),
        ("CREATE TABLE t (a INT)", ()),
    ],
)
def test_keys_of_integers_order_rows_alike(
    tmp_path: Path, statement: str, order_key: tuple[str, ...]
) -> None:
    """A key of integers only is the same order on both sides."""
    assert planned(tmp_path, statement).table("t").order_key == order_key


def test_derived_names_give_way(tmp_path: Path, target: str) -> None:
    """A table, an index and constraints that are called what PostgreSQL would choose."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE, CHECK (a > 0),"
        " CONSTRAINT t_a_check CHECK (a < 9), CONSTRAINT t_a_not_null CHECK (a <> 5))",
        "CREATE TABLE t_id_seq (x INT CONSTRAINT t_pkey PRIMARY KEY)",
        "CREATE INDEX t_pkey ON t (a)",
        "CREATE TABLE t_a_key (x INT NOT NULL CONSTRAINT t_a_key_x_not_null CHECK (x > 1))",
        target=target_facts(target),
    )
    create(target, plan)
    assert plan.table("t").primary_key_name == "t_pkey1"


def test_declared_names_of_constraints_are_kept(tmp_path: Path, target: str) -> None:
    """CONSTRAINT gives the names on PostgreSQL too."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (a INT, b INT, CONSTRAINT pk PRIMARY KEY (a), CONSTRAINT uq UNIQUE (b, a),"
        " CONSTRAINT ck CHECK (a > 0), CONSTRAINT fk FOREIGN KEY (b) REFERENCES p (a))",
    )
    table = plan.table("p")
    assert (table.primary_key_name, table.indexes[0].target) == ("pk", "uq")
    assert (table.checks[0].target, table.foreign_keys[0].target) == ("ck", "fk")
    create(target, plan)


# --- indexes ---

INDEXES: list[tuple[str, tuple[str, ...], bool]] = [
    ("CREATE INDEX i ON t (n)", ('"n"',), False),
    ("CREATE INDEX i ON t (n DESC)", ('"n" DESC',), False),
    ("CREATE INDEX i ON t (m, m DESC)", ('"m"', '"m" DESC'), False),
    ("CREATE UNIQUE INDEX i ON t (s, n)", ('"s"', '"n"'), True),
    ("CREATE INDEX i ON t (s COLLATE NOCASE)", ('lower("s" COLLATE "C")',), False),
    ("CREATE INDEX i ON t (s COLLATE RTRIM)", ('rtrim("s")',), False),
    ("CREATE INDEX i ON t (n COLLATE NOCASE)", ('"n"',), False),
    ("CREATE INDEX i ON t (lower(s))", ('(lower("s" COLLATE "C"))',), False),
    # PostgreSQL drops such a cast: the key is the column.
    ("CREATE INDEX i ON t (CAST(n AS INTEGER) DESC)", ('"n" DESC',), False),
    ("CREATE INDEX i ON t (CAST(s AS TEXT) COLLATE NOCASE)", ('lower("s" COLLATE "C")',), False),
    ("CREATE INDEX i ON t (substr(s, 1, 3))", ('(substr("s", 1, 3))',), False),
]


@pytest.mark.parametrize(("statement", "keys", "unique"), INDEXES)
def test_indexes_keep_direction_collation_and_place_of_nulls(
    tmp_path: Path, target: str, statement: str, keys: tuple[str, ...], unique: bool
) -> None:
    """NULL is below all values in SQLite; a column without NULLs needs no place for them."""
    plan = planned(tmp_path, "CREATE TABLE t (n INT, m INT NOT NULL, s TEXT)", statement)
    assert plan.table("t").indexes == (IndexPlan("i", "i", unique, keys),)
    create(target, plan)


def test_partial_indexes_keep_their_condition(tmp_path: Path, target: str) -> None:
    """The condition is translated as a condition."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (n INT, s TEXT)",
        "CREATE UNIQUE INDEX i ON t (n) WHERE s IS NOT NULL AND n",
    )
    create(target, plan)
    run(target, "INSERT INTO t VALUES (0, 'a'), (0, 'a'), (1, NULL), (1, 'a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(target, "INSERT INTO t VALUES (1, 'b')")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("CREATE INDEX i ON t (typeof(n), strftime('%s', s))", "i"),
        ("CREATE INDEX i ON t (n) WHERE own(s)", "own()"),
        ("CREATE INDEX i ON t (own(s))", "own()"),
    ],
)
def test_indexes_that_do_not_translate_are_reported(
    tmp_path: Path, statement: str, why: str
) -> None:
    """The finding names the index and why; its SQL is kept."""
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("own", 1, str, deterministic=True)
        connection.execute("CREATE TABLE t (n INT, s TEXT)")
        connection.execute(statement)
        connection.commit()
    plan = plan_database(path)
    found = plan.warning("index-not-translated")
    assert found.subject == "t.i" and why in found.message
    assert plan.objects.saved_sql == (("i", statement),)
    assert not plan.table("t").indexes


def test_nocase_is_unique_for_ascii_only(tmp_path: Path, target: str) -> None:
    """UNIQUE COLLATE NOCASE without citext: a and A are one, É and é are two."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (s TEXT COLLATE NOCASE UNIQUE)",
        "INSERT INTO t VALUES ('É'), ('é')",
    )
    create(target, plan)
    assert "NOCASE" in plan.warning("index-collation").message
    run(target, "INSERT INTO t VALUES ('É'), ('é'), ('a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(target, "INSERT INTO t VALUES ('A')")


def test_a_nocase_primary_key_is_both(tmp_path: Path, target: str) -> None:
    """The key stays a key, for foreign keys, beside the index that ignores case."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (s TEXT COLLATE NOCASE PRIMARY KEY)",
        "CREATE TABLE c (s TEXT REFERENCES p)",
        "INSERT INTO p VALUES ('É')",
        "INSERT INTO c VALUES ('É')",
    )
    create(target, plan)
    assert plan.table("p").primary_key == ("s",)
    assert [index.constraint for index in plan.table("p").indexes] == [False]
    assert [key.validated for key in plan.table("c").foreign_keys] == [True]


def test_a_foreign_key_to_a_nocase_column_finds_its_constraint(tmp_path: Path, target: str) -> None:
    """PostgreSQL takes no index over lower() for a foreign key: UNIQUE stands beside it."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (s TEXT COLLATE NOCASE UNIQUE)",
        "CREATE TABLE c (s TEXT REFERENCES p (s))",
        "INSERT INTO p VALUES ('Bob')",
        "INSERT INTO c VALUES ('bob')",
    )
    create(target, plan)
    assert sorted(index.constraint for index in plan.table("p").indexes) == [False, True]
    # SQLite finds bob's parent, PostgreSQL would not.
    assert [key.validated for key in plan.table("c").foreign_keys] == [False]
    assert "1 row (rowid 1) has no parent" in plan.warning("foreign-key-orphans").message


def test_an_index_by_the_applications_collation_is_reported(tmp_path: Path, target: str) -> None:
    """The data moves; the index is created in PostgreSQL's order and named."""
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_collation("OWN", lambda a, b: (a > b) - (a < b))
        connection.execute("CREATE TABLE t (s TEXT COLLATE OWN)")
        connection.execute("CREATE INDEX i ON t (s)")
        connection.execute("INSERT INTO t VALUES ('b'), ('a')")
        connection.commit()
    plan = plan_database(path)
    assert "OWN" in plan.warning("index-collation").message
    assert plan.warning("index-collation").subject == "t.i"
    create(target, plan)


# --- long keys ---


@pytest.mark.parametrize(
    ("index", "rows_kept_apart"),
    [
        ("CREATE UNIQUE INDEX i ON t (s)", True),
        ("CREATE UNIQUE INDEX i ON t (n, s)", True),
        ("CREATE INDEX i ON t (s)", False),
        ("CREATE INDEX i ON t (n, s)", False),
        ("CREATE INDEX i ON t (s, n)", False),
        ("CREATE UNIQUE INDEX i ON t (b)", True),
        ("CREATE INDEX i ON t (upper(s))", False),
    ],
)
def test_keys_beyond_the_limit_of_postgresql(
    tmp_path: Path, target: str, index: str, rows_kept_apart: bool
) -> None:
    """Long values are unique over a hash, or indexed as far as they can be, and reported."""
    path = make_database(tmp_path / "s.db", "CREATE TABLE t (n INT, s TEXT, b BLOB)", index)
    # Digits of digests, which compress to half: PostgreSQL measures after compression.
    long = "".join(chr(33 + (i * i * 7 + i // 3) % 90) for i in range(9000))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES (1, ?, ?)", (long, long.encode()))
        connection.commit()
    plan = plan_database(path)
    found = plan.warning("index-key-too-long")
    assert found.subject == "t.i" and "2,704" in found.message
    create(target, plan)
    insert = "INSERT INTO t VALUES (1, %s, %s)"
    with psycopg.connect(target) as connection:
        connection.execute(insert, (long, long.encode()))
        connection.execute(insert, (long + "x", (long + "x").encode()))
        if rows_kept_apart:
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute(insert, (long, long.encode()))


def test_a_long_primary_key_is_unique_over_a_hash(tmp_path: Path, target: str) -> None:
    """The table has no primary key on PostgreSQL, and what refers to it is named."""
    path = make_database(
        tmp_path / "s.db",
        "CREATE TABLE t (s TEXT PRIMARY KEY NOT NULL)",
        "CREATE TABLE c (s TEXT REFERENCES t)",
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES (?)", ("x" * 3000,))
        connection.commit()
    plan = plan_database(path)
    assert plan.table("t").primary_key == ()
    assert plan.codes() == [("index-key-too-long", "t.s"), ("foreign-key-not-created", "c.s")]
    create(target, plan)


def test_long_values_outside_a_partial_index_do_not_count(tmp_path: Path) -> None:
    """What the index does not hold may be of any length."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (s TEXT)",
        "CREATE INDEX i ON t (s) WHERE length(s) < 100",
        "INSERT INTO t VALUES (hex(zeroblob(3000)))",
    )
    assert plan.codes() == [("index-translated", "t.i")]


# --- checks ---


def checks(plan: Planned, table: str = "t") -> tuple[CheckPlan, ...]:
    """The CHECKs of a table."""
    return plan.table(table).checks


@pytest.mark.parametrize(
    "check",
    [
        "b IN (0, 1)",
        "b IN (0,1) OR b IS NULL",
        "b IS NULL OR b BETWEEN 0 AND 1",
        "b = 0 OR b = 1",
        "(b in (1,0) and c in (0,1))",
    ],
)
def test_a_check_that_the_type_implies_goes(tmp_path: Path, check: str) -> None:
    """A boolean column needs nobody to say that it is one."""
    plan = planned(tmp_path, f"CREATE TABLE t (b BOOLEAN, c BOOLEAN, CHECK ({check}))")
    assert checks(plan) == () and plan.codes() == []


def test_a_check_that_says_more_than_the_type_stays(tmp_path: Path, target: str) -> None:
    """One value of two, or two columns together."""
    plan = planned(
        tmp_path, "CREATE TABLE t (b BOOLEAN, c BOOLEAN, CHECK (b IN (1)), CHECK (b OR c))"
    )
    create(target, plan)
    assert len(checks(plan)) == 2
    run(target, "INSERT INTO t VALUES (true, false), (NULL, NULL)")
    with pytest.raises(psycopg.errors.CheckViolation):
        run(target, "INSERT INTO t VALUES (false, true)")


@pytest.mark.parametrize("check", ["json_valid(j)", '(JSON_VALID("j") OR "j" IS NULL)'])
def test_a_check_for_json_goes_with_a_type_of_json(tmp_path: Path, check: str) -> None:
    """What Django and others write for a column that holds JSON."""
    plan = planned(tmp_path, f"CREATE TABLE t (j JSON CHECK ({check}))")
    assert checks(plan) == () and plan.codes() == []


def test_a_check_that_rows_break_is_not_valid(tmp_path: Path, target: str) -> None:
    """The rows stay and are named; new rows are checked."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (z INT, s TEXT)",
        "INSERT INTO t VALUES (1, 'a'), (-1, 'b'), (NULL, 'c')",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql ="
        " 'CREATE TABLE t (z INT, s TEXT, CONSTRAINT ck CHECK (z > 0))'",
    )
    assert [check.validated for check in checks(plan)] == [False]
    found = plan.warning("check-not-valid")
    assert found.subject == "t.ck" and "rowid 2" in found.message
    create(target, plan)


def test_a_check_that_does_not_translate_is_reported(tmp_path: Path) -> None:
    """Under its name, its column, or its table."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (a INT CHECK (soundex(a)), CONSTRAINT n CHECK (soundex(a) > 1),"
        " CHECK (soundex(a) > 2))",
    )
    assert plan.codes() == [
        ("check-not-translated", "t.a"),
        ("check-not-translated", "t.n"),
        ("check-not-translated", "t"),
    ]
    assert len(plan.objects.saved_sql) == 3


# --- generated columns ---


@pytest.mark.parametrize("facts", [V15, V18], ids=["15", "18"])
def test_generated_columns_are_generated(tmp_path: Path, target: str, facts: TargetFacts) -> None:
    """STORED stays STORED; VIRTUAL is VIRTUAL where PostgreSQL has it and no key holds it."""
    if target_facts(target).server_version < facts.server_version:
        pytest.skip("needs PostgreSQL 18")
    plan = planned(
        tmp_path,
        "CREATE TABLE t (a INT, s TEXT, v INT AS (a + 1), k INT AS (a * 2),"
        " st TEXT AS (s || '!') STORED, b INT AS (s IS 'x'))",
        "CREATE INDEX i ON t (k)",
        "INSERT INTO t (a, s) VALUES (1, 'x')",
        target=facts,
    )
    kinds = {c.source: c.generated_virtual for c in plan.table("t").columns if c.generated_sql}
    assert kinds == {"v": facts is V18, "k": False, "st": False, "b": facts is V18}
    create(target, plan)
    row = run(target, "INSERT INTO t (a, s) VALUES (4, 'x') RETURNING v, k, st, b")
    assert row == [(5, 8, "x!", 1)]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("g TEXT AS (soundex(a))", "soundex()"),
        ("g INT AS (b + 1), b INT AS (a + 1)", "made of b"),
        ("g INT AS (a * 1.0)", "type bigint"),
        ("g STRING AS (s || s)", "look like"),
    ],
)
def test_other_generated_columns_are_plain(
    tmp_path: Path, target: str, column: str, why: str
) -> None:
    """They keep their values and are reported."""
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("soundex", 1, str, deterministic=True)
        connection.execute(f"CREATE TABLE t (a INT, s TEXT, {column})")
        connection.commit()
    plan = plan_database(path, ObjectOptions(target=V15))
    found = [f for f in plan.objects.warnings if f.code == "generated-column-plain"]
    assert found[0].subject == "t.g" and why in found[0].message
    assert plan.table("t").columns[2].loaded
    create(target, plan)


# --- the rest ---


def test_conflict_clauses_are_reported(tmp_path: Path, target: str) -> None:
    """The constraint is kept; what SQLite did instead is named."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, a TEXT UNIQUE ON CONFLICT"
        " IGNORE, b INT NOT NULL ON CONFLICT ABORT, c INT NOT NULL ON CONFLICT REPLACE DEFAULT 0)",
    )
    assert plan.codes() == [
        ("on-conflict-lost", "t.id"),
        ("on-conflict-lost", "t.a"),
        ("on-conflict-lost", "t.c"),
    ]
    assert "ON CONFLICT REPLACE" in plan.objects.warnings[0].message
    create(target, plan)


def test_triggers_are_named_and_kept(tmp_path: Path) -> None:
    """Each is a finding, and its SQL is saved."""
    sql = "CREATE TRIGGER trg AFTER INSERT ON t BEGIN DELETE FROM t; END"
    plan = planned(tmp_path, "CREATE TABLE t (a)", sql)
    assert plan.codes() == [("trigger-not-moved", "t.trg")]
    assert plan.objects.saved_sql == (("trg", sql),)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE VIRTUAL TABLE f USING fts5(body)"], ["fts5", "empty"]),
        (
            ["CREATE VIRTUAL TABLE f USING fts5(body)", "INSERT INTO f VALUES ('x'), ('y')"],
            ["2 rows", "not carried"],
        ),
        (
            ["CREATE TABLE d (body)", "CREATE VIRTUAL TABLE f USING fts5(body, content='d')"],
            ['over "d"'],
        ),
        (["CREATE VIRTUAL TABLE f USING fts5(body, content='')"], ["without texts"]),
        # As Room and sqlite-utils write it.
        (
            ["CREATE TABLE d (body)", "CREATE VIRTUAL TABLE f USING fts4(body, content=`d`)"],
            ['over "d"'],
        ),
        (
            ["CREATE VIRTUAL TABLE f USING rtree(id, x0, x1)", "INSERT INTO f VALUES (1, 2, 3)"],
            ["rtree", "1 row lives only there", "f_node"],
        ),
    ],
)  # fmt: skip
def test_virtual_tables_are_reported(
    tmp_path: Path, statements: list[str], words: list[str]
) -> None:
    """The module, and what lives only there; shadow tables are no tables."""
    plan = planned(tmp_path, *statements)
    found = plan.warning("virtual-table")
    assert found.subject == "f"
    assert all(word in found.message for word in ["virtual", *words])
    assert all(not table.source.startswith("f") for table in plan.plan.tables)


def test_an_unknown_module_is_reported(tmp_path: Path) -> None:
    """Nothing is known of its contents."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (a)",
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_master VALUES"
        " ('table', 'x', 'x', 0, 'CREATE VIRTUAL TABLE x USING own(a)')",
    )
    assert plan.codes() == [("virtual-table", "x")]
    assert "own" in plan.warning("virtual-table").message
