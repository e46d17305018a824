"""Templates, fingerprints and kinds of statements."""

from __future__ import annotations

import hashlib
import time

import pytest

from dbtune.workload.comments import read_tags
from dbtune.workload.fingerprint import fingerprint, kind_of, shape_id, template_of

IN_AND_LIKE = "select a from t where b in (?) and c like ?"
BETWEEN = "select a from t where a between ? and ? and z"
ENDS = 'select a from t where b < "end" or b is not ?'
TEMPLATES = [
    # values
    ("SELECT * FROM users WHERE id = 42", "select * from users where id = ?"),
    ("SELECT a FROM t LIMIT 10 OFFSET 200", "select a from t limit ? offset ?"),
    ("SELECT 'it''s', X'0aFF', 0x1F, 1.5e-3, .5, 1_000", "select ?, ?, ?, ?, ?, ?"),
    ("SELECT a FROM t WHERE b = -5 AND c > +1", "select a from t where b = ? and c > ?"),
    ("SELECT a - 1, a -1, (a) - 1 FROM t", "select a - ?, a - ?, (a) - ? from t"),
    ("SELECT 0x1e+5", "select ? + ?"),
    ("SELECT a FROM t WHERE b = 1 OR b = 1.5.5", "select a from t where b = ? or b = ? ?"),
    # placeholders
    (
        "SELECT ?, ?1, :a, @a, $a, %s, %(a)s, $1, :1",
        "select ?, ?, ?, ?, ?, ?, ?, ?, ?",
    ),
    ("SELECT a %s FROM t", "select a % s from t"),
    ("SELECT a %(b)s FROM t", "select a % (b) s from t"),
    ("SELECT a %% 2 FROM t WHERE b LIKE '%s'", "select a % % ? from t where b like ?"),
    # NULL and truth values are values only where a value stands
    ("SELECT a FROM t WHERE b IS NULL", "select a from t where b is null"),
    ("SELECT a FROM t WHERE b IS NOT NULL", "select a from t where b is not null"),
    ("INSERT INTO t VALUES (1, NULL, TRUE)", "insert into t values (?, ?, ?)"),
    ("UPDATE t SET a = NULL, b = false", "update t set a = ?, b = ?"),
    ("SELECT a FROM t WHERE b IN (NULL, 1)", "select a from t where b in (?)"),
    ("SELECT NULL, coalesce(a, NULL) FROM t", "select null, coalesce(a, null) from t"),
    ("CREATE TABLE t(a DEFAULT NULL)", "create table t(a default null)"),
    # layout, comments and case
    ("select\n\ta ,b\r\nFROM T", "select a, b from t"),
    ("SELECT a -- why\nFROM t /* and\nhow */ ;", "select a from t"),
    ("/*route='x'*/ SELECT 1 /*a='b'*/", "select ?"),
    ("SELECT '--', '/*' FROM t", "select ?, ? from t"),
    ("SELECT /* a /* b */ c", "select c"),
    ("SELECT a /* no end", "select a"),
    ("SELECT count ( * ) FROM t WHERE (a)=(1)", "select count(*) from t where (a) = (?)"),
    ("SELECT a->>'$.b', a || 'x' FROM t", "select a ->> ?, a || ? from t"),
    # names
    ('SELECT "users"."id" FROM "users"', "select users.id from users"),
    ('SELECT "Name" FROM [My Table], `k`', 'select "Name" from "My Table", k'),
    ('SELECT "order", "null" FROM t', 'select "order", "null" from t'),
    ('SELECT "a""b", `c``d` FROM t', 'select "a""b", "c`d" from t'),
    ("SELECT É, Größe, 😀 FROM t", "select É, größe, 😀 from t"),
    ("SELECT a1, x1y FROM t2", "select a1, x1y from t2"),
    # texts in double quotes, where a value stands, and names there that are told by what they are
    ('SELECT a FROM t WHERE b = "text"', "select a from t where b = ?"),
    ('SELECT a FROM t WHERE b IN ("x", "y") AND c LIKE "%z"', IN_AND_LIKE),
    ('SELECT a FROM t WHERE b IN ("x", 1) AND c LIKE -- why\n"%z"', IN_AND_LIKE),
    ('INSERT INTO t ("a", "b") VALUES ("x", "y"), ("z", 1)', "insert into t(a, b) values (?, ?)"),
    ('SELECT a FROM t WHERE a BETWEEN "x" AND "y" AND "z"', BETWEEN),
    ('UPDATE t SET "a" = "x", b = "b" + 1', "update t set a = ?, b = b + ?"),
    ('SELECT a FROM t WHERE b = "t"."c"', "select a from t where b = t.c"),
    ('SELECT a FROM t WHERE b = "t"/**/ ."c"', "select a from t where b = t.c"),
    ('SELECT a FROM t WHERE b < "end" OR b IS NOT "x"', ENDS),
    (
        'SELECT a FROM t WHERE b IN (SELECT c, "d" FROM e)',
        "select a from t where b in (select c, d from e)",
    ),
    ('SELECT a FROM t WHERE b IN "t"', "select a from t where b in t"),
    # lists
    ("SELECT a FROM t WHERE b IN (1,2,3)", "select a from t where b in (?)"),
    ("SELECT a FROM t WHERE b NOT IN ('x')", "select a from t where b not in (?)"),
    ("SELECT a FROM t WHERE b IN (?, ?, -1)", "select a from t where b in (?)"),
    ("SELECT a FROM t WHERE b IN ()", "select a from t where b in ()"),
    ("SELECT a FROM t WHERE b IN (1, c)", "select a from t where b in (?, c)"),
    (
        "SELECT a FROM t WHERE (b, c) IN ((1,2),(3,4)) AND d IN (SELECT e FROM f WHERE g IN (1,2))",
        "select a from t where (b, c) in ((?, ?)) and d in (select e from f where g in (?))",
    ),
    ("INSERT INTO t VALUES (1,2), (3,4), (5,6)", "insert into t values (?, ?)"),
    ("INSERT INTO t VALUES (1,now()), (2,now())", "insert into t values (?, now())"),
    ("INSERT INTO t VALUES (1), (now()), (now())", "insert into t values (?), (now())"),
    ("INSERT INTO t VALUES (?,?), (?,?), (?, ?)", "insert into t values (?, ?)"),
    ("INSERT INTO t VALUES (1,2), (?,?), (3, 'x')", "insert into t values (?, ?)"),
    ("INSERT INTO t VALUES (1), (2), (a), (3), (4)", "insert into t values (?), (a), (?)"),
    ("INSERT INTO t VALUES (), ()", "insert into t values ()"),
    ("SELECT max(1, 2), max(1)", "select max(?, ?), max(?)"),
    # broken texts
    ("SELECT 'no end", "select ?"),
    ('SELECT "no end', 'select " no end'),
    ('SELECT a WHERE b = "no end', 'select a where b = " no end'),
    ("SELECT [no end", 'select "no end"'),
    ("SELECT a)) FROM ((t", "select a)) from ((t"),
    ("SELECT \0a", "select \ufffd a"),
    ("SELECT 123abc", "select ?"),
    ("", ""),
    (" ;; ", ""),
    ("-- nothing", ""),
]


@pytest.mark.parametrize(("sql", "template"), TEMPLATES)
def test_template(sql: str, template: str) -> None:
    """A statement folds to the template that its like fold to."""
    assert template_of(sql) == template


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t", "SELECT a FROM u"),
        ("SELECT a FROM t", "SELECT b FROM t"),
        ("SELECT a FROM t WHERE b < 1", "SELECT a FROM t WHERE b <= 1"),
        ("SELECT a FROM t ORDER BY b", "SELECT a FROM t ORDER BY b DESC"),
        ("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1, 2)"),
        ("SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b IS NOT NULL"),
        ('SELECT "A" FROM t', "SELECT A FROM t"),
        ("SELECT a.b FROM t", "SELECT a, b FROM t"),
        ("SELECT a - 1 FROM t", "SELECT a + 1 FROM t"),
    ],
)
def test_different_queries_have_different_shapes(one: str, other: str) -> None:
    """What may have another plan is another shape."""
    assert shape_id(one) != shape_id(other)


def test_shape_id_is_the_start_of_the_fingerprint() -> None:
    """The id is the first 12 hex digits of the template's SHA-256, in every version."""
    template = "select a from t where b = ?"
    assert fingerprint(template) == hashlib.sha256(template.encode()).hexdigest()
    assert shape_id("SELECT a FROM t WHERE b = 7") == fingerprint(template)[:12] == "4b124bda1d9a"


KINDS = [
    ("SELECT 1", "read"),
    ("/* x */ values (1)", "read"),
    ("WITH a AS (SELECT 1) SELECT * FROM a", "read"),
    ("WITH RECURSIVE a(n) AS (VALUES (1) UNION SELECT n FROM a) SELECT (n) FROM a", "read"),
    ("WITH a AS (SELECT 1), replace AS (SELECT 2) SELECT 1", "read"),
    ("INSERT INTO t SELECT 1", "write"),
    ("replace into t values (1)", "write"),
    ("UPDATE t SET a = 1", "write"),
    ("DELETE FROM t", "write"),
    ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "write"),
    ("with a as (select 1) delete from t", "write"),
    ("EXPLAIN SELECT 1", "other"),
    ("EXPLAIN QUERY PLAN DELETE FROM t", "other"),
    ("PRAGMA user_version = 1", "other"),
    ("ATTACH 'x.db' AS x", "other"),
    ("BEGIN IMMEDIATE", "other"),
    ("CREATE TABLE t AS SELECT 1", "other"),
    ("CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t; END", "other"),
    ("VACUUM INTO 'x'", "other"),
    ("SELECT 1; DELETE FROM t", "other"),
    ("WITH a AS (SELECT 1", "other"),
    ("", "other"),
    ("hello", "other"),
]


@pytest.mark.parametrize(("sql", "kind"), KINDS)
def test_kind(sql: str, kind: str) -> None:
    """Only single queries are reads or writes; everything else is left alone."""
    assert kind_of(sql) == kind


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT '" + "''" * 500_000,
        "SELECT '" + "a" * 1_000_000,
        'SELECT "' + '""' * 500_000,
        "SELECT " + "[" * 1_000_000,
        "SELECT " + "/*" * 500_000,
        "SELECT " + "-" * 1_000_000,
        "SELECT " + "(" * 100_000 + ")" * 100_000,
        "INSERT INTO t VALUES " + ",".join(["(1, 'x')"] * 100_000),
        "SELECT a FROM t WHERE b IN (" + ",".join(["1"] * 300_000) + ")",
        "SELECT " + "1e" * 400_000,
        "SELECT " + "0" * 1_000_000,
        "SELECT " + "- " * 100_000 + "1",
        "SELECT " + "%(" * 50_000,
    ],
    ids=lambda sql: sql[:30],
)
def test_a_statement_of_a_megabyte_takes_linear_time(sql: str) -> None:
    """No text makes the expressions run away: the worst takes seconds of CPU, not hours."""
    started = time.process_time()
    shape_id(sql)
    assert time.process_time() - started < 20


def test_sqlcommenter_tags_are_read() -> None:
    """Route and trace are taken out of a comment, and out of nothing else."""
    tags = read_tags(
        "SELECT '/*route=''no''*/' /*route='%2Fusers%2F%3Cid%3E',traceparent='00-ab-cd-01'*/"
    )
    assert (tags.route, tags.traceparent) == ("/users/<id>", "00-ab-cd-01")
    assert read_tags("SELECT 1 -- route='x'").route is None
