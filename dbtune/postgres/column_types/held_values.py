"""What one column holds, as the rules of choosing a type ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.schema import Column
from dbtune.model.transfer import ColumnProfile, FormCount
from dbtune.postgres.column_types.declared_type import DeclaredType

# Integers up to here are doubles without loss: https://www.postgresql.org/docs/15/datatype-numeric.html
LARGEST_EXACT_INTEGER = 2**53

_STORAGE_WORDS = {
    "integer": ("integer", "integers"),
    "real": ("real", "reals"),
    "text": ("text", "texts"),
    "blob": ("blob", "blobs"),
}


@dataclass(frozen=True)
class HeldValues:
    """A column with its declaration and profile. With `empty_as_null` texts '' count as NULL."""

    table: str
    column: Column
    declared: DeclaredType
    profile: ColumnProfile
    empty_as_null: bool = False

    @property
    def subject(self) -> str:
        """The column as findings name it."""
        return f"{self.table}.{self.column.name}"

    @property
    def integers(self) -> int:
        """How many integers."""
        return self.profile.counts.integers

    @property
    def reals(self) -> int:
        """How many reals."""
        return self.profile.counts.reals

    @property
    def texts(self) -> int:
        """How many texts, without '' where that becomes NULL."""
        return self.profile.counts.texts - (self.count("empty") if self.empty_as_null else 0)

    @property
    def blobs(self) -> int:
        """How many blobs."""
        return self.profile.counts.blobs

    @property
    def classes(self) -> frozenset[str]:
        """The storage classes of its values that are not NULL."""
        found = {
            "integer": self.integers,
            "real": self.reals,
            "text": self.texts,
            "blob": self.blobs,
        }
        return frozenset(name for name, count in found.items() if count)

    def only(self, *classes: str) -> bool:
        """Return whether all values are of these storage classes; True without values."""
        return self.classes <= frozenset(classes)

    def count(self, form: str) -> int:
        """Return how many values have a form, 0 where none has or nobody asked."""
        found = self.profile.form(form)
        return found.count if found else 0

    def all_texts(self, *forms: str) -> bool:
        """Return whether there are texts, and each has one of these forms."""
        return self.texts > 0 and sum(self.count(form) for form in forms) == self.texts

    @property
    def integers_exact_as_double(self) -> bool:
        """Return whether every integer is a double without loss; False where that is not known."""
        return not self.integers or self.integers_within(
            -LARGEST_EXACT_INTEGER, LARGEST_EXACT_INTEGER
        )

    def integers_within(self, low: int, high: int) -> bool:
        """Return whether there are integers, all known to lie between these bounds."""
        least, most = self.profile.integer_min, self.profile.integer_max
        return least is not None and most is not None and low <= least and most <= high

    @property
    def description(self) -> str:
        """What it holds in words: "2 integers (1, rowid 1) and 1 real (2.5, rowid 2)"."""
        if not self.classes:
            return "nothing but NULL" if self.profile.counts.nulls else "nothing"
        parts = [self._described(name) for name in _STORAGE_WORDS if name in self.classes]
        return " and ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else parts[0]

    def _described(self, storage: str) -> str:
        count = {
            "integer": self.integers,
            "real": self.reals,
            "text": self.texts,
            "blob": self.blobs,
        }[storage]
        words = f"{count:,} {_STORAGE_WORDS[storage][count != 1]}"
        example = self.profile.form(f"stored-{storage}")
        return f"{words} ({example_words(example)})" if example else words


def example_words(form: FormCount) -> str:
    """Return an example and where it is, for a message: "2.32, rowid 2"."""
    return f"{form.example or repr('')}, {form.row}"
