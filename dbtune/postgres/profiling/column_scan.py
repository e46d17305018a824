"""What reading one column's values finds out: its texts, the blobs that may be text, its reals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dbtune.model.transfer import FormCount
from dbtune.postgres.profiling.decimal_digits import DigitTally
from dbtune.postgres.profiling.profile_questions import Questions
from dbtune.postgres.profiling.row_names import RowNames, example_text
from dbtune.postgres.profiling.text_tally import LargeText, TextTally, is_utf8
from dbtune.postgres.profiling.value_forms import FormTally

# Rows with a problem that are still named one by one.
MOST_NAMED_ROWS = 10_000
# The identity of the row at a position of the batch.
IdentityAt = Callable[[int], Sequence[Any]]
Values = Sequence[Any]


class ExampleRows:
    """Forms tallied with the row of each one's first example."""

    def __init__(self, names: RowNames) -> None:
        self.tally = FormTally()
        self._names = names
        self._rows: dict[str, str] = {}

    def locate(self, column: Values, identity_at: IdentityAt) -> None:
        """Name the rows of the examples that the batch has brought."""
        if len(self._rows) == len(self.tally.examples):
            return
        for form, example in self.tally.examples.items():
            if form not in self._rows:
                self._rows[form] = self._names.name(identity_at(column.index(example)))

    def add(self, form: str, example: bytes, identity: Sequence[Any]) -> None:
        """Add one value whose row is known."""
        self.tally.add(form, 1, example)
        self._rows.setdefault(form, self._names.name(identity))

    def counts(self) -> tuple[FormCount, ...]:
        """Return the forms with their examples."""
        return tuple(
            FormCount(form, count, example_text(self.tally.examples[form]), self._rows[form])
            for form, count in self.tally.counts.items()
        )


class TextScan:
    """The texts of a column."""

    def __init__(self, questions: Questions, names: RowNames) -> None:
        self.tally = TextTally(questions.forms, questions.characters)
        self._names = names
        self._forms = ExampleRows(names)
        self._forms.tally = self.tally.forms
        self._problems = ExampleRows(names)
        self._problem_rows: dict[str, list[tuple[Any, ...]]] = {}

    def add(self, column: Values, identity_at: IdentityAt) -> None:
        """Add a batch; NULL stands for what is no text."""
        values = [value for value in column if value is not None] if None in column else column
        if not values:
            return
        has_nul, has_invalid = self.tally.add(values)
        self._forms.locate(column, identity_at)
        if has_nul or has_invalid:
            for position, value in enumerate(column):
                if value is not None:
                    self._add_problems(value, b"\0" in value, is_utf8(value), position, identity_at)

    def add_large(self, text: LargeText, identity: Sequence[Any]) -> None:
        """Add a text that was read in pieces."""
        self.tally.add_large(text)
        self._forms.locate((text.beginning,), lambda _: identity)
        self._add_problems(text.beginning, text.has_nul, text.is_utf8, 0, lambda _: identity)

    @property
    def forms(self) -> tuple[FormCount, ...]:
        """The forms of its texts."""
        return self._forms.counts()

    @property
    def problems(self) -> tuple[FormCount, ...]:
        """Texts that PostgreSQL refuses, with the conditions that find them."""
        return tuple(
            FormCount(p.form, p.count, p.example, p.row, self._conditions(p))
            for p in self._problems.counts()
        )

    def _add_problems(
        self, value: bytes, has_nul: bool, valid: bool, position: int, identity_at: IdentityAt
    ) -> None:
        for form, present in (("nul", has_nul), ("invalid-utf8", not valid)):
            if present:
                identity = identity_at(position)
                self._problems.add(form, value, identity)
                rows = self._problem_rows.setdefault(form, [])
                if len(rows) <= MOST_NAMED_ROWS:
                    rows.append(tuple(identity))

    def _conditions(self, problem: FormCount) -> tuple[str, ...]:
        rows = self._problem_rows[problem.form]
        condition = self._names.condition(rows) if len(rows) <= MOST_NAMED_ROWS else None
        return () if condition is None else (condition,)


class BlobScan:
    """The blobs of a column that is not declared for them: which are text to PostgreSQL."""

    def __init__(self, names: RowNames) -> None:
        self.longest_bytes = 0
        self._forms = ExampleRows(names)

    def add(self, column: Values, identity_at: IdentityAt) -> None:
        """Add a batch; NULL stands for what is no blob."""
        for value in column:
            if value is not None:
                self.longest_bytes = max(self.longest_bytes, len(value))
                text = b"\0" not in value and is_utf8(value)
                self._forms.tally.add("blob-text" if text else "blob-bytes", 1, value)
                if len(value) == 16:
                    self._forms.tally.add("uuid-bytes", 1, value)
        self._forms.locate(column, identity_at)

    def add_large(self, text: LargeText, identity: Sequence[Any]) -> None:
        """Add a blob that was read in pieces."""
        self.longest_bytes = max(self.longest_bytes, text.size_bytes)
        form = "blob-text" if text.is_utf8 and not text.has_nul else "blob-bytes"
        self._forms.add(form, text.beginning, identity)

    @property
    def forms(self) -> tuple[FormCount, ...]:
        """How many are text, and how many are not."""
        return self._forms.counts()


class RealScan:
    """The reals of a column of decimals: their digits."""

    def __init__(self, names: RowNames) -> None:
        self.digits = DigitTally()
        self._names = names
        self._rows: dict[str, tuple[float, str]] = {}

    def add(self, column: Values, identity_at: IdentityAt) -> None:
        """Add a batch; NULL stands for what is no real. Infinities have no digits."""
        values = [v for v in column if v is not None and v - v == 0]
        if not values:
            return
        self.digits.add(values)
        for form, example in self._examples():
            if self._rows.get(form, (None,))[0] != example:
                name = self._names.name(identity_at(column.index(example)))
                self._rows[form] = (example, name)

    @property
    def forms(self) -> tuple[FormCount, ...]:
        """The values with the most digits before and after the point."""
        return tuple(
            FormCount(form, 1, repr(example), self._rows[form][1])
            for form, example in self._examples()
        )

    def _examples(self) -> list[tuple[str, float]]:
        found = (
            ("most-digits-before", self.digits.before_example),
            ("most-digits-after", self.digits.after_example),
        )
        return [(form, example) for form, example in found if example is not None]
