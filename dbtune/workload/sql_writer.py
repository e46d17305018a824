"""Statements with their values written into them, as a file of SQL has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sqlite3 import complete_statement

from dbtune.model.workload import Parameters, RecordedQuery, Sample, SqlValue
from dbtune.workload.binding import bind
from dbtune.workload.comments import clean_statement
from dbtune.workload.recording_line import DroppedStatements, RecordingHeader
from dbtune.workload.splitting import split_statements
from dbtune.workload.tokens import TokenReader

_ENDS = frozenset({"COMMIT", "END", "ROLLBACK"})

QuoteLiteral = Callable[[SqlValue], str]


class SqlStatements:
    """Makes a line of SQL of each statement; what SQL has no words for is left out and counted.

    `quote` writes a value as a literal.
    """

    def __init__(self, quote: QuoteLiteral) -> None:
        self._quote = quote
        self.statements = 0
        self.without_values = 0
        self.left_out = 0
        self._is_begun = False

    def header(self, header: RecordingHeader) -> str:
        """Return nothing: a file of SQL does not say who sent it."""
        return ""

    def lost(self, dropped: DroppedStatements) -> str:
        """Return nothing, too."""
        return ""

    def query(self, query: RecordedQuery, sample_rate: float) -> str:
        """Return a line for each statement in a text, "" where none is whole."""
        text = clean_statement(query.text)
        parts = (text,) if query.parameters else split_statements(text)
        lines = []
        for part in parts:
            line = self._with_values(part, query.parameters) + ";\n"
            if "\0" in line or not complete_statement(line) or self._ends_nothing(part):
                self.left_out += 1
                continue
            self.statements += 1
            lines.append(line)
        return "".join(lines)

    def _ends_nothing(self, statement: str) -> bool:
        """Tell of a COMMIT or ROLLBACK whose BEGIN is not in the file: drivers send some unseen."""
        words = statement.upper().split()
        if words[0] == "BEGIN":
            self._is_begun = True
        elif words[0] in _ENDS and "TO" not in words:
            was_begun, self._is_begun = self._is_begun, False
            return not was_begun
        return False

    def _with_values(self, text: str, parameters: Parameters) -> str:
        bound = bind(Sample(text, parameters))
        if bound.parameters is None:
            self.without_values += 1
            return bound.text
        return _inlined(bound.text, bound.parameters, self._quote) if bound.parameters else text


def _inlined(text: str, parameters: Parameters, quote: QuoteLiteral) -> str:
    pieces: list[str] = []
    end = position = 0
    for token in TokenReader(text):
        if token.kind != "placeholder":
            continue
        if isinstance(parameters, Mapping):
            value = parameters[token.text[1:]]
        else:
            assert parameters is not None
            position = int(token.text[1:]) if len(token.text) > 1 else position + 1
            value = parameters[position - 1]
        literal = quote(value)
        # Two minus signs would begin a comment.
        pieces += (text[end : token.start], " " if literal.startswith("-") else "", literal)
        end = token.start + len(token.text)
    return "".join(pieces) + text[end:]
