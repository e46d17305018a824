"""How much recording files hold, counted without parsing their lines."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from dbtune.model.recording_run import RecordingTally

_CHUNK_BYTES = 8 * 1024 * 1024
# A quote within a text is escaped, so that these are found as keys only.
_STATEMENT = b'"db.query.text":'
_HEADER = re.compile(rb'^\{"dbtune\.recording":.*?"pid": ?(\d+)', re.MULTILINE)
_DROPPED = re.compile(rb'"dbtune\.dropped": ?(\d+)')
_NAMESPACE = re.compile(rb'"db\.namespace": ?("(?:[^"\\]|\\.)*")')
# Which database is seen most shows early; the rest of a long recording is only counted.
_NAMESPACES_UP_TO_BYTES = 64 * 1024 * 1024


def tally_recordings(paths: Iterable[tuple[Path, int]]) -> RecordingTally:
    """Count what the recorder wrote to files, each from an offset in bytes on.

    A gigabyte takes some seconds. Raises OSError for a file that cannot be read.
    """
    statements = dropped = seen_bytes = 0
    process_ids: set[int] = set()
    namespaces: Counter[bytes] = Counter()
    for path, offset in paths:
        with path.open("rb") as file:
            file.seek(offset)
            while chunk := file.read(_CHUNK_BYTES):
                chunk += file.readline()
                statements += chunk.count(_STATEMENT)
                dropped += sum(map(int, _DROPPED.findall(chunk)))
                process_ids.update(map(int, _HEADER.findall(chunk)))
                if seen_bytes < _NAMESPACES_UP_TO_BYTES:
                    namespaces.update(_NAMESPACE.findall(chunk))
                seen_bytes += len(chunk)
    names = tuple(str(json.loads(name)) for name, _ in namespaces.most_common())
    return RecordingTally(statements, dropped, frozenset(process_ids), names)
