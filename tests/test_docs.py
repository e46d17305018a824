"""The documents keep up with the code: commands, options, findings, keys, links and tests."""

from __future__ import annotations

import configparser
import dataclasses
import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import dbtune
import dbtune.report.documents
from dbtune.advisor.rules import RULES
from dbtune.cli.main import group
from dbtune.errors import EXIT_CODES, ExitCode
from dbtune.model.workload import RecordedQuery
from dbtune.workload.recording_line import RecordingHeader, parse_line
from tests.documents import (
    DOCUMENTS,
    PAGES,
    ROOT,
    anchors,
    blocks,
    code_lines,
    links,
    prose,
    read,
    spans,
)
from tests.fixtures.commands import commands, parameters_of

DOCS = ROOT / "docs"
CODES = ("missing-index", *(rule.code for rule in RULES))

# At the start of a line, behind a prompt, a variable, or another command.
_INVOCATION = re.compile(r"(?:^\s*|[|;&$] |\b[A-Z_]+=\S* )dbtune (?:-[qv]+ )*([a-z][a-z-]*)\b(.*)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# The next command on the line, or the command that is recorded.
_END_OF_INVOCATION = re.compile(r" (?:[|;&]|-- )")
_ELSEWHERE = re.compile(r"https://[\w-]+(?:\.[\w-]+)+(?:/[\w.~/%#=?&+-]*)?")
_COMMENT = re.compile(r"\s#.*")

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)


def options_of(command: click.Command) -> frozenset[str]:
    """Return the long names of a command's options, and of those of its parts."""
    return frozenset(name for parameter in parameters_of(command) for name in parameter.opts)


@pytest.mark.parametrize("name", ["commands", "python_api"])
def test_generated_pages_are_up_to_date(name: str) -> None:
    """They are what their generators write: python docs/generate_commands.py, and so on."""
    generator = runpy.run_path(str(DOCS / f"generate_{name}.py"))
    assert read(generator["TARGET"]) == generator["render"]()


def test_everything_that_applications_import_is_documented() -> None:
    """And with each option of the pytest plugin."""
    generator = runpy.run_path(str(DOCS / "generate_python_api.py"))
    assert generator["documented_names"]() == frozenset(dbtune.__all__)
    plugin = read(ROOT / "dbtune" / "integrations" / "pytest_plugin.py")
    options = set(_OPTION.findall(plugin))
    assert options and options <= set(_OPTION.findall(read(generator["TARGET"])))


@pytest.mark.parametrize("name", commands())
def test_every_command_and_option_says_what_it_does(name: str) -> None:
    """None is hidden, so that the reference, made of their help, has all of them."""
    command = commands()[name]
    reference = read(DOCS / "reference" / "commands.md")
    section = reference.partition(f"## dbtune {name}\n")[2].partition("\n## ")[0]
    assert command.help and not command.hidden
    parts = tuple(command.commands.values()) if isinstance(command, click.Group) else ()
    assert all(part.help for part in parts)
    for parameter in (parameter for part in (command, *parts) for parameter in part.params):
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
            assert parameter.opts[-1] in section, f"{name} {parameter.opts}"


def test_every_finding_has_its_section() -> None:
    """And no section is of a finding that there is not."""
    headings = re.findall(r"^## (.+)$", read(DOCS / "reference" / "findings.md"), re.MULTILINE)
    assert sorted(headings) == sorted(CODES)


def test_every_exit_code_is_documented() -> None:
    """With the meaning that the code gives it."""
    rows = re.findall(
        r"^\| (\d+) \| ([^|]+) \|", read(DOCS / "reference" / "exit-codes.md"), re.MULTILINE
    )
    assert {int(code): meaning for code, meaning in rows} == EXIT_CODES


def test_commands_that_end_with_a_code_of_their_own_stand_beside_it() -> None:
    """Those whose module chooses between 0 and another code."""
    text = read(DOCS / "reference" / "exit-codes.md")
    rows = dict(re.findall(r"^\| (\d+) \| [^|]+ \| (.+) \|$", text, re.MULTILINE))
    chosen = {
        (name, getattr(ExitCode, code))
        for name in commands()
        for code in re.findall(r"ExitCode\.(\w+) if", read(module_of(name)))
    }
    assert ("compare", ExitCode.FOUND) in chosen
    assert not [(name, code) for name, code in chosen if f"`{name}" not in rows[str(code)]]


@each_document
def test_what_is_named_of_the_package_exists(path: Path) -> None:
    """`dbtune.install(engine)` is something that applications can import."""
    text = "\n".join((*spans(read(path)), *(block.code for block in blocks(read(path)))))
    names = set(re.findall(r"\bdbtune\.(\w+)\(", text))
    assert not names - set(dbtune.__all__)


def module_of(name: str) -> Path:
    """Return the file of a command."""
    return ROOT / "dbtune" / "cli" / f"{name.replace('-', '_')}.py"


@each_document
def test_links_lead_somewhere(path: Path) -> None:
    """Files that are named exist, and so do the headings in them."""
    dead = []
    for link in links(read(path)):
        name, _, anchor = link.partition("#")
        if ":" in name:  # elsewhere in the world, where no test goes
            dead += [] if _ELSEWHERE.fullmatch(link) else [link]
            continue
        target = (path.parent / name) if name else path
        if not target.exists() or (anchor and anchor not in anchors(read(target))):
            dead.append(link)
    assert not dead


def test_every_page_is_linked_from_the_index() -> None:
    """What nobody is led to, nobody reads; the margin of the site has each page once."""
    index = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links(read(index))}
    assert set(PAGES) <= linked | {index}
    entries = [
        entry
        for block in blocks(read(index))
        if block.language == "{toctree}"
        for entry in block.code.split("\n\n")[-1].split()
    ]
    assert len(entries) > len(PAGES) - 1 and len(entries) == len(set(entries))


def test_the_index_calls_pages_as_they_call_themselves() -> None:
    """By a part of their titles at least, which is what the margin of the site has."""
    index = DOCS / "index.md"
    called = re.findall(r"\[([^\]]+)\]\(([\w/-]+\.md)\)", read(index))
    titles = {page: read(DOCS / page).partition("# ")[2].partition("\n")[0] for _, page in called}
    assert not [words for words, page in called if words.lower() not in titles[page].lower()]


@each_document
def test_commands_and_options_that_are_named_exist(path: Path) -> None:
    """A command line uses a command's own options; an option alone is one of some command."""
    known = commands()
    unknown = [
        (line, word) for line in code_lines(read(path)) for word in unknown_words(line, known)
    ]
    everywhere = options_of(group).union(*map(options_of, known.values()))
    alone = (span for span in spans(read(path)) if span.startswith("--"))
    in_prose = re.sub(r"`[^`]*`", "", prose(read(path)))
    for text in (*alone, in_prose):
        unknown += [(text[:40], name) for name in _OPTION.findall(text) if name not in everywhere]
    assert not unknown


def unknown_words(line: str, known: dict[str, click.Command]) -> Iterator[str]:
    """Yield the command, or the options, of a command line of dbtune's that there are not."""
    for name, rest in _INVOCATION.findall(_COMMENT.sub("", line)):
        if name not in known:
            yield name
            continue
        own = _END_OF_INVOCATION.split(rest)[0]
        yield from (
            option for option in _OPTION.findall(own) if option not in options_of(known[name])
        )


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("dbtune analyze app.db --queries f", []),
        ("zcat f | dbtune -q analyze app.db --querys -", ["--querys"]),
        ("dbtune analyse app.db", ["analyse"]),
        ("dbtune check app.db --from r && other --anything", []),
        ("alembic upgrade head --sql", []),
        ("alembic upgrade head  # here; dbtune need not be there", []),
        ("dbtune record -- flask --app app run", []),
    ],
)
def test_unknown_words_are_seen(line: str, unknown: list[str]) -> None:
    """The check above finds what it looks for."""
    assert list(unknown_words(line, commands())) == unknown


def test_dependencies_are_explained() -> None:
    """README's table has every package of setup.cfg that is installed, and no other."""
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / "setup.cfg")
    table = read(ROOT / "README.md").partition("## Dependencies")[2].partition("\n## ")[0]
    explained = {package_name(row) for row in re.findall(r"^\| ([a-z]\S*) \|", table, re.MULTILINE)}
    explained.discard("package")
    required = packages(configuration["options"]["install_requires"])
    offered = configuration["options.extras_require"]
    extras = set().union(*(packages(offered[name]) for name in ("embedded", "fast", "monitor")))
    assert explained == required | extras


def test_extras_are_documented() -> None:
    """Those for users, in the table of the page on installing."""
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / "setup.cfg")
    rows = re.findall(r"^\| (`.+?) \|", read(DOCS / "how-to" / "install.md"), re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    offered = set(configuration["options.extras_require"]) - {"test", "docs", "lint"}
    assert documented == offered


def packages(requirements: str) -> set[str]:
    return {package_name(line) for line in requirements.split("\n") if line.strip()}


def package_name(requirement: str) -> str:
    match = re.match(r"\s*([\w.-]+)", requirement)
    assert match is not None
    return match[1].lower()


@pytest.mark.parametrize(
    ("schema", "page"),
    [
        ("report", "reference/report.md"),
        ("queries", "how-to/queries.md"),
        ("bench", "how-to/bench.md"),
        ("compare", "how-to/compare.md"),
    ],
)
def test_every_key_of_a_document_is_documented(schema: str, page: str) -> None:
    """Those of its JSON Schema, wherever they are nested."""
    path = Path(dbtune.report.documents.__file__).with_name(f"{schema}.schema.json")
    words = {word for span in spans(read(DOCS / page)) for word in re.findall(r"\w+", span)}
    assert not set(property_names(json.loads(read(path)))) - words


def property_names(schema: Any) -> Iterator[str]:
    """Yield the names of all properties that a JSON Schema describes."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from property_names(part)


def test_examples_of_the_recording_are_read() -> None:
    """The long one has every key there is, and each key of both has its row."""
    text = read(DOCS / "reference" / "recording.md")
    examples = [line.strip() for line in code_lines(text) if line.startswith('{"')]
    query = max(examples, key=len)
    header = next(line for line in examples if "dbtune.recording" in line)
    defaults = RecordedQuery("SELECT 1")
    parsed = parse_line(query, 1.0)
    left = {
        field.name
        for field in dataclasses.fields(RecordedQuery)
        if getattr(parsed, field.name) == getattr(defaults, field.name)
    }
    assert left == {"masked"}
    assert isinstance(parse_line(header, 1.0), RecordingHeader)
    rows = "".join(re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE))
    for key in (*json.loads(query), *json.loads(header)):
        assert f"`{key}`" in rows


@each_document
def test_tests_and_files_that_are_named_exist(path: Path) -> None:
    """A promise that names its test has one."""
    missing = []
    for span in spans(read(path)):
        match = re.fullmatch(
            r"((?:tests|dbtune|bench|docs|migrations|sql)/[\w./-]+?)(?:::(\w+))?", span
        )
        if match is None:
            continue
        file = ROOT / match[1]
        if not file.exists() or (match[2] and f"\ndef {match[2]}(" not in read(file)):
            missing.append(span)
    assert not missing
