"""pytest: tests that send too many queries or N+1 fail, with the lines that send them.

    pytest --dbtune-max-queries 20 --dbtune-no-n-plus-one

    @pytest.mark.dbtune(max_queries=7, no_n_plus_one=True)
    def test_list(client): ...

    def test_list(client, assert_queries):
        with assert_queries(max=7, no_n_plus_one=True):
            client.get("/chefs")

Nothing of dbtune's is imported before one of these is used (docs/how-to/testing.md).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dbtune.integrations.query_limits import QueryLimits

_MARKER = (
    "dbtune(queries=None, max_queries=None, no_n_plus_one=False, min_repeats=5): "
    "fail where the test sends other than `queries` queries, more than `max_queries`, or one "
    "read `min_repeats` times from one line"
)
_FIXTURE = "assert_queries"
_undo = pytest.StashKey[Callable[[], None]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that hold for every test without a marker of its own."""
    group = parser.getgroup("dbtune", "dbtune: queries sent to SQLite")
    group.addoption(
        "--dbtune-max-queries",
        type=int,
        metavar="N",
        help="Fail each test that sends more than N queries.",
    )
    group.addoption(
        "--dbtune-no-n-plus-one",
        action="store_true",
        help="Fail each test in which one read comes 5 times or more from one line.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker means, and watch from now on where every test is."""
    config.addinivalue_line("markers", _MARKER)
    if _has_options(config):
        _watch_connections(config)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Watch the connections that fixtures of the session open, where a test asks for it."""
    if any(_is_watched(item) for item in session.items):
        _watch_connections(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave sqlite3 as it was."""
    undo = config.stash.get(_undo, None)
    if undo is not None:
        undo()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that passes and sends more than it may."""
    limits = _limits_of(item)
    if limits is None:
        return (yield)
    from dbtune.integrations.query_limits import complaint_of
    from dbtune.integrations.query_log import QueryLog
    from dbtune.integrations.query_watch import watch_queries

    log = QueryLog()
    end = watch_queries(log.note)
    try:
        result = yield
    finally:
        end()
    complaint = complaint_of(log, limits)
    if complaint is not None:
        pytest.fail(complaint, pytrace=False)
    return result


@pytest.fixture(name=_FIXTURE)
def assert_queries_fixture() -> Callable[..., Any]:
    """Return `dbtune.assert_queries`, which sees connections of session fixtures too."""
    from dbtune.integrations.assert_queries import assert_queries

    return assert_queries


def _limits_of(item: pytest.Item) -> QueryLimits | None:
    marker = item.get_closest_marker("dbtune")
    if marker is None and not _has_options(item.config):
        return None
    from dbtune.errors import ConfigurationError
    from dbtune.integrations.query_limits import QueryLimits

    option = item.config.getoption
    given = {
        "max_queries": option("dbtune_max_queries"),
        "no_n_plus_one": option("dbtune_no_n_plus_one"),
    }
    if marker is not None:
        if "queries" in marker.kwargs:
            del given["max_queries"]
        given.update(marker.kwargs)
    exactly, most = given.pop("queries", None), given.pop("max_queries", None)
    try:
        return QueryLimits(exactly, most, **given)
    except (TypeError, ConfigurationError) as error:
        raise pytest.UsageError(f"{item.nodeid}: pytest.mark.dbtune: {error}") from error


def _has_options(config: pytest.Config) -> bool:
    has_limit = config.getoption("dbtune_max_queries") is not None
    return has_limit or bool(config.getoption("dbtune_no_n_plus_one"))


def _is_watched(item: pytest.Item) -> bool:
    uses = _FIXTURE in getattr(item, "fixturenames", ())
    return uses or item.get_closest_marker("dbtune") is not None


def _watch_connections(config: pytest.Config) -> None:
    """Let all connections that sqlite3 opens from now on tell what they send, once asked."""
    if _undo not in config.stash:
        from dbtune.recorder import sqlite_patch

        config.stash[_undo] = sqlite_patch.install(lambda sent: None)
