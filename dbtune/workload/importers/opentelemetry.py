"""Files of spans, block by block: a JSON document a line, or over many lines."""

from __future__ import annotations

from dbtune.workload.batch import NOT_UTF8, TOO_LONG, Batch, Trouble
from dbtune.workload.importers.spans import read_spans
from dbtune.workload.importers.trace_routes import TraceRoutes
from dbtune.workload.lines import LINE_LIMIT_BYTES, LineBlock, is_unicode
from dbtune.workload.recorded_values import LineError


class SpanLines:
    """Reads the statements in spans; a document over many lines ends with a brace of its own."""

    def __init__(self) -> None:
        self._routes = TraceRoutes()
        self._parts: list[str] = []
        self._size = 0
        self._first = 0

    def parse(self, block: LineBlock) -> Batch:
        """Return the statements of the documents that end in a block."""
        batch = Batch()
        for number, line in enumerate(block.lines, start=block.first):
            if line is None or not is_unicode(line):
                batch.troubles.append(Trouble(number, TOO_LONG if line is None else NOT_UTF8))
                self._parts.clear()
            elif self._parts:
                self._add(line, batch)
            elif line and not line.isspace():
                self._begin(line, number, batch)
        return batch

    def finish(self) -> Batch:
        """Return the statements that waited for a route, and tell of what was cut off."""
        batch = Batch(queries=list(self._routes.finish()))
        if self._parts:
            batch.troubles.append(Trouble(self._first, "a JSON document that begins here is cut"))
        return batch

    def _begin(self, line: str, number: int, batch: Batch) -> None:
        self._first = number
        if line.rstrip().endswith("}"):
            self._take(line, batch)
        else:
            self._parts = [line]
            self._size = len(line)

    def _add(self, line: str, batch: Batch) -> None:
        self._parts.append(line)
        self._size += len(line)
        if line.startswith("}"):
            text = "\n".join(self._parts)
            self._parts.clear()
            self._take(text, batch)
        elif self._size > LINE_LIMIT_BYTES:
            reason = "the JSON document that begins here does not end within 16 MiB"
            batch.troubles.append(Trouble(self._first, reason))
            self._parts.clear()

    def _take(self, text: str, batch: Batch) -> None:
        try:
            spans = read_spans(text)
        except LineError as error:
            batch.troubles.append(Trouble(self._first, str(error)))
            return
        for span in spans:
            batch.queries.extend(self._routes.take(span))
