"""The options of migrate-to-postgres and what they stand for."""

from __future__ import annotations

from dbtune.cli.main import JourneyGroup
from dbtune.postgres.column_types.orm_profiles import PROFILES


def test_profiles_on_offer_are_those_there_are() -> None:
    """The command lists them by hand, since importing them would slow --help down."""
    command = JourneyGroup().get_command(None, "migrate-to-postgres")  # type: ignore[arg-type]
    assert command is not None
    option = next(param for param in command.params if param.name == "profile")
    assert tuple(option.type.choices) == PROFILES  # type: ignore[attr-defined]
