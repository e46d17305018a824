"""What the tests of the recorder share: listening to sqlite3, and reading what was written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbtune.model.workload import RecordedQuery
from dbtune.recorder.recorder import Recorder, open_recorder
from dbtune.recorder.sent import Sent
from dbtune.recorder.settings import RecorderSettings
from dbtune.recorder.sqlite_patch import install
from dbtune.workload.recording_line import parse_line


@contextmanager
def listening() -> Iterator[list[Sent]]:
    """Hear what connections made within send."""
    heard: list[Sent] = []
    undo = install(heard.append)
    try:
        yield heard
    finally:
        undo()


@contextmanager
def recording(path: Path, **settings: Any) -> Iterator[Recorder]:
    """Record what connections made within send."""
    recorder = open_recorder(RecorderSettings(str(path), **settings))
    undo = install(recorder.note)
    try:
        yield recorder
    finally:
        undo()
        recorder.close()


def texts(heard: Sequence[Sent]) -> list[str]:
    """The statements that were heard."""
    return [sent.text for sent in heard]


@dataclass(frozen=True)
class Written:
    """A recording: its headers, its statements, and how many were dropped."""

    headers: list[dict[str, Any]]
    queries: list[RecordedQuery]
    dropped: int


def read(path: Path) -> Written:
    """Read a recording as `dbtune` does, line by line; each line has to be whole."""
    written = Written([], [], 0)
    dropped = 0
    for line in path.read_text("utf-8").splitlines():
        fields = json.loads(line)
        if "dbtune.recording" in fields:
            written.headers.append(fields)
        elif "dbtune.dropped" in fields:
            dropped += fields["dbtune.dropped"]
        else:
            query = parse_line(line, 1.0)
            assert isinstance(query, RecordedQuery)
            written.queries.append(query)
    return Written(written.headers, written.queries, dropped)
