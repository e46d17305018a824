"""unused-columns and select-star: reads of all columns, measured with fewer of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import select_star, unused_columns
from dbtune.model.workload import QueryShape, Workload
from tests.unit.advisor.workbench import build, filled, shape
from tests.unit.rules.tried import tried_facts

POSTS = (
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER, at TEXT, title TEXT, raw TEXT)",
    filled(
        "posts",
        "author, at, title, raw",
        # Long rows, which no index holds a copy of.
        "n % 15, 'day ' || n, 'title ' || n, hex(zeroblob(1200))",
        1500,
    ),
)
INDEX = "CREATE INDEX by_author ON posts (author, at)"
PAGE = "SELECT * FROM posts WHERE author = 7 ORDER BY at DESC"
TITLES = "SELECT id, title FROM posts WHERE id = 9"


def tried(path: Path, *texts: str, schema: tuple[str, ...] = (*POSTS, INDEX)) -> Facts:
    """Build a database, and try what its reads would cost with fewer columns."""
    return tried_facts(build(path / "t.db", *schema), *map(sent, texts))


def sent(text: str, count: float = 100.0) -> QueryShape:
    """Return a shape with two authors asked for, so that no index is made for one."""
    return shape(text, text.replace("author = 7", "author = 8"), count=count)


def again(path: Path, *shapes: QueryShape) -> Facts:
    """Try the same database with other statements."""
    return tried_facts(path / "t.db", *shapes)


def test_columns_that_nothing_names_are_found_until_they_are_left_out(tmp_path: Path) -> None:
    """The statement of the finding fetches so many bytes less, and is no finding itself."""
    facts = tried(tmp_path, PAGE, TITLES)
    (finding,) = unused_columns.check(facts)
    assert (finding.severity, finding.change) == ("info", None)
    assert "names raw: 240.0 kB of the" in finding.message
    assert "in no recording" in finding.help
    assert finding.command == (
        'SELECT "id", "author", "at", "title" FROM posts WHERE author = 7 ORDER BY at DESC'
    )
    assert unused_columns.check(again(tmp_path, sent(finding.command), shape(TITLES))) == ()


def test_bytes_a_minute_need_times(tmp_path: Path) -> None:
    """Told where the recording spans a minute or more."""
    facts = tried(tmp_path, PAGE)
    times = ("2026-01-31T12:00:00.000000Z", "2026-01-31T12:10:00.000000Z")
    workload = Workload((), 1, started_at=times[0], ended_at=times[1])
    for given, told in ((workload, True), (replace(workload, ended_at=times[0]), False)):
        (finding,) = unused_columns.check(replace(facts, workload=given))
        assert ("a minute" in finding.message) is told


@pytest.mark.parametrize(
    "texts",
    [
        (PAGE, "SELECT raw, title FROM posts WHERE id = 9"),
        (PAGE, "SELECT id FROM posts WHERE raw > 'x'"),
        (PAGE, "UPDATE posts SET title = raw WHERE id = 9"),
        (PAGE.replace("*", "id, author, at, title"),),
        ("SELECT * FROM posts WHERE id = 90000",),  # finds nothing
        ("SELECT count(*) FROM posts WHERE author = 7",),
    ],
)
def test_it_is_silent_where_something_names_them_or_little_is_fetched(
    tmp_path: Path, texts: tuple[str, ...]
) -> None:
    """Any other statement that reads a column shows a use of it."""
    assert unused_columns.check(tried(tmp_path, *texts)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id, author, at, title, raw FROM posts WHERE id = 8",
        "SELECT p.id AS p_id, p.author, p.at, p.title, p.raw FROM posts AS p WHERE p.id = 8",
        "SELECT p.* FROM posts AS p JOIN posts AS q ON q.id = p.id WHERE q.id = 8",
        "UPDATE posts SET raw = '' WHERE id = 8",
        "INSERT INTO posts (author, at, title, raw) VALUES (1, '', '', '')",
    ],
)
def test_lists_of_all_columns_and_writes_are_no_use(tmp_path: Path, text: str) -> None:
    """An ORM lists all of them in each of its reads."""
    (finding, *_) = unused_columns.check(tried(tmp_path, PAGE, text))
    assert "names title and raw" in finding.message or "raw, title" in finding.message


def test_what_a_view_names_is_used(tmp_path: Path) -> None:
    """Whether it is in the recording or not."""
    schema = (*POSTS, INDEX, "CREATE VIEW raws AS SELECT raw FROM posts")
    (found,) = (r for r in tried(tmp_path, PAGE, schema=schema).narrower_reads if not r.index)
    assert found.spared == ("title",)


def test_an_index_that_would_answer_alone_is_found_until_it_does(tmp_path: Path) -> None:
    """With the page fetches of both, measured; the statement it gives is read from the index."""
    facts = tried(tmp_path, PAGE, TITLES)
    (finding,) = select_star.check(facts)
    assert (finding.severity, finding.change) == ("info", None)
    assert "only id, author, at, index by_author alone would answer it" in finding.message
    evidence = {one.name: one.value for one in finding.evidence}
    before, after = evidence["page_fetches_before_count"], evidence["page_fetches_after_count"]
    assert isinstance(before, (int, float)) and before > 100
    assert isinstance(after, (int, float)) and after < 10
    assert finding.command is not None
    fixed = again(tmp_path, sent(finding.command), shape(TITLES))
    assert select_star.check(fixed) == ()
    (covered, _) = fixed.shapes
    assert any("USING COVERING INDEX by_author" in step for step in covered.plan_before)
    assert covered.cost_before_ns == pytest.approx(evidence["cost_after_ns"], rel=0.05)


@pytest.mark.parametrize(
    ("texts", "schema"),
    [
        ((PAGE.replace("*", "id, at"),), (*POSTS, INDEX)),  # names few already
        (("SELECT * FROM posts WHERE author = 7 AND title > ''",), (*POSTS, INDEX)),
        (("SELECT * FROM posts WHERE id = 7",), (*POSTS, INDEX)),
        (("SELECT DISTINCT * FROM posts WHERE author = 7",), (*POSTS, INDEX)),
    ],
)
def test_it_is_silent_where_no_index_could(
    tmp_path: Path, texts: tuple[str, ...], schema: tuple[str, ...]
) -> None:
    """The rows are needed for the condition, or are found by their own key."""
    assert select_star.check(tried(tmp_path, *texts, schema=schema)) == ()


def test_what_is_rarely_sent_is_no_finding(tmp_path: Path) -> None:
    """A twentieth of what all queries cost is the least."""
    build(tmp_path / "t.db", *POSTS, INDEX)
    heavy = shape("SELECT max(length(raw)) FROM posts", count=100_000)
    facts = again(tmp_path, sent(PAGE, count=1), heavy)
    assert select_star.check(facts) == ()
    assert [read.index for read in facts.narrower_reads if read.index] == ["by_author"]
