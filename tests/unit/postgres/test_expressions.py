"""What expressions become, and that a construct without a translation is named."""

from __future__ import annotations

import pytest

from dbtune.postgres.translation.expressions import translate_condition, translate_expression
from tests.unit.postgres.planned import ITEMS


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ok = 1", '"ok" = TRUE'),
        ("ok IN (0, 1)", '"ok" IN (FALSE, TRUE)'),
        ("n / 2", '"n" / 2'),
        ("n / f", '"n" / NULLIF("f", 0)'),
        ("n = '5'", '"n" = 5'),
        ("name = 5", "\"name\" = '5'"),
        ("name < 'b'", '"name" < \'b\' COLLATE "C"'),
        ("nick = 'x'", 'lower("nick" COLLATE "C") = lower(\'x\' COLLATE "C")'),
        ("at <= '2024-01-01'", "\"at\" < TIMESTAMP '2024-01-01 00:00:00'"),
        ("seen >= '2024-01-01T10:00:00Z'", "\"seen\" >= TIMESTAMPTZ '2024-01-01 10:00:00+00'"),
        ("day = '2024-01-02'", "\"day\" = DATE '2024-01-02'"),
        ("n IS NOT 5", '"n" IS DISTINCT FROM 5'),
        ('"hello"', "'hello'"),
        ("x'00ff'", "'\\x00ff'::bytea"),
        ("name || n", '"name" || "n"::text'),
        ("name GLOB 'a[0-9]*'", "\"name\" ~ '^a[0-9].*$'"),
        ("iif(ok, 'a', 'b')", "CASE WHEN \"ok\" THEN 'a' ELSE 'b' END"),
    ],
)
def test_expressions_say_the_same(source: str, expected: str) -> None:
    """Types and affinities decide how each operator is written."""
    translation = translate_expression(source, ITEMS)
    assert translation.problems == ()
    assert translation.sql == expected


@pytest.mark.parametrize(("source", "expected"), [("n", '"n" <> 0'), ("ok", '"ok"'), ("1", "TRUE")])
def test_numbers_are_conditions(source: str, expected: str) -> None:
    """A bare number is true unless it is 0."""
    assert translate_condition(source, ITEMS).sql == expected


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("name MATCH 'x'", "MATCH"),
        ("soundex(name)", "soundex()"),
        ("my_function(name)", "my_function()"),
        ("raise(ABORT, 'no')", "raise()"),
        ("n +", "not readable"),
    ],
)
def test_unknown_constructs_are_named(source: str, named: str) -> None:
    """What is in no table is a problem that names it, and there is no SQL."""
    translation = translate_expression(source, ITEMS)
    assert translation.sql is None
    assert named in translation.problems[0]
