"""What a log writes before each message, learned from one of its lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbtune.workload.timestamps import normalise_timestamp

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)
# The one word that is the same in all of its lines, where a format names the logger at all.
_OWN_LOGGERS = ("sqlalchemy.engine", "django.db.backends")
_OWN_LOGGER = rf"(?:{'|'.join(map(re.escape, _OWN_LOGGERS))})[\w.]*"
# Threads are called `MainThread`, `Thread-1 (work)`, `ThreadPoolExecutor-0_0`.
_WORD = re.compile(
    rf"{_OWN_LOGGER}|[\w.]+(?:-(?!{_OWN_LOGGER})[\w.]+)*(?: \((?!{_OWN_LOGGER})[\w.<>-]+\))?"
    r"|\s+|[^\w.\s]+"
)
_ANY_WORD = r"[\w.-]+(?: \([\w.<>-]+\))?"
# What stands before the logger's name, whatever threads are called; beyond it a line is a text.
_BEFORE_LOGGER = r".{0,300}?"


@dataclass(frozen=True)
class LogPrefix:
    """Tells where a line's message begins, by what all lines of one format have before it."""

    own: re.Pattern[str]
    any: re.Pattern[str]

    @property
    def is_empty(self) -> bool:
        """True where messages stand alone, so that no line shows by itself where one begins."""
        return not self.any.pattern

    def message(self, line: str) -> str | None:
        """Return the message that begins on a line of our logger; None where none does."""
        match = self.own.match(line)
        return None if match is None else line[match.end() :]

    def begins_other(self, line: str) -> bool:
        """Tell whether a line begins a message of another logger."""
        return not self.is_empty and self.any.match(line) is not None


def learn_prefix(prefix: str) -> LogPrefix:
    """Return how lines begin, given what stands before the message on one of them.

    Numbers, times and names differ from line to line, what is between them does not; a logger's
    name is the same on all lines that are its own.
    """
    own, anybody = [], []
    for piece in _WORD.findall(prefix):
        if piece.isspace():
            loose = r"\s+"
        elif piece[0].isalnum() or piece[0] in "_.":
            loose = _ANY_WORD
        else:
            loose = re.escape(piece)
        logger = next((name for name in _OWN_LOGGERS if piece.startswith(name)), None)
        if logger:
            own = [rf"{_BEFORE_LOGGER}\b{re.escape(logger)}[\w.]*"]
        else:
            own.append(loose)
        anybody.append(loose)
    return LogPrefix(re.compile("".join(own)), re.compile("".join(anybody)))


def time_of(prefix: str) -> str | None:
    """Return the time that a prefix tells, None where it tells none."""
    match = _TIME.search(prefix)
    return normalise_timestamp(match.group()) if match else None
