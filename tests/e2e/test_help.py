"""`dbtune help`: commands, pages and findings, from the documentation that ships."""

from __future__ import annotations

import re

import pytest

from dbtune.advisor.rules import RULES
from dbtune.cli.help_text import draw_markdown
from dbtune.cli.help_topics import finding_sections, linked_topics, read_topics, without_links
from dbtune.cli.main import COMMANDS
from dbtune.report.plain_text import display_width
from tests.conftest import RunDbtune
from tests.documents import ROOT
from tests.fixtures.in_process import run_here

TOPICS = read_topics(COMMANDS)
CODES = ("missing-index", *(rule.code for rule in RULES))


def test_help_lists_commands_pages_and_findings(run_dbtune: RunDbtune) -> None:
    """All that one can ask it about."""
    done = run_dbtune("help")
    assert (done.returncode, done.stderr) == (0, "")
    listed = set(re.findall(r"[a-z][a-z0-9-]+", done.stdout))
    assert {*COMMANDS, *(topic.name for topic in TOPICS), *CODES} <= listed
    assert not [line for line in done.stdout.splitlines() if len(line) > 80]


def test_every_page_for_users_is_a_topic_with_a_name_of_its_own() -> None:
    """And none has the name of a command, whose help comes first."""
    files = {path for folder in ("how-to", "reference", "explanation") for path in pages(folder)}
    assert {topic.path.name for topic in TOPICS} == files
    names = [topic.name for topic in TOPICS]
    assert len(set(names)) == len(names)
    assert not set(names) & set(COMMANDS)


def pages(folder: str) -> list[str]:
    """Return the names of the pages in a folder of docs/."""
    return [path.name for path in (ROOT / "docs" / folder).glob("*.md")]


@pytest.mark.parametrize("words", [("analyze",), ("recording", "inspect")], ids=" ".join)
def test_help_of_a_command_is_what_it_prints_itself(words: tuple[str, ...]) -> None:
    """In front of where its page is."""
    own = run_here(*words, "--help").stdout
    assert own and run_here("help", *words).stdout.startswith(own)


def test_help_of_a_command_names_its_pages() -> None:
    """Which are called otherwise than the command."""
    assert "More: dbtune help recording-format\n" in run_here("help", "recording").stdout


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_page_is_drawn_as_wide_as_the_terminal(topic: object) -> None:
    """Only code, which is there to copy, may be wider; no markup is left."""
    (page,) = (each for each in TOPICS if each is topic)
    text = draw_markdown(without_links(page.text()), width=80, color=False)
    code = {line.strip() for line in page.text().splitlines()}
    wide = {line.strip() for line in text.splitlines() if display_width(line) > 80}
    assert wide <= code
    assert "\x1b" not in text and "](" not in text
    assert text.startswith(page.title)


@pytest.mark.parametrize("code", CODES)
def test_each_finding_has_its_section(code: str) -> None:
    """From its heading to before the next one."""
    section = finding_sections(TOPICS)[code]
    assert section.startswith(f"## {code}\n")
    assert section.count("\n## ") == 0


def test_messages_lead_to_help_that_there_is() -> None:
    """Who has installed dbtune has no docs/ to look into; a docstring of a module is for others."""
    known = {*COMMANDS, *(topic.name for topic in TOPICS), *finding_sections(TOPICS)}
    led_to = set()
    for path in (ROOT / "dbtune").rglob("*.py"):
        led_to |= set(re.findall(r"dbtune help ([a-z][a-z0-9-]+)", path.read_text("utf-8")))
    assert {"recording-format", "hook"} <= led_to <= known
    reference = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    assert not re.findall(r"docs/\S+\.md", reference)


def test_help_lists_a_page_on_one_line() -> None:
    """However long its name is."""
    listed = run_here("help").stdout.splitlines()
    assert all(
        any(topic.title in line and topic.name in line for line in listed) for topic in TOPICS
    )


@pytest.mark.parametrize(
    ("code", "page"), [("n-plus-one", "findings"), ("nul-in-text", "migration-findings")]
)
def test_help_on_a_finding_prints_its_section(code: str, page: str) -> None:
    """With what else to read."""
    done = run_here("help", code)
    assert done.stdout.startswith(f"{code}\n")
    assert f"dbtune help {page}" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("safty",), 'no help on "safty". Did you mean "dbtune help safety"?'),
        (("exit", "code"), 'Did you mean "dbtune help exit-codes"?'),
        (("n-plus-on",), 'Did you mean "dbtune help n-plus-one"?'),
        (("anlyze",), 'Did you mean "dbtune help analyze"?'),
        (("recording", "inspct"), 'Did you mean "dbtune help recording inspect"?'),
        (("analyze", "more"), 'dbtune analyze has no command "more".'),
        (("xyzzy",), 'no help on "xyzzy".\n'),
    ],
)
def test_help_on_what_there_is_not_suggests_what_there_is(
    words: tuple[str, ...], told: str
) -> None:
    """Exit code 2."""
    done = run_here("help", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_links_become_words_and_names_of_topics() -> None:
    """A terminal cannot follow them; addresses of the world stay."""
    text = "See [findings](../reference/findings.md#n-plus-one), [it](https://sqlite.org), [x](#y)."
    assert without_links(text) == "See findings, [it](https://sqlite.org), x."
    assert linked_topics(text, TOPICS) == ("findings",)


def test_code_is_drawn_as_it_is() -> None:
    """Unbroken, without a background, which on a light terminal would be a bar."""
    line = "dbtune analyze app.db " + "--queries q.jsonl " * 5
    text = draw_markdown(f"# T\n\n```sh\n{line}\n```\n", width=60, color=True)
    assert line.strip() in text
    assert not re.search(r"\x1b\[(?:\d+;)*4\d", text)


@pytest.mark.parametrize("group", [(), ("recording",), ("embedded",)], ids=" ".join)
def test_a_group_without_a_command_is_answered_with_its_help(group: tuple[str, ...]) -> None:
    """On stderr, as the answer to a mistake: exit code 2."""
    done = run_here(*group)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == run_here(*group, "--help").stdout
