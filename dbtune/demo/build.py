"""`dbtune demo`: a slow database to try dbtune on, with a recording of its application."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from dbtune.demo.database import build_database
from dbtune.demo.own_files import DemoFiles, demo_files, put_in_place, require_replaceable
from dbtune.demo.play import play_pages
from dbtune.demo.population import Population, population_at
from dbtune.demo.recording import write_recording
from dbtune.errors import TargetError
from dbtune.model.event import OnEvent, ignore_event
from dbtune.resources import sql
from dbtune.sqlite.copies.scratch import scratch_folder
from dbtune.sqlite.file.free_space import require_free_bytes

# A platform of scale 1, its recording, and some room beside them.
_BYTES_AT_SCALE_1 = 60_000_000
_BYTES_AT_ANY_SCALE = 12_000_000


@dataclass(frozen=True)
class Demo:
    """A demo that was built: its files, the rows of all its tables, the statements recorded."""

    files: DemoFiles
    rows: int
    statements: int


def build_demo(folder: Path, scale: float = 1.0, *, on_event: OnEvent = ignore_event) -> Demo:
    """Build platform.db (about 50 MB times `scale`) and its recording in a folder.

    The folder is made where it is missing. An earlier demo in it is replaced, with what dbtune
    kept beside its database; the files appear whole or not at all. Raises RefusedError for files
    that are not a demo's own and where there is no room, TargetError where the folder cannot be
    written.
    """
    files = demo_files(folder)
    try:
        require_replaceable(files)
        require_free_bytes(
            next(parent for parent in (folder, *folder.parents) if parent.is_dir()),
            int(_BYTES_AT_SCALE_1 * scale) + _BYTES_AT_ANY_SCALE,
            f"a demo of scale {scale:g}",
            hint="choose a smaller --scale or another folder",
        )
        folder.mkdir(parents=True, exist_ok=True)
        # In the same folder, so that moving them into place is one step that cannot fail half-way.
        with scratch_folder(folder) as scratch:
            new = demo_files(scratch)
            population = population_at(scale)
            statements = _build(new, population, scale, on_event)
            put_in_place(new, files)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TargetError(f"cannot write the demo to {folder}: {reason}", hint=_HINT) from error
    except sqlite3.Error as error:
        raise TargetError(f"cannot write the demo to {folder}: {error}", hint=_HINT) from error
    return Demo(files, population.rows, statements)


_HINT = "name a folder that can be written and has room: dbtune demo DIR"


def _build(new: DemoFiles, population: Population, scale: float, on_event: OnEvent) -> int:
    build_database(new.database, population, on_event=on_event)
    queries = play_pages(new.database, population, scale, on_event=on_event)
    new.hand_written_indexes.write_text(
        sql("platform/hand_written_indexes"), encoding="utf-8", newline="\n"
    )
    return write_recording(new.recording, queries)
