"""What SQLAlchemy logs of an engine with echo=True, in any format of Python's logging.

A statement is one message, over as many lines as it has; its values are the next message, behind
how the statement was made: `[generated in 0.0001s] (1, 'x')`
(https://docs.sqlalchemy.org/en/20/core/connections.html#estimating-cache-performance-using-logging).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dbtune.model.workload import RecordedQuery
from dbtune.workload.batch import NOT_UTF8, TOO_LONG, Batch, Trouble
from dbtune.workload.comments import with_tags
from dbtune.workload.importers.log_prefix import LogPrefix, learn_prefix, time_of
from dbtune.workload.importers.open_transaction import OpenTransaction
from dbtune.workload.importers.printed_values import BoundValues, read_printed
from dbtune.workload.lines import LINE_LIMIT_BYTES, LineBlock, is_unicode
from dbtune.workload.sql_lines import begins_statement

_MADE = re.compile(
    r"\[(?:generated in|cached since|no key|raw sql|caching disabled|insertmanyvalues"
    r"|dialect [\w+]+ does not support caching)[^\[\]]*\] "
)
_BEGIN = re.compile(r"BEGIN \(")
_END = re.compile(r"(?:COMMIT|ROLLBACK)(?: using DBAPI connection\b.*)?\s*$")
# Statements of that many threads may lie between one and its values.
_WAITING_STATEMENTS = 64


def find_echo(text: str) -> bool:
    """Tell whether a text holds what SQLAlchemy logs about an engine."""
    return _MADE.search(text) is not None


@dataclass
class _Message:
    """A statement that waits for its values."""

    line: int
    time: str | None
    transaction: str | None
    parts: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.parts).strip()


class EchoLines:
    """Reads statements and their values from a log; lines of other loggers are passed over."""

    def __init__(self) -> None:
        self._prefix: LogPrefix | None = None
        self._open: _Message | None = None
        self._waiting: list[_Message] = []
        self._transaction = OpenTransaction()

    def parse(self, block: LineBlock) -> Batch:
        """Return the statements whose values stand in a block."""
        batch = Batch()
        if self._prefix is None:
            self._prefix = _learn(block.lines)
        for number, line in enumerate(block.lines, start=block.first):
            if line is None or not is_unicode(line):
                batch.troubles.append(Trouble(number, TOO_LONG if line is None else NOT_UTF8))
                self._open = None
            elif self._prefix is not None:
                self._take(line, number, self._prefix, batch)
        return batch

    def finish(self) -> Batch:
        """Tell of the statements whose values never came."""
        batch = Batch()
        self._close()
        while self._waiting:
            self._give_up(batch)
        return batch

    def _take(self, line: str, number: int, prefix: LogPrefix, batch: Batch) -> None:
        message = prefix.message(line)
        if message is None or (prefix.is_empty and not _begins_message(line)):
            if prefix.begins_other(line):
                self._close()
            elif self._open is not None:
                self._continue(line, self._open, batch)
            return
        self._close()
        made = _MADE.match(message)
        if made is not None:
            self._pair(message[made.end() :], batch)
        elif _BEGIN.match(message):
            self._transaction.begin()
        elif _END.match(message):
            self._transaction.end()
        else:
            time = time_of(line[: len(line) - len(message)])
            self._open = _Message(number, time, self._transaction.name)
            self._continue(message, self._open, batch)

    def _continue(self, line: str, message: _Message, batch: Batch) -> None:
        message.parts.append(line)
        message.size += len(line)
        if message.size > LINE_LIMIT_BYTES:
            reason = "the statement that begins here does not end within 16 MiB"
            batch.troubles.append(Trouble(message.line, reason))
            self._open = None

    def _close(self) -> None:
        message, self._open = self._open, None
        if message is not None and begins_statement(message.text):
            self._waiting.append(message)

    def _pair(self, printed: str, batch: Batch) -> None:
        """Give the values to the statement that has as many placeholders, the newest of several."""
        values = read_printed(printed)
        given = values.parameters
        fitting = (
            message
            for message in reversed(self._waiting)
            if not isinstance(given, tuple) or message.text.count("?") == len(given)
        )
        found = next(fitting, None) or (self._waiting[-1] if self._waiting else None)
        if found is not None:
            self._waiting.remove(found)
            _keep(found, values, batch)
        while len(self._waiting) > _WAITING_STATEMENTS:
            self._give_up(batch)

    def _give_up(self, batch: Batch) -> None:
        # A cut log, or a message that only looks like a statement: those all have values.
        message = self._waiting.pop(0)
        reason = "the values of the statement that begins here are missing"
        batch.troubles.append(Trouble(message.line, reason))


def _learn(lines: list[str | None]) -> LogPrefix | None:
    for line in lines:
        made = _MADE.search(line) if line else None
        if line and made:
            return learn_prefix(line[: made.start()])
    return None


def _begins_message(line: str) -> bool:
    return bool(_MADE.match(line) or _BEGIN.match(line)) or begins_statement(line, indented=False)


def _keep(message: _Message, values: BoundValues, batch: Batch) -> None:
    query = RecordedQuery(
        text=message.text,
        parameters=values.parameters,
        masked=values.masked,
        count=values.count,
        timestamp=message.time,
        transaction_id=message.transaction,
    )
    batch.queries.append(with_tags(query))
