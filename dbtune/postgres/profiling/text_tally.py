"""What the texts of one column are like, added up batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dbtune.postgres.profiling.date_forms import DateClassifier
from dbtune.postgres.profiling.value_forms import (
    Classifier,
    FormTally,
    NumberClassifier,
    classify_json,
    classify_true_false,
    classify_uuids,
)

# Shapes of dates kept: a column of more is not of dates.
MOST_SHAPES = 16

_CLASSIFIERS: dict[str, Callable[[], Classifier]] = {
    "boolean": lambda: classify_true_false,
    "uuid": lambda: classify_uuids,
    "json": lambda: classify_json,
    "numbers": NumberClassifier,
    "dates": DateClassifier,
}


@dataclass(frozen=True)
class LargeText:
    """A text too large to be held, as read in pieces; bytes and characters of its UTF-8."""

    size_bytes: int
    characters: int
    non_ascii: bool
    has_nul: bool
    is_utf8: bool
    beginning: bytes


@dataclass
class TextTally:
    """Lengths and forms of the texts seen so far. Texts that are no UTF-8 have the form "other"."""

    wanted: frozenset[str] = frozenset()
    characters: bool = False
    count: int = 0
    longest_bytes: int = 0
    longest_characters: int = 0
    shortest_bytes: int | None = None
    non_ascii: bool = False
    forms: FormTally = field(default_factory=FormTally)

    def __post_init__(self) -> None:
        """Make the classifiers, of which that of dates remembers shapes."""
        self._classifiers = {
            name: make() for name, make in _CLASSIFIERS.items() if name in self.wanted
        }

    @property
    def shapes(self) -> tuple[str, ...]:
        """The shapes of its texts, () where they are too many or nobody asked."""
        for classifier in self._classifiers.values():
            if isinstance(classifier, DateClassifier) and len(classifier.shapes) <= MOST_SHAPES:
                return tuple(sorted(shape.decode("latin-1") for shape in classifier.shapes))
        return ()

    @property
    def digits(self) -> tuple[int, int]:
        """The most digits before and after the point of texts that are numbers."""
        for classifier in self._classifiers.values():
            if isinstance(classifier, NumberClassifier):
                return classifier.before, classifier.after
        return 0, 0

    @property
    def uniform_bytes(self) -> int | None:
        """The length in bytes that all texts have, None where they differ or nobody asked."""
        return self.longest_bytes if self.shortest_bytes == self.longest_bytes else None

    def add(self, values: Sequence[bytes]) -> tuple[bool, bool]:
        """Add the texts of a batch. Return whether any has U+0000, and any is no UTF-8."""
        joined = b"\n".join(values)
        lengths = set(map(len, values))
        longest = max(lengths)
        self.add_lengths(len(values), min(lengths), longest)
        has_nul = b"\0" in joined
        if not joined.isascii():
            self.non_ascii = True
            if not is_utf8(joined):
                self._classify_apart(values)
                return has_nul, True
            if self.characters:
                longest = max(len(value.decode()) for value in values)
        self.add_characters(longest)
        self.classify(values)
        return has_nul, False

    def add_large(self, text: LargeText) -> None:
        """Add a text that was read in pieces. Nobody looks at its form."""
        self.count += 1
        self.longest_bytes = max(self.longest_bytes, text.size_bytes)
        self.longest_characters = max(self.longest_characters, text.characters)
        self.shortest_bytes = -1
        self.non_ascii = self.non_ascii or text.non_ascii
        self._classify_as_other(1, text.beginning)

    def add_lengths(self, count: int, shortest: int, longest: int) -> None:
        """Add so many texts, of which the shortest and the longest take so many bytes."""
        self.count += count
        self.longest_bytes = max(self.longest_bytes, longest)
        if self.wanted:  # plain texts need not be uniform
            known = self.shortest_bytes
            self.shortest_bytes = shortest if known is None else min(known, shortest)

    def add_characters(self, longest: int) -> None:
        """Take notice of the characters of the longest text of some, where they are asked for."""
        if self.characters:
            self.longest_characters = max(self.longest_characters, longest)

    def classify_fixed(self, joined: bytes, width: int) -> None:
        """Tally the forms of dates of one length, not 0, given without anything between them."""
        for name, classifier in self._classifiers.items():
            assert isinstance(classifier, DateClassifier)  # nothing else is asked of such texts
            self.forms.other = self._other(name)
            classifier.add_fixed(joined, width, self.forms)

    def classify(self, values: Sequence[bytes]) -> None:
        """Tally the forms of texts that are valid UTF-8."""
        if not self.wanted:
            return
        empty = values.count(b"")
        if empty:
            self.forms.add("empty", empty, b"")
            values = [value for value in values if value]
        for name, classify in self._classifiers.items() if values else ():
            self.forms.other = self._other(name)
            classify(values, self.forms)

    def _classify_as_other(self, count: int, example: bytes) -> None:
        for name in self._classifiers:
            self.forms.other = self._other(name)
            self.forms.add("other", count, example)

    def _other(self, name: str) -> str:
        return "other" if len(self._classifiers) == 1 else f"other {name}"

    def _classify_apart(self, values: Sequence[bytes]) -> None:
        """Classify a batch in which some are no UTF-8: those have another form."""
        good = [value for value in values if is_utf8(value)]
        if self.characters and good:
            longest = max(len(value.decode()) for value in good)
            self.longest_characters = max(self.longest_characters, longest)
        if good:
            self.classify(good)
        bad = next(value for value in values if not is_utf8(value))
        self._classify_as_other(len(values) - len(good), bad)


def is_utf8(value: bytes) -> bool:
    """Return whether a value is valid UTF-8, as Python and PostgreSQL see it."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
