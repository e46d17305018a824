"""The texts of a part of a table, read by ADBC and measured by Arrow (extra dbtune[fast]).

What is odd about them is for the reading row by row to tell: U+0000, and what is no UTF-8.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dbtune.model.schema import Table
from dbtune.model.transfer import ColumnProfile, FormCount, StorageCounts
from dbtune.postgres.profiling.profile_questions import Questions
from dbtune.postgres.profiling.row_names import RowNames, example_text, row_names
from dbtune.postgres.profiling.text_tally import TextTally
from dbtune.sqlite.identifiers import quote_identifier

_log = logging.getLogger(__name__)

# No text is longer than SMALL_BYTES, so that a batch takes 32 MB a column at the very most.
_BATCH_ROWS = 2048
# An array of pyarrow, which has no types for a type checker.
Array = Any


class OddTextError(Exception):
    """A text that this reading does not judge."""


def can_read(asked: Questions, counts: StorageCounts) -> bool:
    """Return whether a column holds texts only, and no more is asked of them than is told here.

    ADBC makes texts of other values without a word.
    """
    return 0 < counts.texts == counts.not_null and asked.forms <= {"dates"}


def read_texts(
    adbc: Any,
    table: Table,
    part: Mapping[str, tuple[Questions, ColumnProfile]],
    rowids: tuple[int, int],
) -> tuple[ColumnProfile, ...] | None:
    """Return the profiles of columns of a part with what their texts are like.

    None where the texts have to be read row by row. The rowids are the first and the last.
    """
    import adbc_driver_manager
    import pyarrow

    names = row_names(table)
    rows = _Rows(adbc, table, names, rowids)
    texts = [_ArrowTexts(questions) for questions, _ in part.values()]
    try:
        rows.read_into(texts, tuple(part))
        profiles = [profile for _, profile in part.values()]
        return tuple(
            text.added_to(profile, rows) for text, profile in zip(texts, profiles, strict=True)
        )
    except (adbc_driver_manager.Error, pyarrow.ArrowException, OSError, OddTextError) as error:
        _log.info("the texts of %s are read row by row: %s", table.name, error)
        return None


class _Rows:
    """The rows of a part, by ADBC."""

    def __init__(self, adbc: Any, table: Table, names: RowNames, rowids: tuple[int, int]) -> None:
        self._adbc = adbc
        self._names = names
        name = quote_identifier(table.name)
        self._source = f"{name} NOT INDEXED WHERE {names.rowid} BETWEEN {rowids[0]} AND {rowids[1]}"

    def read_into(self, texts: Sequence[_ArrowTexts], columns: Sequence[str]) -> None:
        """Add the values of columns to what is to measure them."""
        # ADBC guesses the types from the first row.
        first = ", ".join(f"'' AS c{place}" for place in range(len(columns)))
        terms = ", ".join(map(quote_identifier, columns))
        options = {"adbc.sqlite.query.batch_rows": str(_BATCH_ROWS)}
        position, skipped = 0, 1
        with self._adbc.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(f"SELECT {first} UNION ALL SELECT {terms} FROM {self._source}")
            with cursor.fetch_record_batch() as reader:
                for batch in reader:
                    rows = batch.slice(skipped)
                    skipped = 0
                    for text, array in zip(texts, rows.columns, strict=True):
                        text.add(array, position)
                    position += rows.num_rows

    def name(self, position: int) -> str:
        """Return the name of the row at a position."""
        rowid = self._names.rowid
        with self._adbc.cursor() as cursor:
            cursor.execute(
                f"SELECT {rowid} FROM {self._source} ORDER BY {rowid} LIMIT 1 OFFSET {position}"
            )
            return self._names.name(cursor.fetchone())


class _ArrowTexts:
    """The texts of a column, added up batch by batch."""

    def __init__(self, questions: Questions) -> None:
        self._tally = TextTally(questions.forms, questions.characters)
        self._positions: dict[str, int] = {}

    def add(self, array: Array, position: int) -> None:
        """Add a batch that begins at a row's position. Raises what says that it cannot."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if array.type != pa.string():
            raise OddTextError(f"a column is read as {array.type}")
        count = len(array) - array.null_count
        if not count:
            return
        joined = _joined(array)
        if b"\0" in joined:
            raise OddTextError("a text has U+0000 in it")
        lengths = pc.min_max(pc.binary_length(array)).as_py()
        shortest, longest = lengths["min"], lengths["max"]
        self._tally.add_lengths(count, shortest, longest)
        if not joined.isascii():
            array.validate(full=True)  # raises ArrowInvalid for what is no UTF-8
            self._tally.non_ascii = True
            longest = pc.max(pc.utf8_length(array)).as_py()
        self._tally.add_characters(longest)
        if not self._tally.wanted:
            return
        if 0 < shortest == lengths["max"]:
            self._tally.classify_fixed(joined, shortest)
        else:
            self._tally.classify(array.drop_null().cast("binary").to_pylist())
        self._locate(array, position)

    def added_to(self, profile: ColumnProfile, rows: _Rows) -> ColumnProfile:
        """Return the profile with what was found."""
        tally = self._tally
        forms = [
            FormCount(form, count, example_text(tally.forms.examples[form]), rows.name(position))
            for form, position in self._positions.items()
            for count in (tally.forms.counts[form],)
        ]
        return replace(
            profile,
            forms=tuple(forms),
            longest_bytes=tally.longest_bytes,
            longest_characters=tally.longest_characters,
            non_ascii=tally.non_ascii,
            uniform_bytes=tally.uniform_bytes,
            shapes=tally.shapes,
        )

    def _locate(self, array: Array, position: int) -> None:
        """Note where the examples are that the batch has brought."""
        import pyarrow.compute as pc

        for form, example in self._tally.forms.examples.items():
            if form not in self._positions:
                self._positions[form] = position + pc.index(array, example.decode()).as_py()


def _joined(array: Array) -> bytes:
    """Return the bytes of all texts of an array; a NULL has none."""
    _, offsets, data = array.buffers()
    if data is None:
        return b""
    places = memoryview(offsets).cast("i")
    start, end = places[array.offset], places[array.offset + len(array)]
    return bytes(memoryview(data)[start:end])
