"""The target: which server is meant, what it allows, and a connection set up for a migration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import class_row

from dbtune.errors import ConfigurationError, RefusedError, TargetError
from dbtune.model.transfer import TargetFacts
from dbtune.resources import sql

LOWEST_VERSION = 150000
CONNECT_SECONDS = 15
_SCHEMES = re.compile(r"(postgres|postgresql)(\+\w+)?://", re.I)
# libpq quotes what it could not read, which may be a part of the password.
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_SESSION = (
    "SET client_encoding = 'UTF8'",
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
    "SET standard_conforming_strings = on",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET synchronize_seqscans = off",
)


@dataclass(frozen=True)
class TargetState:
    """What target_facts.sql tells of a server, a role and a schema."""

    server_version: int
    encoding: str
    standby: bool
    read_only: bool
    database: str
    role: str
    may_create: bool
    schema_exists: bool
    may_create_in_schema: bool
    has_citext: bool
    knows_citext: bool

    def facts(self) -> TargetFacts:
        """Return what a plan depends on."""
        return TargetFacts(
            server_version=self.server_version,
            # citext is a trusted extension: who may create in the database may install it.
            citext=self.has_citext or (self.knows_citext and self.may_create),
            encoding=self.encoding,
            database=self.database,
            role=self.role,
        )


def target_conninfo(text: str | None, environment: Mapping[str, str]) -> str | None:
    """Return the conninfo of the target: the argument, else DATABASE_URL; None without both.

    Takes a URL (also SQLAlchemy's postgresql+psycopg://), `host=... dbname=...`, or
    `service=NAME`. Passwords may come from it, PGPASSWORD, ~/.pgpass or the service file.
    Raises ConfigurationError, without showing what it could not read.
    """
    given = text or environment.get("DATABASE_URL")
    if not given:
        return None
    where = "the target" if text else "DATABASE_URL"
    url = _SCHEMES.sub("postgresql://", given, count=1)
    if "://" in url and not url.startswith("postgresql://"):
        raise ConfigurationError(
            f"{where} is a {url.split('://', 1)[0]} URL; expected postgresql://",
            hint="such as postgresql://app@db.example.com/platform",
        )
    if url.startswith("postgresql://") and _authority(url).count("@") > 1:
        # Read as it stands, a part of the password would become the host, and be shown.
        raise ConfigurationError(
            f'{where} holds more than one "@" before its path',
            hint="write an @ in a name or password as %40",
        )
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise ConfigurationError(
            f"{where} cannot be read: {_without_values(str(error))}",
            hint="write postgresql://user@host:5432/database, or host=... dbname=..., and encode "
            "special characters of a password as %XX",
        ) from None  # the cause may hold the password
    if not parts:
        raise ConfigurationError(f"{where} is empty", hint="name a database by its URL")
    return make_conninfo(url)


def describe_target(conninfo: str) -> str:
    """Return the target in words without any secret, such as "platform on db:5432 as app"."""
    parts = conninfo_to_dict(conninfo)
    if parts.get("service") and not parts.get("host"):
        return f"service {parts['service']}"
    host = parts.get("host") or parts.get("hostaddr") or "the local socket"
    port = f":{parts['port']}" if parts.get("port") else ""
    role = f" as {parts['user']}" if parts.get("user") else ""
    return f"{parts.get('dbname') or 'the default database'} on {host}{port}{role}"


def connect_target(conninfo: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect in autocommit with settings under which values read back as they were written.

    Raises TargetError, whose message names the target without its password.
    """
    where = describe_target(conninfo)
    timeout = conninfo_to_dict(conninfo).get("connect_timeout") or CONNECT_SECONDS
    try:
        connection = psycopg.connect(
            conninfo,
            autocommit=True,
            application_name="dbtune",
            connect_timeout=int(timeout),
            prepare_threshold=None,  # poolers such as PgBouncer lose prepared statements
        )
    except psycopg.Error as error:
        raise TargetError(
            f"cannot connect to {where}: {_one_line(error, conninfo)}",
            hint="check the URL, that the server runs and lets this host in, and the password "
            "(PGPASSWORD, ~/.pgpass or a service file keep it out of the command line)",
        ) from None
    try:
        for setting in _SESSION:
            connection.execute(setting.encode())
    except psycopg.Error as error:
        connection.close()
        raise target_failure(error, where) from error
    return connection


def read_target_state(
    connection: psycopg.Connection[tuple[object, ...]], schema: str
) -> TargetState:
    """Return what a server is and allows. Raises TargetError."""
    try:
        with connection.cursor(row_factory=class_row(TargetState)) as cursor:
            found = cursor.execute(sql("postgres/target_facts").encode(), {"schema": schema})
            return found.fetchone()  # type: ignore[return-value]  # there is always one row
    except psycopg.Error as error:
        raise target_failure(error, "reading what the server is") from error


def require_usable(state: TargetState, schema: str) -> None:
    """Raise RefusedError where a server cannot be migrated to, before anything is written."""
    where = f"database {state.database}"
    if state.server_version < LOWEST_VERSION:
        raise RefusedError(
            f"the server is PostgreSQL {state.server_version // 10000}; 15 is the lowest supported",
            hint="name a newer server, or try a rehearsal with an embedded one: --rehearse",
        )
    if state.standby:
        raise RefusedError(
            f"{where} is on a standby, which takes no writes", hint="name the primary server"
        )
    if state.read_only:
        raise RefusedError(
            f"{where} is read-only for {state.role} (default_transaction_read_only)",
            hint=f"ALTER ROLE {state.role} SET default_transaction_read_only = off",
        )
    if state.encoding != "UTF8":
        raise RefusedError(
            f"{where} has the encoding {state.encoding}, which cannot hold every text",
            hint="CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8'",
        )
    if not state.may_create:
        raise RefusedError(
            f"{state.role} may not create schemas in {where}, and dbtune stages its work in one",
            hint=f"GRANT CREATE ON DATABASE {state.database} TO {state.role}",
        )
    if state.schema_exists and not state.may_create_in_schema:
        raise RefusedError(
            f"{state.role} may not create tables in schema {schema} of {where}",
            hint=f"GRANT CREATE ON SCHEMA {schema} TO {state.role}, or choose another --schema",
        )


def target_failure(error: psycopg.Error, what: str) -> TargetError:
    """Return the error to raise for what PostgreSQL said while doing `what`."""
    said = _one_line(error)
    code = error.sqlstate or ""
    hint = "all schemas but dbtune's own are as they were; go on with --resume"
    if code == "53100":
        hint = f"make room on the server's disk; {hint}"
    elif code in {"57P01", "57P02", "57P03", "08006", "08003"} or error.sqlstate is None:
        hint = f"the connection was lost; {hint}"
    elif code == "55P03":
        hint = f"another session holds a lock on it; {hint}"
    return TargetError(f"{what} failed: {said}", hint=hint)


def _one_line(error: psycopg.Error, conninfo: str = "") -> str:
    primary = error.diag.message_primary
    # libpq asks in a line of its own whether a server runs there.
    lines = (" ".join(line.split()) for line in str(error).splitlines())
    text = primary or "; ".join(filter(None, lines))
    password = conninfo_to_dict(conninfo).get("password") if conninfo else None
    return text.replace(str(password), "***") if password else text


def _authority(url: str) -> str:
    """Return user, password, hosts and ports of a URL; a password may hold a slash by mistake."""
    return url.split("://", 1)[1].split("?", 1)[0]


def _without_values(text: str) -> str:
    return " ".join(_QUOTED.sub("...", text).split())
