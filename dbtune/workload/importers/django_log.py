"""What Django logs as django.db.backends under DEBUG, in any format of Python's logging.

A message is `(0.001) SELECT ...; args=(1,); alias=default`, with the values already in the text,
except for executemany(): https://docs.djangoproject.com/en/stable/ref/logging/#django-db-backends
"""

from __future__ import annotations

import re

from dbtune.model.workload import RecordedQuery
from dbtune.workload.batch import NOT_UTF8, TOO_LONG, Batch, Trouble
from dbtune.workload.comments import with_tags
from dbtune.workload.importers.log_prefix import time_of
from dbtune.workload.importers.open_transaction import OpenTransaction
from dbtune.workload.importers.printed_values import BoundValues, read_printed
from dbtune.workload.lines import LINE_LIMIT_BYTES, LineBlock, is_unicode
from dbtune.workload.splitting import says_something

_BEGIN = re.compile(r"\((\d{1,6}\.\d{3})\) ", re.ASCII)
_ARGUMENTS = "; args="
_WHOLE = re.compile(rf"{_BEGIN.pattern}[^\n]*; args=[^\n]*(?:; alias=|\)$|None$)", re.MULTILINE)
# The alias is there from Django 4.0 on.
_CLOSING = re.compile(r"(?:; alias=[\w.-]+|; args=(?:None|[\[({].*[\])}]))\s*$")


def find_django_log(text: str) -> bool:
    """Tell whether a text holds what Django logs about its database."""
    return _WHOLE.search(text) is not None


class DjangoLines:
    """Reads statements from a log; lines of other loggers are passed over."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self._first = 0
        self._duration_ns = 0
        self._time: str | None = None
        self._transactions: dict[str, OpenTransaction] = {}

    def parse(self, block: LineBlock) -> Batch:
        """Return the statements that end in a block."""
        batch = Batch()
        for number, line in enumerate(block.lines, start=block.first):
            if line is None or not is_unicode(line):
                batch.troubles.append(Trouble(number, TOO_LONG if line is None else NOT_UTF8))
                self._parts.clear()
            else:
                self._take(line, number, batch)
        return batch

    def finish(self) -> Batch:
        """Tell of a statement that was cut off."""
        batch = Batch()
        self._abandon(batch)
        return batch

    def _take(self, line: str, number: int, batch: Batch) -> None:
        begin = _BEGIN.search(line)
        if begin is not None:
            self._abandon(batch)
            self._first = number
            self._duration_ns = round(float(begin[1]) * 1e9)
            self._time = time_of(line[: begin.start()])
            self._size = 0
            line = line[begin.end() :]
        elif not self._parts:
            return
        self._parts.append(line)
        self._size += len(line)
        if _CLOSING.search(line):
            self._keep("\n".join(self._parts), batch)
            self._parts.clear()
        elif self._size > LINE_LIMIT_BYTES:
            self._abandon(batch)

    def _abandon(self, batch: Batch) -> None:
        if self._parts:
            reason = "the statement that begins here does not end with its args"
            batch.troubles.append(Trouble(self._first, reason))
            self._parts.clear()

    def _keep(self, message: str, batch: Batch) -> None:
        body, _, alias = message.rpartition("; alias=")
        if not body or _ARGUMENTS in alias:
            body, alias = message, ""
        text, values = _parted(body)
        if text is None or not says_something(text):
            return
        transaction = self._transactions.setdefault(alias, OpenTransaction(alias))
        verb = text.split(maxsplit=1)[0].upper()
        if verb == "BEGIN":
            transaction.begin()
        query = RecordedQuery(
            text=text,
            parameters=values.parameters,
            masked=values.masked,
            count=values.count,
            # That of all, where a recording tells the time of one.
            duration_ns=round(self._duration_ns / values.count),
            timestamp=self._time,
            transaction_id=transaction.name,
            namespace=alias.strip() or None,
        )
        batch.queries.append(with_tags(query))
        if verb in {"COMMIT", "ROLLBACK"} and " TO " not in text.upper():
            transaction.end()


def _parted(body: str) -> tuple[str | None, BoundValues]:
    """Return the statement and what is not yet in its text, which is the case for many sets only.

    A value may itself hold what stands between the two, so what follows has to be values.
    """
    end = len(body)
    while (end := body.rfind(_ARGUMENTS, 0, end)) >= 0:
        printed = body[end + len(_ARGUMENTS) :].strip()
        if body.count(_ARGUMENTS) > 1 and printed != "None" and read_printed(printed).masked:
            continue
        if printed.startswith("[") and "%s" in body[:end]:
            return body[:end], read_printed(printed)
        return body[:end], BoundValues()
    return None, BoundValues()
