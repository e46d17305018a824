"""Which revision switches a database, and whether one is needed."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from dbtune.changes.project import Project
from dbtune.changes.revision import MESSAGE_PREFIX, Draft, draft_wal_revision
from dbtune.sqlite.wal import WalState

_REASON = "readers and the writer no longer wait for each other, and a commit costs less"
_PAGE_REASON = "the page size was asked for; the file was in WAL mode before, and stays in it"


def draft_switch(project: Project, state: WalState, page_size_bytes: int | None) -> Draft | None:
    """Return the revision that is left to do, None where the file is as it was asked for.

    One that waits to be stamped, since a run was killed, goes first: killed while the page size
    changed, the file does not show any more which journal mode it had.
    """
    switch = draft_wal_revision(project, reason=_REASON, page_size_bytes=page_size_bytes)
    if page_size_bytes is None:
        done = state.journal_mode == "wal" and switch.revision not in project.pending
        return None if done else switch
    pages = _page_revision(switch, page_size_bytes)
    waiting = next((d for d in (switch, pages) if d.revision in project.pending), None)
    if waiting is not None:
        return waiting
    if state.journal_mode != "wal":
        return switch
    return None if state.page_size_bytes == page_size_bytes else pages


def _page_revision(switch: Draft, page_size_bytes: int) -> Draft:
    """Return the revision for a file in WAL mode already: its downgrade leaves that alone."""
    return replace(
        switch,
        revision=hashlib.sha256(f"{switch.revision} within WAL".encode()).hexdigest()[:12],
        message=f"{MESSAGE_PREFIX}pages of {page_size_bytes} bytes",
        reasons=(_PAGE_REASON,),
        downgrades="pass",
    )
