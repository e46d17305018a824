"""Blocks of the pages say what language they are in, and are in it."""

from __future__ import annotations

import configparser
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.documents import DOCUMENTS, PAGES, Block, blocks, read

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Sessions, Python and configuration are run in tests of their own. "py" is a signature, which calls
# nothing; "text", or none, is what a program prints, and a tree of files.
LANGUAGES = frozenset(
    "console diff dockerfile html ini json mako markdown py python sh sql text toml yaml".split()
) | {"", "{toctree}"}


# https://docs.docker.com/reference/dockerfile/
INSTRUCTIONS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL "
    "USER VOLUME WORKDIR".split()
)


def of(*languages: str) -> list[object]:
    """Return the blocks in these languages, each a case of a test."""
    return [
        pytest.param(block, id=f"{path.name}:{block.line}")
        for path in DOCUMENTS
        for block in blocks(read(path))
        if block.language in languages
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_block_says_what_it_is(path: Path) -> None:
    """Or it would be neither coloured nor tested."""
    assert {block.language for block in blocks(read(path))} <= LANGUAGES


@pytest.mark.parametrize("block", of("toml"))
def test_toml_can_be_read(block: Block) -> None:
    """As a whole file."""
    assert tomllib.loads(block.code)


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_can_be_read(block: Block) -> None:
    """As a whole file."""
    assert yaml.safe_load(block.code)


@pytest.mark.parametrize("block", of("json"))
def test_json_can_be_read(block: Block) -> None:
    """As one value, or one a line, as JSONL has it."""
    try:
        assert json.loads(block.code)
    except json.JSONDecodeError:
        assert all(json.loads(line) for line in block.code.splitlines())


@pytest.mark.parametrize("block", of("ini"))
def test_ini_can_be_read(block: Block) -> None:
    """As a whole file."""
    parser = configparser.ConfigParser()
    parser.read_string(block.code)
    assert parser.sections()


@pytest.mark.parametrize("block", of("dockerfile"))
def test_a_dockerfile_has_instructions_only(block: Block) -> None:
    """A line each, from an image."""
    lines = re.sub(r"^#.*\n", "", block.code, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    words = [line.partition(" ")[0] for line in lines if line]
    assert words[0] == "FROM" and set(words) <= INSTRUCTIONS


@pytest.mark.parametrize("block", of("sql"))
def test_sql_is_sql(block: Block) -> None:
    """SQLite can parse it; tables and functions need not be there."""
    with closing(sqlite3.connect(":memory:")) as connection:
        told = [why for text in statements(block.code) if (why := refusal(connection, text))]
    assert not told


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script, the last one also without its semicolon."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    yield statement


def refusal(connection: sqlite3.Connection, statement: str) -> str | None:
    """Return what SQLite says of a statement that it cannot parse, None where it can."""
    try:
        connection.execute(statement)
    except sqlite3.OperationalError as error:
        if re.search(r"syntax error|incomplete input|unrecognized token", str(error)):
            return f"{error}: {statement.strip()}"
    except sqlite3.Error:
        pass  # of rows and tables that are elsewhere
    return None


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("SELECT total FROM orders WHERE own(customer) = ?1;", False),
        ("CREATE TALBE orders (id INTEGER);", True),
        ("SELECT total FROM orders WHERE (customer = 1", True),
    ],
)
def test_sql_that_is_none_is_seen(statement: str, wrong: bool) -> None:
    """The check above finds what it looks for."""
    with closing(sqlite3.connect(":memory:")) as connection:
        assert (refusal(connection, statement) is not None) is wrong
