"""A frozen dataclass of the model read back from the JSON object that `asdict` made of it."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from dbtune.report.documents.json_node import JsonNode

T = TypeVar("T")
_Reader = Callable[[JsonNode], Any]
_SCALARS: dict[Any, _Reader] = {
    str: JsonNode.text,
    int: JsonNode.size,
    float: JsonNode.number,
    bool: JsonNode.flag,
}


@dataclass(frozen=True)
class _Field:
    """How a field is read; `read` is None for a type that no document holds as it is."""

    name: str
    read: _Reader | None
    admits_none: bool
    default: Any


def read_record(node: JsonNode, kind: type[T], **known: Any) -> T:
    """Return the dataclass that an object holds; keys that it has no field for are left aside.

    `known` are fields that the caller has read. What is missing or null is None where it may be,
    else the field's default; whole numbers are 0 or more. Raises ConfigurationError with the key
    path for a value that does not fit, or is missing without a default.
    """
    own = _fields(kind)  # type: ignore[arg-type]  # mypy takes it that classes have no hash
    read = {field.name: _value(node, field) for field in own if field.name not in known}
    return kind(**read, **known)


def _value(node: JsonNode, field: _Field) -> Any:
    child = node.optional(field.name)
    if child is None:
        if field.admits_none:
            return None
        if field.default is not MISSING:
            return field.default
        child = node.field(field.name)
    if field.read is None:
        raise TypeError(f"the type of {field.name} has no form in a document")
    return field.read(child)


@cache
def _fields(kind: type[Any]) -> tuple[_Field, ...]:
    hints = get_type_hints(kind)
    return tuple(
        _Field(
            field.name,
            _reader_of(hints[field.name]),
            types.NoneType in get_args(hints[field.name]),
            field.default,
        )
        for field in fields(kind)
    )


def _reader_of(hint: Any) -> _Reader | None:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return lambda node: node.one_of(arguments)
    if origin in {Union, types.UnionType}:
        kinds = [argument for argument in arguments if argument is not types.NoneType]
        return _reader_of(kinds[0]) if len(kinds) == 1 else None
    if origin is tuple and arguments[1:] == (...,):
        item = _reader_of(arguments[0])
        return None if item is None else lambda node: tuple(map(item, node.items()))
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda node: read_record(node, hint)
    return _SCALARS.get(hint)
