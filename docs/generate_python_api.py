"""Writes docs/reference/python-api.md from the docstrings of what applications import.

python docs/generate_python_api.py
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from dbtune import errors

TARGET = Path(__file__).with_name("reference") / "python-api.md"

_WIDTH = 88

_INTRODUCTION = """\
<!-- Written by docs/generate_python_api.py; tests/test_docs.py fails where it is out of date. -->

# Python API
What applications and their tests import. All else in the package serves the command line, and may
change with any version. `import dbtune` brings neither SQLAlchemy, Flask nor Django: each is
imported when something that needs it is used.
"""

# Heading, what leads to it, and the names by the module that offers them.
_SECTIONS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "Connections",
        "What a connection has to set under WAL: [the hook](../how-to/hook.md).",
        "dbtune",
        ("install", "connect", "flask", "read_only"),
    ),
    (
        "Recording",
        "[Recording in code](../how-to/testing.md#recording-in-code) has more.",
        "dbtune",
        ("record", "recording", "Recording"),
    ),
    (
        "Tests",
        "[Queries in tests](../how-to/testing.md) shows what a failing test prints.",
        "dbtune",
        ("assert_queries",),
    ),
    ("pytest", "", "dbtune.integrations.pytest_plugin", ()),
    (
        "Django",
        "",
        "dbtune.integrations.django",
        ("DbtuneConfig", "read_only_requests", "RecordMiddleware"),
    ),
    (
        "Errors",
        "These two are kinds of `sqlite3.OperationalError`; SQLAlchemy and Django wrap them in "
        "theirs.",
        "dbtune",
        ("QueryTimeLimitError", "ReadOnlyWorkError"),
    ),
)


def render() -> str:
    """Return the document: a section for each purpose, and what errors there are."""
    return "\n".join([_INTRODUCTION, *_sections(), _error_table(), *_version()])


def documented_names() -> frozenset[str]:
    """Return the names of `dbtune` itself that the document has."""
    named = (name for _, _, module, names in _SECTIONS if module == "dbtune" for name in names)
    return frozenset({*named, "__version__"})


def _sections() -> Iterator[str]:
    for title, leading, module_name, names in _SECTIONS:
        module = import_module(module_name)
        yield f"## {title}\n"
        told = leading or _prose(module)
        yield f"{told}\n"
        for name in names:
            yield from _entry(module_name, name, getattr(module, name))


def _entry(module: str, name: str, offered: Any) -> Iterator[str]:
    yield f"### {module}.{name}\n"
    is_called = module == "dbtune"  # what settings name is called by the framework
    if is_called and not inspect.isclass(offered):
        yield f"```py\n{_signature(f'{module}.{name}', offered)}\n```\n"
    yield f"{_prose(offered)}\n"
    if is_called and (members := [*_members(offered)]):
        yield "\n".join([*members, ""])


def _members(offered: Any) -> Iterator[str]:
    for name, member in vars(offered).items() if inspect.isclass(offered) else ():
        if not name.startswith("_"):
            called = f"{name}()" if inspect.isfunction(member) else name
            yield f"- `{called}`: {_prose(member)}"


def _prose(documented: object) -> str:
    text = inspect.getdoc(documented)
    assert text, f"{documented!r} has no docstring"
    return text.replace("(docs/how-to/testing.md)", "([testing.md](../how-to/testing.md))")


def _signature(name: str, offered: Any) -> str:
    """Return how it is called, a line a parameter where one line is too long."""
    signature = inspect.signature(offered)
    parameters = [*_parameters(signature)]
    # Under @contextmanager an iterator is what the code returns, not what a caller gets.
    returned = signature.return_annotation.replace("Iterator[", "AbstractContextManager[")
    end = f") -> {returned}"
    line = f"{name}({', '.join(parameters)}{end}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {parameter}," for parameter in parameters), end])


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    is_marked = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not is_marked:
            is_marked = True
            yield "*"
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        yield f"{parameter.name}: {parameter.annotation}{default}"


def _error_table() -> str:
    """Return the errors of dbtune.errors, with the exit code that a command ends with on each."""
    rows = [
        f"| `{error.__name__}` | {_prose(error)} | {error.exit_code} |"
        for error in vars(errors).values()
        if inspect.isclass(error) and issubclass(error, errors.DbtuneError)
    ]
    head = ("| in `dbtune.errors` | | [exit code](exit-codes.md) |", "|---|---|---|")
    return "\n".join([*head, *rows, ""])


def _version() -> Iterator[str]:
    yield "## Version\n"
    yield "`dbtune.__version__` is the version that is installed, as text.\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
