"""How many digits decimal numbers have before and after the point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

_DIGITS_TO_ZERO = str.maketrans("123456789", "0" * 9)
# More digits than any double or text of a number that is asked about.
_EXACT = Context(prec=200_000)


def digits_of(number: str) -> tuple[int, int]:
    """Return the digits before and after the point that a finite number needs: 0.50 has 0 and 1."""
    exact = Decimal(number)
    if not exact:
        return 0, 0
    _, digits, exponent = exact.normalize(_EXACT).as_tuple()
    power = int(exponent)
    return max(0, len(digits) + power), max(0, -power)


@dataclass
class DigitTally:
    """The most digits before and after the point of the reals seen so far, with examples."""

    before: int = 0
    after: int = 0
    before_example: float | None = None
    after_example: float | None = None

    def add(self, values: Sequence[float]) -> None:
        """Add finite reals by the shortest decimal of each, as Python's repr writes it."""
        largest = max(values, key=abs)
        before, _ = digits_of(repr(largest))
        if self.before_example is None or before > self.before:
            self.before, self.before_example = max(before, self.before), largest
        texts = list(map(repr, values))
        shapes = "\n".join(texts).translate(_DIGITS_TO_ZERO).split("\n")
        for shape in dict.fromkeys(shapes):
            fraction = len(shape.partition(".")[2])
            # Shapes show too few digits only where there is an exponent, and ".0" is one too many.
            if "e" in shape or fraction == 1 or fraction > self.after:
                self._add_after([t for t, own in zip(texts, shapes, strict=True) if own == shape])

    def _add_after(self, texts: Sequence[str]) -> None:
        plain = "e" not in texts[0]
        for text in texts:
            after = digits_of(text)[1]
            if self.after_example is None or after > self.after:
                self.after, self.after_example = max(after, self.after), float(text)
            if plain and after == len(text.partition(".")[2]):
                return  # no other text of this shape has more
