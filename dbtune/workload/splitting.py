"""Splitting SQL into statements, line by line, without reading any text twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.workload.comments import may_hold_comments, strip_comments
from dbtune.workload.tokens import WHITE_SPACE

_STOP = re.compile(r"['\"`\[;]|--|/\*")
_CLOSED_BY = {"'": "'", '"': '"', "`": "`", "[": "]"}
_TRIGGER = re.compile(
    r"\s*(?:EXPLAIN\s+(?:QUERY\s+PLAN\s+)?)?CREATE\s+(?:TEMP\s+|TEMPORARY\s+)?TRIGGER\b",
    re.IGNORECASE,
)
_TRIGGER_END = re.compile(r"\s*END\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """A statement without its semicolon, and the number of the line it starts on."""

    text: str
    line: int


class StatementSplitter:
    """Cuts lines at the semicolons that end a statement, as sqlite3_complete() sees them.

    A semicolon in a string, a quoted name, a comment or the body of a trigger ends nothing.
    Doubled quotes need no care: the string closes and opens again at once.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the statement that has not ended."""
        self._parts: list[str] = []
        self._code: list[str] = []
        self._closing = ""
        self._line = 0
        self._size = 0
        self._is_trigger: bool | None = None

    @property
    def is_idle(self) -> bool:
        """True between statements, where nothing of the next one has been seen."""
        return not self._parts and not self._closing

    @property
    def open_string(self) -> bool:
        """True inside a string or a quoted name."""
        return self._closing in {"'", '"', "`", "]"}

    @property
    def pending(self) -> Statement:
        """What has been read of a statement that has not ended."""
        return Statement("".join(self._parts).strip(WHITE_SPACE), self._line)

    @property
    def pending_line(self) -> int:
        """The line on which the statement that has not ended begins."""
        return self._line

    @property
    def pending_size(self) -> int:
        """Characters held for the statement that has not ended."""
        return self._size

    def feed(self, line: str, number: int) -> Iterator[Statement]:
        """Take one line without its end and yield the statements that end on it."""
        line += "\n"
        position = 0
        while position < len(line):
            if self._closing:
                position = self._read_to_close(line, position, number)
                continue
            stop = _STOP.search(line, position)
            if stop is None:
                self._keep(line[position:], number)
                return
            self._keep(line[position : stop.start()], number)
            position = stop.end()
            if stop.group() == "--":
                self._keep_comment(line[stop.start() :])
                return
            if stop.group() == ";":
                yield from self._end(number)
            elif stop.group() == "/*":
                self._closing = "*/"
                self._keep_comment("/*")
            else:
                self._closing = _CLOSED_BY[stop.group()]
                self._keep(stop.group(), number, code="'")

    def _read_to_close(self, line: str, position: int, number: int) -> int:
        end = line.find(self._closing, position)
        stop = len(line) if end < 0 else end + len(self._closing)
        if self._closing == "*/":
            self._keep_comment(line[position:stop])
        else:
            self._keep(line[position:stop], number, code="")
        if end >= 0:
            self._closing = ""
        return stop

    def _keep(self, text: str, number: int, *, code: str | None = None) -> None:
        # `code` is what tells a trigger: strings, names in quotes and comments are not.
        if not self._parts:
            text = text.lstrip(WHITE_SPACE)
            if not text:
                return
            self._line = number
        self._parts.append(text)
        self._size += len(text)
        self._code.append(text if code is None else code)

    def _keep_comment(self, text: str) -> None:
        # What stands before a statement is a heading, not a part of it.
        if self._parts:
            self._parts.append(text)
            self._size += len(text)
            self._code.append(" ")

    def _end(self, number: int) -> Iterator[Statement]:
        if not self._ends_here():
            self._keep(";", number)
            self._code = []
            return
        statement = self.pending
        self.reset()
        if statement.text:
            yield statement

    def _ends_here(self) -> bool:
        code = "".join(self._code)
        if self._is_trigger is None:
            self._is_trigger = _TRIGGER.match(code) is not None
            return not self._is_trigger
        return not self._is_trigger or _TRIGGER_END.fullmatch(code) is not None


def split_statements(sql: str) -> tuple[str, ...]:
    """Return the statements in a text without their semicolons; one that does not end is kept."""
    if ";" not in sql:
        statements = [sql.strip(WHITE_SPACE)]
    else:
        splitter = StatementSplitter()
        lines = enumerate(sql.split("\n"), start=1)
        statements = [part.text for number, line in lines for part in splitter.feed(line, number)]
        statements.append(splitter.pending.text)
    return tuple(text for text in statements if says_something(text))


def says_something(text: str) -> bool:
    """Tell whether a text holds more than white space and comments."""
    return bool(strip_comments(text) if may_hold_comments(text) else text.strip(WHITE_SPACE))
