"""The advice of the sqlite3 shell's `.expert`, in both of its modes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dbtune.model.workload import Workload

_UPSERT = re.compile(r"\bON\s+CONFLICT\b", re.IGNORECASE)


def read_statements(workload: Workload) -> tuple[str, ...]:
    """Return one sample of each shape, as `.expert` takes it: one line, no comments.

    Placeholders stay in it: `.expert` does not look at values.
    """
    texts = [s.samples[0].text for s in workload.shapes if s.kind in {"read", "write"}]
    return tuple(" ".join(re.sub(r"--[^\n]*", "", text).split()).rstrip(";") for text in texts)


def expert_union(database: Path, statements: Sequence[str]) -> tuple[str, ...]:
    """Return what `.expert` proposes for each statement alone, each proposal once."""
    proposals: dict[str, str] = {}
    for statement in statements:
        for sql in expert(database, statement):
            proposals.setdefault(sql.split(" ON ", 1)[1], sql)
    return tuple(proposals.values())


def expert_whole(database: Path, statements: Sequence[str]) -> tuple[str, ...]:
    """Return what `.expert` proposes for all statements together.

    UPSERTs are left out: with one of them in its input it proposes nothing at all.
    """
    return expert(database, "; ".join(s for s in statements if not _UPSERT.search(s)))


def expert(database: Path, sql: str) -> tuple[str, ...]:
    """Return the CREATE INDEX statements that `.expert` prints for one input."""
    run = subprocess.run(
        ["sqlite3", "-readonly", str(database)],
        input=f".expert\n{sql};\n",
        capture_output=True,
        text=True,
        check=False,
    )
    lines = run.stdout.splitlines()
    return tuple(line.rstrip(";") for line in lines if line.startswith("CREATE INDEX"))
