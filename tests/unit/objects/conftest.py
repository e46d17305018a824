"""One database a module: creating one for each test takes longer than the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.planned import emptied, module_database


@pytest.fixture(scope="module")
def database(postgres_admin: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """One database for all tests of a module."""
    with module_database(postgres_admin, request.module.__name__.rpartition(".")[2]) as conninfo:
        yield conninfo


@pytest.fixture
def target(database: str) -> str:
    """That database, empty."""
    return emptied(database)
