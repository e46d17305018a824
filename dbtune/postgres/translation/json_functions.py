"""SQLite's JSON functions as PostgreSQL's on jsonb.

Source: https://www.sqlite.org/json1.html
"""

from __future__ import annotations

import re

from dbtune.postgres.translation.coercion import as_text
from dbtune.postgres.translation.function_rules import Arguments, FunctionHandler, FunctionRule
from dbtune.postgres.translation.json_values import json_element
from dbtune.postgres.translation.terms import CAST, IS, OTHER, Term, quote_text
from dbtune.postgres.translation.translator import Translator

DOCUMENT = "a JSON document is a jsonb value on PostgreSQL, with its own spacing and order of keys"

_STEP = re.compile(r"""\.("(?:[^"\\]|\\.)*"|[^.\["]+)|\[(#-)?(\d+)\]""")


def json_path(path: str) -> tuple[str, ...] | None:
    """Return the steps of `$.a[0]`, None for a path that PostgreSQL has no counterpart of."""
    if not path.startswith("$"):
        return None
    steps: list[str] = []
    end = 1
    for match in _STEP.finditer(path):
        if match.start() != end:
            return None
        end = match.end()
        label, from_end, index = match.groups()
        if label is not None:
            steps.append(label[1:-1] if label.startswith('"') else label)
        else:
            steps.append(f"-{index}" if from_end else index)
    return tuple(steps) if end == len(path) else None


def document(t: Translator, term: Term) -> Term:
    """Return a term as the jsonb document that SQLite would parse from its text."""
    if term.kind == "jsonb":
        return term
    if term.kind == "json":
        return Term(f"{term.at(CAST)}::jsonb", "jsonb", CAST)
    return Term(f"{as_text(t, term).at(CAST)}::jsonb", "jsonb", CAST, never_null=term.never_null)


def step(t: Translator, value: Term, path: Term, *, extract: bool) -> Term:
    """Return `value -> path`, or `value ->> path` with `extract`."""
    known = None if path.constant is None else path.constant.value
    if isinstance(known, int):
        steps: tuple[str, ...] | None = (str(known),)
    elif isinstance(known, str):
        steps = json_path(known) if known.startswith("$") else (known,)
    else:
        steps = None
    if steps is None:
        return t.problem("not translatable: a JSON path that is no plain literal")
    found = _at(document(t, value), steps)
    if not extract:
        t.difference(DOCUMENT)
        return found
    return Term(f"NULLIF({found.sql}, 'null'::jsonb)", "jsonb", extracted=True)


def _at(value: Term, steps: tuple[str, ...]) -> Term:
    if not steps:
        return value
    if len(steps) == 1 and re.fullmatch(r"-?\d+", steps[0]):
        return Term(f"{value.at(OTHER)} -> {steps[0]}", "jsonb", OTHER)
    if len(steps) == 1:
        return Term(f"{value.at(OTHER)} -> {quote_text(steps[0])}", "jsonb", OTHER)
    inner = ",".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in steps)
    return Term(f"{value.at(OTHER)} #> {quote_text('{' + inner + '}')}", "jsonb", OTHER)


def _path_argument(t: Translator, term: Term) -> tuple[str, ...] | None:
    known = None if term.constant is None else term.constant.value
    steps = json_path(known) if isinstance(known, str) else None
    if steps is None:
        t.problem("not translatable: a JSON path that is no plain literal")
    return steps


def _json_extract(t: Translator, given: Arguments) -> Term:
    if len(given) > 2:
        values = [_json_extract(t, (given[0], path)) for path in given[1:]]
        t.difference(DOCUMENT)
        listed = ", ".join(value.sql for value in values)
        return Term(f"jsonb_build_array({listed})", "jsonb")
    steps = _path_argument(t, given[1])
    if steps is None:
        return Term("NULL", "null")
    found = _at(document(t, given[0]), steps)
    return Term(f"NULLIF({found.sql}, 'null'::jsonb)", "jsonb", extracted=True)


def _json(t: Translator, given: Arguments) -> Term:
    t.difference(DOCUMENT)
    return document(t, given[0])


def _json_array(t: Translator, given: Arguments) -> Term:
    t.difference(DOCUMENT)
    return Term(f"jsonb_build_array({_elements(t, given)})", "jsonb", never_null=True)


def _json_object(t: Translator, given: Arguments) -> Term:
    if len(given) % 2:
        return t.problem("not translatable: json_object() with a label that has no value")
    t.difference(DOCUMENT)
    parts = [
        f"{as_text(t, given[i]).sql}, {_elements(t, (given[i + 1],))}"
        for i in range(0, len(given), 2)
    ]
    return Term(f"jsonb_build_object({', '.join(parts)})", "jsonb", never_null=True)


def _elements(t: Translator, given: Arguments) -> str:
    return ", ".join(json_argument(t, term).sql for term in given)


def json_argument(t: Translator, term: Term) -> Term:
    """Return a value as what becomes an element of a document."""
    if term.kind == "bytes":
        return t.problem("not translatable: a blob in JSON")
    if term.kind == "null":
        return Term("NULL::jsonb", "jsonb", CAST)
    if term.kind in {"integer", "double", "numeric", "boolean", "json", "jsonb"}:
        return json_element(term)
    text = as_text(t, term)
    return text if text.constant is None else Term(f"{text.sql}::text", "text", CAST)


def _json_array_length(t: Translator, given: Arguments) -> Term:
    value = document(t, given[0])
    if len(given) > 1:
        steps = _path_argument(t, given[1])
        value = _at(value, steps or ())
    counted = f"CASE jsonb_typeof({value.sql}) WHEN 'array' THEN jsonb_array_length({value.sql})"
    return Term(
        f"CASE WHEN {value.at(IS + 1)} IS NOT NULL THEN {counted} ELSE 0 END END", "integer"
    )


def _json_type(t: Translator, given: Arguments) -> Term:
    value = document(t, given[0])
    if len(given) > 1:
        steps = _path_argument(t, given[1])
        value = _at(value, steps or ())
    text = f"{value.at(CAST)}::text"
    number = f"CASE WHEN {text} ~ '[.eE]' THEN 'real' ELSE 'integer' END"
    return Term(
        f"CASE jsonb_typeof({value.sql}) WHEN 'string' THEN 'text' WHEN 'number' THEN {number}"
        f" WHEN 'boolean' THEN {text} ELSE jsonb_typeof({value.sql}) END",
        "text",
    )


def _json_valid(t: Translator, given: Arguments) -> Term:
    value = given[0]
    if value.kind in {"json", "jsonb"}:
        if value.never_null:
            return Term("TRUE", "boolean", never_null=True)
        return Term(f"({value.at(IS + 1)} IS NOT NULL OR NULL::boolean)", "boolean")
    if t.options.server_version < 160000:
        return t.problem("not translatable: json_valid() before PostgreSQL 16")
    return Term(f"({as_text(t, value).at(IS + 1)} IS JSON)", "boolean")


def _json_quote(t: Translator, given: Arguments) -> Term:
    t.difference(DOCUMENT)
    if given[0].kind in {"json", "jsonb"}:
        return given[0]
    return Term(f"COALESCE(to_jsonb({json_argument(t, given[0]).sql}), 'null'::jsonb)", "jsonb")


def _changed(name: str) -> FunctionHandler:
    """Return json_set(), json_insert() or json_replace(), path by path."""

    def handler(t: Translator, given: Arguments) -> Term:
        if len(given) % 2 == 0:
            return t.problem(f"not translatable: {name}() with a path that has no value")
        t.difference(DOCUMENT)
        value = document(t, given[0])
        for path, new in zip(given[1::2], given[2::2], strict=True):
            steps = _path_argument(t, path)
            if not steps:
                return t.problem("not translatable: a JSON path that is no plain literal")
            value = _with_value(value, name, steps, json_argument(t, new))
        return value

    return handler


def _with_value(value: Term, name: str, steps: tuple[str, ...], new: Term) -> Term:
    path = quote_text("{" + ",".join(f'"{part}"' for part in steps) + "}")
    element = f"COALESCE(to_jsonb({new.sql}), 'null'::jsonb)"
    create = "false" if name == "json_replace" else "true"
    written = f"jsonb_set({value.sql}, {path}, {element}, {create})"
    if name != "json_insert":
        return Term(written, "jsonb")
    missing = f"({_at(value, steps).sql}) IS NULL"
    return Term(f"CASE WHEN {missing} THEN {written} ELSE {value.sql} END", "jsonb")


def _json_remove(t: Translator, given: Arguments) -> Term:
    t.difference(DOCUMENT)
    value = document(t, given[0])
    for path in given[1:]:
        steps = _path_argument(t, path)
        if not steps:
            return t.problem("not translatable: a JSON path that is no plain literal")
        array = quote_text("{" + ",".join(f'"{part}"' for part in steps) + "}")
        value = Term(f"{value.at(OTHER)} #- {array}", "jsonb", OTHER)
    return value


JSON_FUNCTIONS: dict[str, FunctionRule] = {
    "json": FunctionRule(1, 1, _json),
    "json_array": FunctionRule(0, 127, _json_array),
    "json_array_length": FunctionRule(1, 2, _json_array_length),
    "json_extract": FunctionRule(2, 127, _json_extract),
    "json_insert": FunctionRule(3, 127, _changed("json_insert")),
    "json_object": FunctionRule(0, 127, _json_object),
    "json_quote": FunctionRule(1, 1, _json_quote),
    "json_remove": FunctionRule(1, 127, _json_remove),
    "json_replace": FunctionRule(3, 127, _changed("json_replace")),
    "json_set": FunctionRule(3, 127, _changed("json_set")),
    "json_type": FunctionRule(1, 2, _json_type),
    "json_valid": FunctionRule(1, 1, _json_valid),
}

_BINARY = "SQLite's binary JSON is another one than PostgreSQL's"
JSON_NOT_TRANSLATABLE: dict[str, str] = {
    "json_array_insert": "PostgreSQL has no counterpart",
    "json_error_position": "PostgreSQL has no counterpart",
    "json_patch": "PostgreSQL has no counterpart",
    "json_pretty": "PostgreSQL indents otherwise",
    "json_tree": "PostgreSQL has no counterpart",
    **{
        f"jsonb{name}": _BINARY
        for name in (
            "",
            "_array",
            "_array_insert",
            "_extract",
            "_group_array",
            "_group_object",
            "_insert",
            "_object",
            "_patch",
            "_remove",
            "_replace",
            "_set",
            "_each",
            "_tree",
        )
    },
}
