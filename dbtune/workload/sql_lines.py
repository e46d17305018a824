"""Files of SQL statements, block by block."""

from __future__ import annotations

import re
from sqlite3 import complete_statement

from dbtune.model.workload import RecordedQuery
from dbtune.workload.batch import NOT_UTF8, TOO_LONG, Batch, Trouble
from dbtune.workload.comments import with_tags
from dbtune.workload.lines import LINE_LIMIT_BYTES, LineBlock, is_unicode
from dbtune.workload.splitting import StatementSplitter, says_something, split_statements

_VERB = re.compile(
    r"(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|VALUES|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT"
    r"|RELEASE|PRAGMA|CREATE|DROP|ALTER|EXPLAIN|ANALYZE|VACUUM|REINDEX|ATTACH|DETACH)\b",
    re.IGNORECASE,
)
# Fewer lines may as well be one statement over several lines.
_LEAST_LINES_WITHOUT_SEMICOLON = 3


class SqlLines:
    """Reads statements that end with a semicolon, on one line or over many.

    A file in which no line has a semicolon and each begins with a verb holds one statement a
    line, as trace callbacks print them. The numbers are those of a statement's first line.
    """

    def __init__(self) -> None:
        self._splitter = StatementSplitter()
        self._by_line: bool | None = None

    def parse(self, block: LineBlock) -> Batch:
        """Return the statements that end in a block."""
        if self._by_line is None:
            self._by_line = _is_one_per_line(block.lines)
        batch = Batch()
        is_idle = self._splitter.is_idle and not self._by_line
        for number, line in enumerate(block.lines, start=block.first):
            if line and is_idle and _is_statement(line):
                _keep(line[:-1], batch)
            elif line or line is None or not is_idle:
                self._take(line, number, batch)
                is_idle = self._splitter.is_idle and not self._by_line
        return batch

    def finish(self) -> Batch:
        """Return the last statement where it lacks its semicolon."""
        batch = Batch()
        pending = self._splitter.pending
        if self._splitter.open_string:
            batch.troubles.append(Trouble(pending.line, "a string that begins here does not end"))
        elif says_something(pending.text):
            _keep(pending.text, batch)
        return batch

    def _take(self, line: str | None, number: int, batch: Batch) -> None:
        splitter = self._splitter
        if line is None or not is_unicode(line):
            batch.troubles.append(Trouble(number, TOO_LONG if line is None else NOT_UTF8))
            splitter.reset()
        elif self._by_line:
            for text in split_statements(line):
                _keep(text, batch)
        elif splitter.is_idle and line.lstrip().startswith("."):
            command = line.split()[0][:20]
            reason = f'"{command}" is a command of the sqlite3 shell, not SQL'
            batch.troubles.append(Trouble(number, reason))
        else:
            self._feed(line, number, batch)

    def _feed(self, line: str, number: int, batch: Batch) -> None:
        splitter = self._splitter
        if self._is_cut_off(line, number):
            reason = "a string that begins here does not end"
            batch.troubles.append(Trouble(splitter.pending_line, reason))
            splitter.reset()
        for statement in splitter.feed(line, number):
            _keep(statement.text, batch)
        if splitter.pending_size > LINE_LIMIT_BYTES:
            reason = "the statement that begins here does not end within 16 MiB"
            batch.troubles.append(Trouble(splitter.pending_line, reason))
            splitter.reset()

    def _is_cut_off(self, line: str, number: int) -> bool:
        # A quote that is never closed would turn the rest of the file inside out. It shows where
        # a statement's first line ends in a string, and the next line is a statement in itself.
        return (
            self._splitter.open_string
            and self._splitter.pending_line == number - 1
            and begins_statement(line)
            and _is_statement(line.rstrip())
        )


def begins_statement(line: str, *, indented: bool = True) -> bool:
    """Tell whether a line begins with a verb of SQL, behind white space only where `indented`."""
    return _VERB.match(line.lstrip() if indented else line) is not None


def _is_statement(line: str) -> bool:
    """Tell whether the line is exactly one statement with its semicolon at the end."""
    try:
        return line.find(";") == len(line) - 1 and complete_statement(line)
    except ValueError:
        # NUL, or bytes that are no UTF-8: the careful way says which.
        return False


def _keep(text: str, batch: Batch) -> None:
    if "*/" not in text:
        batch.statements.append(text)
        return
    batch.queries.append(with_tags(RecordedQuery(text)))


def _is_one_per_line(lines: list[str | None]) -> bool:
    filled = [line for line in lines if line is None or line.strip()]
    return len(filled) >= _LEAST_LINES_WITHOUT_SEMICOLON and all(
        line is not None and ";" not in line and begins_statement(line) for line in filled
    )
