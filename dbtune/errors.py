"""The errors dbtune raises, and the exit code each of them ends the command with.

The core raises a `DbtuneError` at the boundary that knows the file, table or line;
`dbtune.cli` turns it into a message on stderr and the exit code of its class.
"""

from __future__ import annotations

from typing import ClassVar


class ExitCode:
    """Exit codes of every command, as documented in docs/reference/exit-codes.md."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    SOURCE = 3
    TARGET = 4
    REFUSED = 5
    VERIFICATION = 6
    CHANGE_FAILED = 7
    REJECTED_ROWS = 8
    BUG = 70
    INTERRUPTED = 130


EXIT_CODES: dict[int, str] = {
    ExitCode.DONE: "done, and verified",
    ExitCode.FOUND: "a finding at or above --fail-on, a regression, or drift",
    ExitCode.USAGE: "usage or configuration",
    ExitCode.SOURCE: "the source database is missing, unreadable or not a database",
    ExitCode.TARGET: "the target failed and is as it was",
    ExitCode.REFUSED: "refused for safety; nothing was written",
    ExitCode.VERIFICATION: "verification differs; nothing was made visible",
    ExitCode.CHANGE_FAILED: "a change failed and was rolled back",
    ExitCode.REJECTED_ROWS: "done, with rows rejected as asked",
    ExitCode.BUG: "a bug in dbtune",
    ExitCode.INTERRUPTED: "interrupted",
}


class DbtuneError(Exception):
    """A failure dbtune understands: what failed, on what, the value seen, and what to do next."""

    exit_code: ClassVar[int] = ExitCode.BUG

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(DbtuneError):
    """An option, a configuration file or a recording that cannot be used as given."""

    exit_code = ExitCode.USAGE


class MissingExtraError(ConfigurationError):
    """A feature whose optional dependency is not installed; the hint names the pip line."""


class SourceError(DbtuneError):
    """The source database is missing, unreadable, encrypted, damaged or not a database."""

    exit_code = ExitCode.SOURCE


class TargetError(DbtuneError):
    """The target of a migration failed and is as it was."""

    exit_code = ExitCode.TARGET


class RefusedError(DbtuneError):
    """Refused for safety before anything was written."""

    exit_code = ExitCode.REFUSED


class LockedError(RefusedError):
    """The database stayed locked for longer than the wait."""


class VerificationError(DbtuneError):
    """What was read back differs from what was written; nothing was made visible."""

    exit_code = ExitCode.VERIFICATION


class ChangeFailedError(DbtuneError):
    """A change failed and was rolled back."""

    exit_code = ExitCode.CHANGE_FAILED
