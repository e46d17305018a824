"""full-scan, temporary-sort and automatic-index: what plans still do with every index in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.rules import automatic_index, full_scan, run_rules, temporary_sort
from dbtune.model.advice import IndexSpec
from tests.unit.rules.measured import Query, build, codes, facts_of, rows, run

POSTS = (
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT, created TEXT, likes INT, body TEXT)",
    "INSERT INTO posts SELECT n, n % 300, date('2020-01-01', (n * 7919 % 4000) || ' days'),"
    f" n * 31 % 1000, printf('%.200c', 'x') FROM {rows(5000)}",
    "CREATE TABLE authors (id INTEGER PRIMARY KEY, code INT, city TEXT)",
    f"INSERT INTO authors SELECT n, n, 'city' || (n % 10) FROM {rows(50)}",
)
BY_AUTHOR = "SELECT id FROM posts WHERE author = 7"
NEWEST = "SELECT id, body FROM posts ORDER BY created DESC LIMIT 20"
SELF_JOIN = "SELECT count(*) FROM posts AS p CROSS JOIN posts AS q ON q.likes = p.author"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file with 5,000 posts and no index."""
    return build(tmp_path / "posts.db", *POSTS)


def test_a_scan_for_few_rows_is_found_until_its_index_is_there(database: Path) -> None:
    """The finding has the share of the cost, and its index takes it away."""
    (finding,) = full_scan.check(facts_of(database, BY_AUTHOR))
    assert finding.severity == "high"
    assert "each run reads 5,000 rows" in finding.message
    assert "to return 17 rows" in finding.message
    assert finding.command == "CREATE INDEX ix_posts_author ON posts (author);"
    run(database, finding.command)
    assert full_scan.check(facts_of(database, BY_AUTHOR)) == ()
    run(database, "DROP INDEX ix_posts_author")
    assert full_scan.check(facts_of(database, BY_AUTHOR)) == (finding,)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM posts WHERE likes >= 10",
        "SELECT id, body FROM posts",
        "SELECT count(*) FROM posts",
        "SELECT id FROM posts LIMIT 20",
        "SELECT sum(likes) FROM posts WHERE created IS NULL",
        "SELECT id FROM authors WHERE city = 'city3'",
        "SELECT body FROM posts WHERE id = 5",
    ],
)
def test_a_scan_that_is_right_or_short_is_left_alone(database: Path, query: str) -> None:
    """Most rows are asked for, or few are read, or the table is small."""
    assert full_scan.check(facts_of(database, query)) == ()


def test_a_shape_without_weight_is_left_alone(database: Path) -> None:
    """A scan that is under 1 % of the workload's cost would not be noticed."""
    heavy = Query("SELECT max(length(body)) FROM posts", count=100_000)
    assert full_scan.check(facts_of(database, heavy, Query(BY_AUTHOR, count=1))) == ()


def test_the_severity_follows_the_share_of_the_cost(database: Path) -> None:
    """A scan that is some percent of the cost is not high."""
    heavy = Query("SELECT max(length(body)) FROM posts", count=1000)
    facts = facts_of(database, heavy, Query(BY_AUTHOR, count=100))
    assert [finding.severity for finding in full_scan.check(facts)] in (["medium"], ["low"])


def test_a_scan_that_is_small_today_is_low_however_much_of_the_rest_it_is(database: Path) -> None:
    """The message has both shares: what it costs now, and of what is left."""
    facts = facts_of(database, Query(BY_AUTHOR, count=1), "SELECT body FROM posts WHERE id = 5")
    dear = replace(facts.shapes[1], cost_before_ns=50_000.0)
    (finding,) = full_scan.check(replace(facts, shapes=(facts.shapes[0], dear)))
    assert finding.severity == "low"
    assert "4 % of the workload's cost, " in finding.message
    assert "of what the recommended indexes leave" in finding.message


def test_the_outer_table_of_a_join_is_rightly_scanned_once(database: Path) -> None:
    """The join's condition leaves out none of its rows; read again for each row, it would."""
    run(database, "CREATE TABLE likes (post INT)", "CREATE INDEX ix_post ON likes (post)")
    run(database, f"INSERT INTO likes SELECT n FROM {rows(5000)}")
    once = "SELECT count(*) FROM posts AS p CROSS JOIN likes AS l ON l.post = p.id"
    assert full_scan.check(facts_of(database, once)) == ()
    again = (
        "SELECT count(*) FROM authors AS a CROSS JOIN posts AS p "
        "ON p.likes > a.code AND p.likes < a.code + 1"
    )
    (finding,) = full_scan.check(facts_of(database, again))
    assert "posts" in finding.message


def test_an_aggregate_is_low_since_most_rows_may_pass(database: Path) -> None:
    """One row comes back, however many were added up."""
    (finding,) = full_scan.check(
        facts_of(database, "SELECT sum(likes) FROM posts WHERE author > 9")
    )
    assert finding.severity == "low"


def test_a_planner_that_leaves_an_index_aside_is_believed(database: Path) -> None:
    """Where the index for the condition is there already, none is proposed again."""
    run(database, "CREATE INDEX ix_likes ON posts (likes)", "ANALYZE")
    facts = facts_of(database, "SELECT sum(author) FROM posts WHERE +likes > 5 AND likes > 3")
    assert full_scan.check(facts) == ()


def test_a_statement_that_cannot_be_read_is_left_alone(database: Path) -> None:
    """sqlglot does not know everything that SQLite takes."""
    facts = facts_of(database, BY_AUTHOR)
    odd = replace(facts.shapes[0].shape, samples=(), template="SELECT id FROM posts WHERE (")
    shapes = (replace(facts.shapes[0], shape=odd),)
    assert full_scan.check(replace(facts, shapes=shapes)) == ()


def test_a_sort_of_many_rows_is_found_until_an_index_holds_the_order(database: Path) -> None:
    """The index on the column sorted by takes the sort out of the plan."""
    (finding,) = temporary_sort.check(facts_of(database, NEWEST))
    assert "temporary B-tree for ORDER BY" in finding.message
    assert finding.command == "CREATE INDEX ix_posts_created_desc ON posts (created DESC);"
    run(database, finding.command)
    assert temporary_sort.check(facts_of(database, NEWEST)) == ()
    run(database, "DROP INDEX ix_posts_created_desc")
    assert temporary_sort.check(facts_of(database, NEWEST)) == (finding,)


def test_the_index_for_a_sort_begins_with_the_columns_compared(database: Path) -> None:
    """Equality first, then the order: the rows come filtered and in order."""
    query = "SELECT id FROM posts WHERE author IN (3) ORDER BY created, likes DESC LIMIT 5"
    (finding,) = temporary_sort.check(facts_of(database, query))
    assert finding.command is not None
    assert finding.command.endswith("ON posts (author, created, likes DESC);")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT author, count(*) AS n FROM posts WHERE id > 0 GROUP BY id ORDER BY n",
        "SELECT id FROM posts ORDER BY length(body) LIMIT 5",
        "SELECT p.id FROM posts AS p CROSS JOIN authors AS a ON a.id = p.author"
        " ORDER BY a.city, p.created LIMIT 5",
        "SELECT id FROM authors ORDER BY city",
        "SELECT id FROM posts WHERE author = 7 ORDER BY created",
    ],
)
def test_a_sort_that_no_index_saves_is_left_alone(database: Path, query: str) -> None:
    """An aggregate, an expression, two tables, a small table or few rows."""
    assert temporary_sort.check(facts_of(database, query)) == ()


def test_a_sort_of_all_rows_is_low(database: Path) -> None:
    """Without a LIMIT an index saves the sort, and looks each row up instead."""
    everything = "SELECT id, body FROM posts ORDER BY created"
    (finding,) = temporary_sort.check(facts_of(database, everything))
    assert finding.severity == "low"
    assert "LIMIT" in finding.help


def test_the_sort_of_an_explained_scan_is_not_told(database: Path) -> None:
    """An index in that order would make a search for a text inside slower."""
    query = "SELECT id FROM posts WHERE body LIKE '%xyz%' ORDER BY created LIMIT 5"
    facts = facts_of(database, query)
    assert codes(temporary_sort.check(facts)) == ["temporary-sort"]
    assert set(codes(run_rules(facts))) == {"leading-wildcard", "rollback-journal"}


def test_one_index_for_a_scan_and_its_sort_is_told_of_once(database: Path) -> None:
    """Both findings have the same SQL; the scan stays."""
    query = "SELECT id FROM posts WHERE author = 7 AND likes > 5 ORDER BY likes LIMIT 3"
    facts = facts_of(database, query)
    (scan,), (sort,) = full_scan.check(facts), temporary_sort.check(facts)
    assert scan.command == sort.command
    assert set(codes(run_rules(facts))) == {"full-scan", "rollback-journal"}


def test_a_group_by_is_a_sort_too(database: Path) -> None:
    """Groups come from a temporary B-tree unless an index holds them together."""
    query = "SELECT author, sum(likes) FROM posts GROUP BY author"
    (finding,) = temporary_sort.check(facts_of(database, query))
    assert "GROUP BY" in finding.message
    assert finding.command is not None
    run(database, finding.command, "CREATE INDEX ix ON posts (author, likes)")
    assert temporary_sort.check(facts_of(database, query)) == ()


def test_an_index_built_for_each_run_is_found_until_one_stays(database: Path) -> None:
    """The index of the finding takes AUTOMATIC out of the plan."""
    (finding,) = automatic_index.check(facts_of(database, SELF_JOIN))
    assert "builds an index on (likes) from 5,000 rows" in finding.message
    assert finding.command == "CREATE INDEX ix_posts_likes ON posts (likes);"
    run(database, finding.command)
    assert automatic_index.check(facts_of(database, SELF_JOIN)) == ()
    run(database, "DROP INDEX ix_posts_likes")
    assert automatic_index.check(facts_of(database, SELF_JOIN)) == (finding,)


def test_an_automatic_index_on_a_small_table_or_subquery_is_left_alone(database: Path) -> None:
    """50 rows are indexed in no time, and a subquery's rows cannot be."""
    small = "SELECT count(*) FROM posts AS p CROSS JOIN authors AS a ON a.code = p.author"
    subquery = (
        "SELECT count(*) FROM posts AS p CROSS JOIN "
        "(SELECT author, max(likes) AS most FROM posts GROUP BY author) AS m ON m.most = p.likes"
    )
    assert automatic_index.check(facts_of(database, small, subquery)) == ()


def test_a_hostile_table_name_is_recognised_in_a_plan(tmp_path: Path) -> None:
    """The plan prints the name bare, whatever it holds."""
    path = build(
        tmp_path / "hostile.db",
        'CREATE TABLE "a USING b\n(c=?)" ("x y" INT, z)',
        f'INSERT INTO "a USING b\n(c=?)" SELECT n, n FROM {rows(3000)}',
    )
    (finding,) = full_scan.check(facts_of(path, 'SELECT z FROM "a USING b\n(c=?)" WHERE "x y" = 5'))
    assert "\n" not in finding.message
    assert finding.command is not None
    run(path, finding.command)


def test_the_recommended_index_is_not_proposed_again(database: Path) -> None:
    """Facts with the index recommended and a plan that ignores it give no finding."""
    facts = replace(facts_of(database, BY_AUTHOR), new_indexes=(IndexSpec("posts", ("author",)),))
    assert full_scan.check(facts) == ()


def test_a_query_that_refuses_indexes_is_told_so(database: Path) -> None:
    """NOT INDEXED: an index would be proposed in vain."""
    (finding,) = full_scan.check(
        facts_of(database, Query("SELECT id FROM posts NOT INDEXED WHERE author = 7"))
    )
    assert finding.command is None and "NOT INDEXED" in finding.help
