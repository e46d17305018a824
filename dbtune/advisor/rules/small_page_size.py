"""small-page-size: pages of 512 or 1,024 bytes in a big file.

It carries no Change: a page size changes by VACUUM, which no downgrade undoes.
Source: https://www.sqlite.org/pragma.html#pragma_page_size
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.wording import megabytes
from dbtune.model.advice import Evidence, Finding

CODE = "small-page-size"

# 1,024 bytes were the default before SQLite 3.12 (2016), 4,096 since. 2,048 is close enough.
_SMALL_PAGE_BYTES = 1_024

# The trees of a smaller file are as deep with large pages as with small ones, within a level.
_BIG_FILE_BYTES = 10_000_000

_PAGE_BYTES = 4_096


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for a big file with small pages."""
    page, size = facts.health.page_size_bytes, facts.health.size_bytes
    if page > _SMALL_PAGE_BYTES or size < _BIG_FILE_BYTES:
        return ()
    return (
        Finding(
            code=CODE,
            severity="low",
            subject="page_size",
            message=(
                f"page_size is {page:,} bytes in a file of {megabytes(size)}: trees are deeper and "
                "a scan reads more pages than with 4,096, the default since SQLite 3.12."
            ),
            evidence=(Evidence("page_size_bytes", page), Evidence("size_bytes", size)),
            help=(
                "Rebuild the file with larger pages; it needs twice the space, nobody else may "
                "have the file open, and a rollback keeps the new page size."
            ),
            command=f"dbtune enable-wal DB --page-size {_PAGE_BYTES}",
        ),
    )
