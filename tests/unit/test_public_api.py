"""What `import dbtune` offers an application, and what it does not load before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dbtune


def test_importing_dbtune_loads_no_framework() -> None:
    """SQLAlchemy and Flask are imported when one of their names is asked for."""
    script = (
        "import sys, dbtune\n"
        "assert not {'sqlalchemy', 'flask', 'django', 'alembic'} & set(sys.modules)\n"
        "dbtune.connect, dbtune.read_only\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "dbtune.install\n"
        "assert 'sqlalchemy' in sys.modules and 'flask' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", dbtune.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Also for dir(), which editors ask."""
    assert getattr(dbtune, name) is not None
    assert name in dir(dbtune)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As for any module."""
    with pytest.raises(AttributeError, match="no attribute 'instal'"):
        dbtune.instal  # noqa: B018 - the access is the test
