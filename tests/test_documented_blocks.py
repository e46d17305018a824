"""Blocks of the pages say what language they are in, and are in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.documents import DOCUMENTS, PAGES, Block, blocks, read

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Sessions, Python and configuration are run in tests of their own. "py" is a signature, which calls
# nothing; "text", or none, is what a program prints, and a tree of files.
LANGUAGES = frozenset(
    "console diff dockerfile html ini json mako markdown py python sh sql text toml yaml".split()
) | {"", "{toctree}"}


def of(*languages: str) -> list[object]:
    """Return the blocks in these languages, each a case of a test."""
    return [
        pytest.param(block, id=f"{path.name}:{block.line}")
        for path in DOCUMENTS
        for block in blocks(read(path))
        if block.language in languages
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_block_says_what_it_is(path: Path) -> None:
    """Or it would be neither coloured nor tested."""
    assert {block.language for block in blocks(read(path))} <= LANGUAGES


@pytest.mark.parametrize("block", of("toml"))
def test_toml_can_be_read(block: Block) -> None:
    """As a whole file."""
    assert tomllib.loads(block.code)


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_can_be_read(block: Block) -> None:
    """As a whole file."""
    assert yaml.safe_load(block.code)


@pytest.mark.parametrize("block", of("json"))
def test_json_can_be_read(block: Block) -> None:
    """As one value, or one a line, as JSONL has it."""
    try:
        assert json.loads(block.code)
    except json.JSONDecodeError:
        assert all(json.loads(line) for line in block.code.splitlines())
