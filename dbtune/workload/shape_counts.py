"""Which query shapes a recording holds, as a checksum: to compare two of any length."""

from __future__ import annotations

from dbtune.workload.comments import clean_statement
from dbtune.workload.fingerprint import shape_id
from dbtune.workload.splitting import split_statements

# Texts come again where values are bound; the rest would only take memory.
_MOST_TEXTS = 10_000
_LONGEST_TEXT = 4 * 1024
_MOST_SHAPES = 100_000
_MODULUS = 2**61 - 1


class ShapeCounts:
    """Counts statements by their shapes, in flat memory; the checksum is of all in their order."""

    def __init__(self) -> None:
        self.statements = 0
        self.executions = 0.0
        self.checksum = 0
        self._shapes: set[str] = set()
        self._known: dict[str, tuple[str, ...]] = {}

    @property
    def shapes(self) -> int:
        """How many different shapes there were, at most 100,000."""
        return len(self._shapes)

    def add(self, text: str, count: float) -> None:
        """Take a text that was executed so often; several statements in it count one by one."""
        self.statements += 1
        self.executions += count
        for shape in self._known.get(text) or self._learn(text):
            self.checksum = (self.checksum * 31 + int(shape, 16)) % _MODULUS

    def _learn(self, text: str) -> tuple[str, ...]:
        shapes = tuple(map(shape_id, split_statements(clean_statement(text))))
        if len(self._shapes) < _MOST_SHAPES:
            self._shapes.update(shapes)
        if len(text) <= _LONGEST_TEXT:
            if len(self._known) >= _MOST_TEXTS:
                self._known.clear()
            self._known[text] = shapes
        return shapes
