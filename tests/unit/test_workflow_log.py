"""What is printed in a CI system is text to it, whatever names and statements hold."""

from __future__ import annotations

import json

import pytest

from dbtune.cli.console import note, print_error
from dbtune.cli.report_output import print_exactly, print_result
from dbtune.report.workflow_log import without_commands


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::no", "\\u003a:error::no"),
        ("a\n \t\u00a0::set-output name=x::y\n", "a\n \t\u00a0\\u003a:set-output name=x::y\n"),
        ("a ::error::no", "a ::error::no"),
        ("SELECT a::text", "SELECT a::text"),
        (":one", ":one"),
        ("a ##[add-mask]b", "a \\u0023#[add-mask]b"),
        ("##vso[task.setvariable]", "\\u0023#vso[task.setvariable]"),
        ("###[error]", "#\\u0023#[error]"),
        ("## heading [link]", "## heading [link]"),
        ("[#1](x)", "[#1](x)"),
    ],
)
def test_only_what_would_be_obeyed_is_changed(text: str, shown: str) -> None:
    """By an escape of its first character."""
    assert without_commands(text) == shown
    assert without_commands(shown) == shown


def test_a_document_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON reads the escape as the character that it stands for."""
    document = json.dumps({"text": "\\##[error]a", "##[b": "\n::c"}, indent=2)
    print_result(document)
    printed = capsys.readouterr().out
    assert "##[" not in printed
    assert json.loads(printed) == json.loads(document)


def test_messages_give_no_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """A name with a line break begins a line in stderr, which is read too."""
    print_error('there is no table "a\n::error::b"', "see ##[c]")
    note("made \n  ::notice::d")
    print_exactly("::error::meant\n")
    printed = capsys.readouterr()
    assert not [line for line in printed.err.splitlines() if line.lstrip().startswith("::")]
    assert "##[" not in printed.err
    assert printed.out == "::error::meant\n"
