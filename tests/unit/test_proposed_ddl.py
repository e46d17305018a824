"""Reading a file of proposed indexes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.advisor.candidates.proposed_ddl import read_proposals
from dbtune.errors import ConfigurationError


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "proposed.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_statements_are_kept_as_written_but_for_if_not_exists(tmp_path: Path) -> None:
    """A condition or name with a semicolon, quotes and comments does not end a statement."""
    path = _file(
        tmp_path,
        "-- first; then\n"
        "CREATE INDEX IF NOT EXISTS \"my ix\" ON orders (lower(b)) WHERE c = 'x;y'; /* more */\n"
        'create unique index main.u2 on "or ders"(a);;\n',
    )
    found = [(p.name, p.table, p.sql) for p in read_proposals(path)]
    assert found == [
        ("my ix", "orders", "CREATE INDEX \"my ix\" ON orders (lower(b)) WHERE c = 'x;y'"),
        ("u2", "or ders", 'create unique index main.u2 on "or ders"(a)'),
    ]


def test_an_empty_file_proposes_nothing(tmp_path: Path) -> None:
    """Comments alone are no statement."""
    assert read_proposals(_file(tmp_path, "-- nothing yet\n")) == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("DROP TABLE orders;", "DROP TABLE orders"),
        ("CREATE INDEX ix;", "CREATE INDEX ix"),
        ("CREATE INDEX i ON t (a); CREATE INDEX I ON t (b);", '"i"'),
    ],
)
def test_anything_else_is_an_error_that_names_it(tmp_path: Path, text: str, named: str) -> None:
    """Nothing but CREATE INDEX is judged, and each name stands for one index."""
    with pytest.raises(ConfigurationError) as failure:
        read_proposals(_file(tmp_path, text))
    assert named in failure.value.message
    assert "proposed.sql" in failure.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message holds the path and the reason."""
    with pytest.raises(ConfigurationError, match=r"missing\.sql does not exist"):
        read_proposals(tmp_path / "missing.sql")
