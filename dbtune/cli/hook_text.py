"""The lines that bring the other half of WAL into an application."""

from __future__ import annotations

from pathlib import Path

from dbtune.report.plain_text import printable

_TEXT = """\
Now install the hook: what a connection sets, a file cannot keep. WAL alone
makes more writes fail with "database is locked" (measured with 50/100/500
clients: 19/30/69 %, with the hook 0), because a transaction that reads first
and then writes is refused at once. The hook waits (busy timeout 5 s), begins
work that may write with BEGIN IMMEDIATE, and commits without waiting for the
disk (synchronous=NORMAL: a power cut can drop the last commits, and never
corrupts).

  SQLAlchemy   import dbtune
               dbtune.install(engine)
               # work that only reads: .execution_options(dbtune_read_only=True)

  Flask        dbtune.flask(app)          # GET and HEAD only read
               dbtune.install(db.engine)  # within the application's context

  Django       INSTALLED_APPS += ["dbtune.integrations.django.DbtuneConfig"]
               MIDDLEWARE.insert(
                   0, "dbtune.integrations.django.read_only_requests"
               )

  sqlite3      connection = dbtune.connect({path})
"""


def hook_text(database: Path) -> str:
    """Return how to install the hook in each kind of application."""
    return _TEXT.format(path=printable(repr(str(database))))
