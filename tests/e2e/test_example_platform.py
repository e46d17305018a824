"""examples/platform: a Flask application with N+1, and the same application without."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlencode

from psycopg.conninfo import conninfo_to_dict

from tests.conftest import RunDbtune
from tests.fixtures.example_platform import PLATFORM, run_python

VISITS = 150

# Tells for each visit its page, what was answered, and how many queries were sent.
DRIVER = """
import json, sys
from itertools import islice
from sqlalchemy import Engine, event
from app import create_app
from visitors import visits

sent = []
event.listen(Engine, "before_cursor_execute", lambda *cursor: sent.append(cursor[2]))
client = create_app().test_client()
for visit in islice(visits(client.get("/").get_json(), seed="test"), int(sys.argv[1])):
    sent.clear()
    method = "GET" if visit.body is None else "POST"
    answer = client.open(visit.path, method=method, json=visit.body)
    print(json.dumps([f"{method} {visit.page}", answer.status_code, answer.text, len(sent)]))
"""


@dataclass(frozen=True)
class Answer:
    """What a visit got, and how many queries it took."""

    page: str
    status: int
    text: str
    queries: int


def answers(database: Path, copy: Path, **settings: str) -> Iterator[Answer]:
    """Yield the answers to the test's visits on a copy of a database."""
    shutil.copy(database, copy)
    done = run_python("-c", DRIVER, str(VISITS), database=copy, **settings)
    assert done.returncode == 0, done.stderr
    yield from (Answer(*json.loads(line)) for line in done.stdout.splitlines())


def test_both_variants_answer_the_same(platform_database: Path, tmp_path: Path) -> None:
    """Every page and every write, byte for byte, with the hook and without."""
    before = answers(platform_database, tmp_path / "before.db")
    after = answers(platform_database, tmp_path / "after.db", PLATFORM_FIXED="1", PLATFORM_HOOK="1")
    pages = set()
    for one, other in zip_longest(before, after):
        assert (one.page, one.status, one.text) == (other.page, other.status, other.text)
        assert one.status in {200, 201}
        pages.add(one.page)
    assert len(pages) == 9


def test_postgresql_answers_the_same(
    platform_database: Path, tmp_path: Path, target: str, run_dbtune: RunDbtune
) -> None:
    """After a migration the application reads and writes there as it did in SQLite."""
    moved = run_dbtune("migrate-to-postgres", platform_database, target)
    assert moved.returncode == 0, moved.stderr
    sqlite = answers(platform_database, tmp_path / "sqlite.db", PLATFORM_FIXED="1")
    url = url_of(target)
    postgres = answers(platform_database, tmp_path / "x.db", PLATFORM_FIXED="1", DATABASE_URL=url)
    for one, other in zip_longest(sqlite, postgres):
        assert (one.page, one.status, one.text) == (other.page, other.status, other.text)


def url_of(conninfo: str) -> str:
    """Return the URL of a server that is named by its keywords."""
    parts = conninfo_to_dict(conninfo)
    user, database = parts.pop("user"), parts.pop("dbname")
    return f"postgresql://{user}@/{database}?{urlencode(parts)}"


def test_lists_take_many_queries_before_and_few_after(
    platform_database: Path, tmp_path: Path
) -> None:
    """A full list sends 13 to 26 queries before; after, no page sends more than three."""
    most = {"GET /chefs": 25, "GET /products": 25, "GET /feed": 21, "GET /chefs/<id>": 13}
    found = dict.fromkeys(most, 0)
    for answer in answers(platform_database, tmp_path / "before.db"):
        if answer.page in found:
            found[answer.page] = max(found[answer.page], answer.queries)
    assert all(12 < found[page] <= most[page] for page in most), found
    after = answers(platform_database, tmp_path / "after.db", PLATFORM_FIXED="1")
    assert all(answer.queries <= 3 for answer in after)


def test_visits_are_the_same_each_time(platform_database: Path, tmp_path: Path) -> None:
    """visit.py asks for the same pages again, and writes the same rows."""
    contents = []
    for name in ("first.db", "second.db"):
        shutil.copy(platform_database, tmp_path / name)
        done = run_python(PLATFORM / "visit.py", "40", database=tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("40 visits in ")
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1] != platform_database.read_bytes()


def test_a_missing_database_is_named_and_not_made(tmp_path: Path) -> None:
    """SQLite would make an empty one."""
    done = run_python(PLATFORM / "visit.py", database=tmp_path / "none.db")
    assert done.returncode == 1
    assert f"{tmp_path / 'none.db'} is missing. Hint: run dbtune demo DIR" in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_what_does_not_exist_is_not_found(platform_database: Path, tmp_path: Path) -> None:
    """A page or a write of an unknown id answers 404, and writes nothing."""
    script = """
from app import create_app
client = create_app().test_client()
wish = {"user_id": 1, "in_days": 1, "guests": 2, "order_number": 7}
print(
    [client.get(path).status_code for path in ("/chefs/99999", "/users/99999/dashboard")],
    client.post("/chefs/99999/bookings", json=wish).status_code,
    client.post("/posts/99999/like", json={}).status_code,
)
"""
    for fixed in ("0", "1"):
        done = run_python("-c", script, database=platform_database, PLATFORM_FIXED=fixed)
        assert done.stdout == "[404, 404] 404 404\n", done.stderr
