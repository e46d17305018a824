"""A value inside a JSON document that knows where it stands, for messages that name the place."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any, NoReturn

from dbtune.errors import ConfigurationError

_VALUE_LENGTH = 60
# No figure of a database comes near it, and what is made of those below it is no infinity: with
# the largest float instead, a sum or a square would be one.
_LARGEST = 1e30


@dataclass(frozen=True)
class JsonNode:
    """A value with its key path in a named file. Reading it as what it is not raises
    ConfigurationError with file, key path, the value seen and what was expected."""

    value: Any
    path: str
    name: str

    def field(self, key: str) -> JsonNode:
        """Return the value under a key that must be there."""
        self._object()
        if key not in self.value:
            raise ConfigurationError(f'{self.name}: {self._place()} has no "{key}"')
        return self._child(key)

    def optional(self, key: str) -> JsonNode | None:
        """Return the value under a key, or None where it is null or missing."""
        self._object()
        return None if self.value.get(key) is None else self._child(key)

    def optional_text(self, key: str) -> str | None:
        """Return the string under a key, or None where it is null or missing."""
        child = self.optional(key)
        return None if child is None else child.text()

    def fields(self) -> tuple[tuple[str, JsonNode], ...]:
        """Return the keys and values of an object in their order."""
        self._object()
        return tuple((key, self._child(key)) for key in self.value)

    def items(self) -> tuple[JsonNode, ...]:
        """Return the items of an array."""
        if not isinstance(self.value, list):
            self.fail("an array")
        return tuple(
            JsonNode(item, f"{self.path}[{position}]", self.name)
            for position, item in enumerate(self.value)
        )

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self.value, str):
            self.fail("a string")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """Return an array of strings."""
        return tuple(item.text() for item in self.items())

    def number(self) -> float:
        """Return a number that can be reckoned with, as the int or float it is."""
        value = self.any_number()
        if abs(value) > _LARGEST:
            self.fail(f"a number up to {_LARGEST:g}")
        return value

    def any_number(self) -> float:
        """Return a finite number, as the int or float it is."""
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            self.fail("a number")
        # An int may be beyond all floats.
        if not abs(self.value) <= sys.float_info.max:
            self.fail("a finite number")
        return self.value

    def size(self) -> int:
        """Return a whole number that is not negative."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            self.fail("a whole number, 0 or more")
        if self.value > _LARGEST:
            self.fail(f"a whole number up to {_LARGEST:g}")
        return self.value

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self.fail("true or false")
        return self.value

    def one_of(self, choices: tuple[str, ...]) -> str:
        """Return a string that is one of the choices."""
        if self.value not in choices:
            self.fail(f"one of {', '.join(choices)}")
        return self.text()

    def fail(self, expected: str) -> NoReturn:
        """Raise the error for a value that is not what was expected."""
        try:
            seen = json.dumps(self.value)
        except RecursionError:  # nested as deep as can just be read
            seen = "nested too deep to show"
        if len(seen) > _VALUE_LENGTH:
            seen = f"{seen[:_VALUE_LENGTH]}..."
        raise ConfigurationError(f"{self.name}: {self._place()} is {seen}; expected {expected}")

    def _object(self) -> None:
        if not isinstance(self.value, dict):
            self.fail("an object")

    def _child(self, key: str) -> JsonNode:
        path = f"{self.path}.{key}" if self.path else key
        return JsonNode(self.value[key], path, self.name)

    def _place(self) -> str:
        return self.path or "the document"
