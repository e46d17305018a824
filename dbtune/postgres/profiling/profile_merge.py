"""Profiles of parts of a table put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dbtune.model.transfer import ColumnProfile, FormCount, StorageCounts, TableProfile
from dbtune.postgres.profiling.column_scan import MOST_NAMED_ROWS
from dbtune.postgres.profiling.text_tally import MOST_SHAPES


def merge_profiles(parts: Sequence[TableProfile]) -> TableProfile:
    """Return the profile of the rows of all parts, which are in the order of the table.

    At least one part. What complete_profile adds is kept only where there is one part.
    """
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return TableProfile(
        table=first.table,
        rows=sum(part.rows for part in parts),
        columns=tuple(
            _merge_columns([part.columns[place] for part in parts])
            for place in range(len(first.columns))
        ),
        rowid_min=_bound(min, (part.rowid_min for part in parts)),
        rowid_max=_bound(max, (part.rowid_max for part in parts)),
        large_values=tuple(sorted(value for part in parts for value in part.large_values)),
    )


def _merge_columns(parts: Sequence[ColumnProfile]) -> ColumnProfile:
    with_texts = [part for part in parts if part.counts.texts]
    lengths = {part.uniform_bytes for part in with_texts}
    return ColumnProfile(
        column=parts[0].column,
        counts=_merge_counts([part.counts for part in parts]),
        forms=_merge_forms(parts, lambda part: part.forms),
        problems=_merge_forms(parts, lambda part: part.problems),
        longest_bytes=max(part.longest_bytes for part in parts),
        longest_characters=max(part.longest_characters for part in parts),
        non_ascii=any(part.non_ascii for part in parts),
        decimal_integer_digits=max(part.decimal_integer_digits for part in parts),
        decimal_scale=max(part.decimal_scale for part in parts),
        uniform_bytes=lengths.pop() if len(lengths) == 1 else None,
        shapes=_merge_shapes(with_texts),
    )


def _merge_counts(counts: Sequence[StorageCounts]) -> StorageCounts:
    return StorageCounts(
        nulls=sum(count.nulls for count in counts),
        integers=sum(count.integers for count in counts),
        reals=sum(count.reals for count in counts),
        texts=sum(count.texts for count in counts),
        blobs=sum(count.blobs for count in counts),
    )


def _merge_forms(
    parts: Sequence[ColumnProfile], forms_of: Callable[[ColumnProfile], Iterable[FormCount]]
) -> tuple[FormCount, ...]:
    merged: dict[str, list[FormCount]] = {}
    for part in parts:
        for form in forms_of(part):
            merged.setdefault(form.form, []).append(form)
    return tuple(map(_merge_form, merged.values()))


def _merge_form(found: Sequence[FormCount]) -> FormCount:
    first = found[0]
    # A part without conditions has rows that no condition finds.
    known = all(form.conditions for form in found)
    known = known and sum(form.count for form in found) <= MOST_NAMED_ROWS
    return FormCount(
        form=first.form,
        count=sum(form.count for form in found),
        example=first.example,
        row=first.row,
        conditions=tuple(c for form in found for c in form.conditions) if known else (),
    )


def _merge_shapes(with_texts: Sequence[ColumnProfile]) -> tuple[str, ...]:
    if not all(part.shapes for part in with_texts):
        return ()
    shapes = sorted({shape for part in with_texts for shape in part.shapes})
    return tuple(shapes) if len(shapes) <= MOST_SHAPES else ()


def _bound(choose: Callable[[Iterable[int]], int], bounds: Iterable[int | None]) -> int | None:
    known = [bound for bound in bounds if bound is not None]
    return choose(known) if known else None
