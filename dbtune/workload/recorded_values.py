"""The values bound to a recorded statement, in the types SQLite stores."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dbtune.model.workload import Parameters, SqlValue

PARAMETERS_KEY: Final = "db.query.parameters"
KEY_PREFIX: Final = "db.query.parameter."
BLOB_KEY: Final = "$blob"
_SHOWN_CHARACTERS: Final = 60


class LineError(ValueError):
    """Why a line of a recording cannot be read; the reader adds its file and number."""


class _Masked:
    """Stands for a value of which only type and length were recorded."""


_MASKED: Final = _Masked()


def quoted(value: object) -> str:
    """Return a value as JSON for a message, shortened, with nothing a terminal would obey."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."


def read_parameters(fields: Mapping[str, Any]) -> tuple[Parameters, bool]:
    """Return the values of a line and whether they are masked; masked ones are None.

    Reads `db.query.parameters`, a list or an object, else OpenTelemetry's
    `db.query.parameter.<key>`, whose keys are names or positions from 0.
    """
    given = fields.get(PARAMETERS_KEY)
    if given is None:
        return _read_keys(fields)
    if isinstance(given, list):
        return _sequence(given, f"{PARAMETERS_KEY}[%s]")
    if isinstance(given, dict):
        if BLOB_KEY in given or _is_mask(given):
            raise LineError(
                f'"{PARAMETERS_KEY}" is {quoted(given)}; expected a list or an object of values'
            )
        return _named(given, f"{PARAMETERS_KEY}.%s")
    raise LineError(f'"{PARAMETERS_KEY}" is {quoted(given)}; expected a list or an object')


def plain_parameters(given: Sequence[Any] | Mapping[str, Any] | None) -> Parameters:
    """Return values that are known to be neither masked nor coded nor anything unfit."""
    if given is None:
        return None
    if isinstance(given, Mapping):
        return _named(given, "%s")[0]
    return _sequence(given, "%s")[0]


def is_parameter_key(key: str) -> bool:
    """Tell whether a key of a line holds values."""
    return key == PARAMETERS_KEY or key.startswith(KEY_PREFIX)


def _read_keys(fields: Mapping[str, Any]) -> tuple[Parameters, bool]:
    given = {
        key[len(KEY_PREFIX) :]: value for key, value in fields.items() if key.startswith(KEY_PREFIX)
    }
    if not given:
        return None, False
    if not all(key.isascii() and key.isdigit() for key in given):
        return _named(given, f"{KEY_PREFIX}%s")
    positions = sorted((int(key), key) for key in given)
    first = 0 if positions[0][0] == 0 else 1
    if [position for position, _ in positions] != list(range(first, first + len(given))):
        shown = quoted([position for position, _ in positions])
        raise LineError(f'"{KEY_PREFIX}<key>" has gaps: positions {shown}')
    return _sequence([given[key] for _, key in positions], f"{KEY_PREFIX}%s")


def _sequence(given: Sequence[Any], label: str) -> tuple[Parameters, bool]:
    values = [_value(value, label, position) for position, value in enumerate(given)]
    plain = tuple(value for value in values if not isinstance(value, _Masked))
    return (plain, False) if len(plain) == len(values) else (None, True)


def _named(given: Mapping[str, Any], label: str) -> tuple[Parameters, bool]:
    values = {key.lstrip(":@$"): _value(value, label, key) for key, value in given.items()}
    plain = {key: value for key, value in values.items() if not isinstance(value, _Masked)}
    return (plain, False) if len(plain) == len(values) else (None, True)


def _value(value: Any, label: str, key: object) -> SqlValue | _Masked:
    # The name is put together only for a message: it would cost as much as the check itself.
    if value is None or isinstance(value, (str, bytes)):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            name = label % key
            raise LineError(f'"{name}" is {quoted(value)}; SQLite\'s integers have 64 bits')
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise LineError(f'"{label % key}" is too large for a number of 64 bits')
        return value
    if isinstance(value, dict) and BLOB_KEY in value:
        return _blob(label % key, value[BLOB_KEY])
    if isinstance(value, dict) and _is_mask(value):
        return _MASKED
    raise LineError(f'"{label % key}" is {quoted(value)}; expected a value SQLite can bind')


def _blob(name: str, encoded: Any) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise LineError(f'"{name}" is {quoted(encoded)}; expected base64') from error


def _is_mask(value: Mapping[str, Any]) -> bool:
    length = value.get("len")
    return (
        isinstance(value.get("type"), str)
        and set(value) <= {"type", "len"}
        and (length is None or isinstance(length, int))
    )
