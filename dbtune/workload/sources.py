"""Reading recordings: JSONL, files of statements, folders of both, and stdin."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar, Union

from dbtune.errors import ConfigurationError
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.workload import BrokenLine, RecordedQuery, Workload
from dbtune.workload.batch import Batch
from dbtune.workload.databases import DatabaseChoice, WantedDatabase
from dbtune.workload.digest import WorkloadDigest
from dbtune.workload.lines import read_blocks
from dbtune.workload.n_plus_one import LEAST_REPEATS
from dbtune.workload.quick_line import QuickLine, as_query
from dbtune.workload.recording_file import RecordingFile, find_files, open_recording
from dbtune.workload.recording_form import RecordingForm, reader_of
from dbtune.workload.recording_line import RecordingHeader

BROKEN_LINES_KEPT = 20

_STAGE = "Reading queries"

T = TypeVar("T")

OnBroken = Callable[[BrokenLine], None]
OnHeader = Callable[[RecordingHeader], None]
OnForm = Callable[[RecordingFile, RecordingForm, Union[int, None]], None]  # noqa: UP007

_logger = logging.getLogger(__name__)


def log_form(file: RecordingFile, form: RecordingForm, size_bytes: int | None) -> None:
    """Log what a file turned out to be."""
    _logger.info("%s is read as %s", file.name, form)


@dataclass
class BrokenLines:
    """The first broken lines, and the number of all; called with each of them."""

    kept: list[BrokenLine] = field(default_factory=list)
    count: int = 0

    def __call__(self, line: BrokenLine) -> None:
        self.count += 1
        if len(self.kept) < BROKEN_LINES_KEPT:
            self.kept.append(line)


def read_recording(
    paths: Sequence[str | Path],
    *,
    strict: bool = False,
    on_broken: OnBroken,
    on_header: OnHeader = lambda header: None,
) -> Iterator[RecordedQuery]:
    """Yield the statements of recordings in order; "-" is stdin.

    A line that cannot be read goes to `on_broken` and the rest is used. Raises
    ConfigurationError for a file that is missing, unreadable or no text, and with `strict` at
    the first broken line.
    """
    for _, batch in read_batches(find_files(paths), strict=strict, on_broken=on_broken):
        for header in batch.headers:
            on_header(header)
        yield from all_queries(batch)


def all_queries(batch: Batch) -> Iterator[RecordedQuery]:
    """Yield the statements of a block with all that they say."""
    yield from map(RecordedQuery, batch.statements)
    yield from batch.queries
    for run in batch.runs:
        yield from (full_query(line, run.sample_rate) for line in run.lines)


def full_query(line: QuickLine | RecordedQuery, sample_rate: float) -> RecordedQuery:
    """Return all that a line says which was recorded at a rate."""
    return line if isinstance(line, RecordedQuery) else as_query(line, sample_rate)


def read_batches(
    files: Sequence[RecordingFile],
    *,
    strict: bool = False,
    on_broken: OnBroken,
    on_event: OnEvent = ignore_event,
    on_form: OnForm = log_form,
) -> Iterator[tuple[RecordingFile, Batch]]:
    """Yield what recordings hold block by block, in order, each with the file it is from.

    `on_form` hears what each file is and its size, None where that is not known. It takes half
    the time of `read_recording`, and raises the same.
    """
    for file in files:
        for batch, event in _read_file(file, on_form):
            on_event(event)
            _report_broken(batch, file, strict=strict, on_broken=on_broken)
            yield file, batch


def read_workload(
    paths: Sequence[str | Path],
    *,
    strict: bool = False,
    on_event: OnEvent = ignore_event,
    database: WantedDatabase | None = None,
    min_repeats: int = LEAST_REPEATS,
) -> Workload:
    """Read recordings and return their digest, in flat memory; "-" is stdin.

    Empty files give an empty workload. The first 20 broken lines are kept, and the count of all.
    With `database`, statements that were sent to others are left out. `min_repeats` is from how
    many calls in a request on a read is N+1. Raises ConfigurationError
    as read_recording does, and where it cannot be told which database is meant.
    """
    files = find_files(paths)

    def digest(batches: Iterator[Batch]) -> Workload:
        return _digest(WorkloadDigest(min_repeats=min_repeats), batches)

    workload, left = read_of_database(files, database, digest, strict=strict, on_event=on_event)
    return replace(
        workload,
        broken=tuple(left.broken.kept),
        broken_count=left.broken.count,
        sources=tuple(file.name for file in files),
        lost_statements=left.lost_statements,
        other_databases=left.other_databases,
        other_statements=left.other_statements,
    )


@dataclass
class LeftOut:
    """What of recordings was not taken: broken lines, what the recorder lost, other databases."""

    broken: BrokenLines = field(default_factory=BrokenLines)
    lost_statements: int = 0
    other_databases: tuple[str, ...] = ()
    other_statements: int = 0


def read_of_database(
    files: Sequence[RecordingFile],
    database: WantedDatabase | None,
    take: Callable[[Iterator[Batch]], T],
    *,
    strict: bool = False,
    on_event: OnEvent = ignore_event,
) -> tuple[T, LeftOut]:
    """Return what `take` makes of a database's statements, all where None is wanted.

    It is called anew where it shows late which of several databases is meant. Raises
    ConfigurationError as read_workload does.
    """
    choice = None if database is None else DatabaseChoice(database)
    while True:
        left = LeftOut()
        read = read_batches(files, strict=strict, on_broken=left.broken, on_event=on_event)
        try:
            taken = take(_kept(read, choice, left))
        except _BetterFitError as error:
            if any(file.path is None for file in files):
                raise ConfigurationError(
                    "stdin holds statements of several databases, and can be read only once",
                    hint="write it to a file and give that, or name one of them with --recorded-as",
                ) from error
            continue
        if choice is not None:
            choice.check()
            left.other_databases, left.other_statements = choice.others, choice.left_out
        return taken, left


class _BetterFitError(Exception):
    """Statements were taken that turn out to be of another database."""


def _kept(
    read: Iterator[tuple[RecordingFile, Batch]], choice: DatabaseChoice | None, left: LeftOut
) -> Iterator[Batch]:
    for _, batch in read:
        left.lost_statements += sum(dropped.count for dropped in batch.dropped)
        kept = batch if choice is None else choice.keep(batch)
        if choice is not None and choice.begin_again():
            raise _BetterFitError
        yield kept


def _digest(digest: WorkloadDigest, batches: Iterator[Batch]) -> Workload:
    for batch in batches:
        for header in batch.headers:
            digest.add_header(header)
        digest.add_statements(batch.statements)
        for query in batch.queries:
            digest.add(query)
        digest.add_times(batch.times)
        for run in batch.runs:
            digest.add_lines(run.lines, run.sample_rate)
    return digest.finish()


def _read_file(file: RecordingFile, on_form: OnForm) -> Iterator[tuple[Batch, Event]]:
    with open_recording(file) as (stream, form, size_bytes):
        on_form(file, form, size_bytes)
        reader = reader_of(form)
        bytes_read = 0
        for block in read_blocks(stream):
            bytes_read = block.bytes_read
            yield reader.parse(block), Event(_STAGE, bytes_read, size_bytes)
        yield reader.finish(), Event(_STAGE, bytes_read, size_bytes)


def _report_broken(batch: Batch, file: RecordingFile, *, strict: bool, on_broken: OnBroken) -> None:
    for trouble in batch.troubles:
        if strict or trouble.is_fatal:
            raise ConfigurationError(
                f"{file.name} line {trouble.line}: {trouble.reason}",
                hint=(
                    "upgrade dbtune: pip install --upgrade dbtune"
                    if trouble.is_fatal
                    else "mend the line, or leave out --strict to use the other lines"
                ),
            )
        on_broken(BrokenLine(file.name, trouble.line, trouble.reason))
