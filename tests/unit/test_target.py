"""Which server a migration goes to, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from dbtune.errors import ConfigurationError, RefusedError, TargetError
from dbtune.postgres.server.target import (
    TargetState,
    connect_target,
    describe_target,
    read_target_state,
    require_usable,
    target_conninfo,
)

USABLE = TargetState(
    server_version=150004,
    encoding="UTF8",
    standby=False,
    read_only=False,
    database="app",
    role="app",
    may_create=True,
    schema_exists=True,
    may_create_in_schema=True,
    has_citext=False,
    knows_citext=False,
)
SECRET = "s3cr@t"


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://app:s3cr%40t@db:5433/platform",
        "postgres://app:s3cr%40t@db:5433/platform",
        "postgresql+psycopg://app:s3cr%40t@db:5433/platform",
        "host=db port=5433 user=app dbname=platform password=s3cr@t",
    ],
)
def test_every_way_to_name_a_server_is_one_conninfo(given: str) -> None:
    """URLs of libpq and SQLAlchemy and key=value strings mean the same."""
    conninfo = target_conninfo(given, {})
    assert conninfo is not None
    assert psycopg.conninfo.conninfo_to_dict(conninfo) == {
        "host": "db",
        "port": "5433",
        "user": "app",
        "dbname": "platform",
        "password": SECRET,
    }


def test_the_argument_comes_before_the_environment() -> None:
    """DATABASE_URL counts only where nothing is named."""
    environment = {"DATABASE_URL": "postgresql://other/db"}
    named = target_conninfo("postgresql://here/db", environment)
    assert named is not None
    assert "here" in named
    inherited = target_conninfo(None, environment)
    assert inherited is not None
    assert "other" in inherited
    assert target_conninfo(None, {}) is None


def test_a_description_names_the_place_and_no_secret() -> None:
    """Messages say host, port, database and role."""
    conninfo = target_conninfo("postgresql://app:s3cr%40t@db:5433/platform?sslpassword=x", {})
    assert conninfo is not None
    assert describe_target(conninfo) == "platform on db:5433 as app"
    assert describe_target("service=prod") == "service prod"


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://app:s3cr@t@db:port/platform",
        "mysql://app:s3cr@t@db/platform",
        "host=db password='s3cr@t",
        "postgresql://app:s3cr@t@[db/platform",
    ],
)
def test_what_cannot_be_read_is_not_repeated(given: str) -> None:
    """A message about a broken URL does not hold the password in it."""
    with pytest.raises(ConfigurationError) as caught:
        target_conninfo(given, {})
    assert "s3cr" not in f"{caught.value.message} {caught.value.hint}"


def test_a_failed_connection_names_the_place_without_password() -> None:
    """Exit 4 tells where it failed to connect."""
    with pytest.raises(TargetError) as caught:
        connect_target("host=127.0.0.1 port=1 user=app dbname=x password=s3cr@t")
    assert caught.value.exit_code == 4
    assert "x on 127.0.0.1:1 as app" in caught.value.message
    assert "s3cr" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (replace(USABLE, server_version=140011), "PostgreSQL 14"),
        (replace(USABLE, standby=True), "standby"),
        (replace(USABLE, read_only=True), "read-only"),
        (replace(USABLE, encoding="SQL_ASCII"), "SQL_ASCII"),
        (replace(USABLE, may_create=False), "may not create schemas"),
        (replace(USABLE, may_create_in_schema=False), "may not create tables"),
    ],
)
def test_a_server_that_cannot_take_it_is_refused(state: TargetState, word: str) -> None:
    """Each lack is named before anything is written."""
    with pytest.raises(RefusedError, match=word):
        require_usable(state, "public")


def test_a_usable_server_passes() -> None:
    """PostgreSQL 15 with rights and UTF-8 is enough; a schema may still be missing."""
    require_usable(USABLE, "public")
    require_usable(replace(USABLE, schema_exists=False, may_create_in_schema=False), "new")


def test_facts_are_read_from_the_server(target: str) -> None:
    """An ordinary role that owns its database may do all a migration needs."""
    with connect_target(target) as connection:
        state = read_target_state(connection, "public")
        settings = connection.execute(
            "SELECT current_setting('TimeZone'), current_setting('client_encoding')"
        ).fetchone()
    require_usable(state, "public")
    assert state.role == "dbtune_test"
    assert state.encoding == "UTF8"
    assert settings == ("UTC", "UTF8")


def test_another_encoding_is_read_from_the_server(fresh_database: object) -> None:
    """A database in LATIN1 is refused."""
    with connect_target(fresh_database("LATIN1")) as connection:  # type: ignore[operator]
        state = read_target_state(connection, "public")
    with pytest.raises(RefusedError, match="LATIN1"):
        require_usable(state, "public")
