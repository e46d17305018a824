"""Commands that leave open which database they are for."""

from __future__ import annotations

import re
import shlex

# Rules know the command that mends a finding, and not where the database is.
_DATABASE = re.compile(r"(?<=\s)DB(?=\s|$)")


def name_database(command: str, database: str) -> str:
    """Return a line for a shell with the database, quoted, where it says DB."""
    return _DATABASE.sub(lambda _: shlex.quote(database), command)
