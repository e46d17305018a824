"""`dbtune help`: commands, and the pages of the documentation, in the terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator

import click
from click.shell_completion import CompletionItem

from dbtune.cli.command import Command
from dbtune.cli.help_topics import (
    FINDINGS,
    TITLES,
    Topic,
    finding_sections,
    linked_topics,
    read_topics,
    without_links,
)
from dbtune.cli.report_output import print_result, terminal_width, wants_color
from dbtune.cli.suggestions import did_you_mean


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    names = _names(_root(ctx), ctx)
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command("help", cls=Command, short_help="Show commands, guides, and what findings mean.")
@click.argument("words", metavar="[TOPIC]", nargs=-1, shell_complete=_complete)
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command, a page of the documentation, or what a finding means.

    Without TOPIC: what there is. A page that is called as a command is asked for with its kind:
    recording-format, bench-guide.
    """
    root = _root(ctx)
    topics = read_topics(root.list_commands(ctx))
    if not words:
        print_result(f"{_parent(ctx).get_help()}\n\n{_contents(topics)}")
    elif words[0] in root.list_commands(ctx):
        print_result(_command_help(ctx, words, topics))
    else:
        _show(_page(ctx, words, topics))


def _root(ctx: click.Context) -> click.Group:
    group = _parent(ctx).command
    assert isinstance(group, click.Group)
    return group


def _parent(ctx: click.Context) -> click.Context:
    assert ctx.parent is not None
    return ctx.parent


def _names(root: click.Group, ctx: click.Context) -> tuple[str, ...]:
    commands = root.list_commands(ctx)
    topics = read_topics(commands)
    return (*commands, *(topic.name for topic in topics), *finding_sections(topics))


def _contents(topics: tuple[Topic, ...]) -> str:
    """Return the list of pages, as the list of commands is written."""
    formatter = click.HelpFormatter(width=min(terminal_width() - 2, 100))
    longest = max(len(topic.name) for topic in topics)
    for folder, title in TITLES.items():
        with formatter.section(f"{title} (dbtune help TOPIC)"):
            rows = [(t.name.ljust(longest), t.title) for t in topics if t.folder == folder]
            formatter.write_dl(rows, col_max=longest)
    for page in (topic for topic in topics if topic.name in FINDINGS):
        with formatter.section(f"{page.title} (dbtune help CODE)"):
            told = ", ".join(finding_sections([page]))
            lines = textwrap.wrap(told, formatter.width - 2, break_on_hyphens=False)
            formatter.write("".join(f"  {line}\n" for line in lines))
    return formatter.getvalue()


def _command_help(ctx: click.Context, words: tuple[str, ...], topics: tuple[Topic, ...]) -> str:
    context = _parent(ctx)
    for word in words:
        group = context.command
        found = group.get_command(context, word) if isinstance(group, click.Group) else None
        if found is None:
            names = group.list_commands(context) if isinstance(group, click.Group) else ()
            hint = did_you_mean(word, names, f"dbtune help {words[0]}")
            raise click.UsageError(f'{context.command_path} has no command "{word}".{hint}', ctx)
        context = found.context_class(found, info_name=word, parent=context)
    more = [topic for topic in topics if topic.path.stem == words[0]]
    return "\n\n".join([context.get_help(), *_more(topic.name for topic in more)]) + "\n"


def _page(ctx: click.Context, words: tuple[str, ...], topics: tuple[Topic, ...]) -> str:
    """Return the Markdown of a page or a finding's section, with what else to read."""
    name = "-".join(words).lower()
    by_name = {topic.name: topic for topic in topics}
    findings = finding_sections(topics)
    if name in by_name:
        text = by_name[name].text()
    elif name in findings:
        text = findings[name]
    else:
        hint = did_you_mean(name, _names(_root(ctx), ctx), "dbtune help")
        raise click.UsageError(f'there is no help on "{" ".join(words)}".{hint}', ctx)
    links = (link for link in linked_topics(text, topics) if link != name)
    own_page = [page for page in FINDINGS if name in finding_sections([by_name[page]])]
    return "\n\n".join([without_links(text), *_more(dict.fromkeys((*links, *own_page)))])


def _more(names: Iterator[str] | dict[str, None]) -> list[str]:
    told = ", ".join(f"dbtune help {name}" for name in names)
    return [f"More: {told}"] if told else []


def _show(text: str) -> None:
    """Print a page; one that is longer than the screen goes through the user's pager."""
    from dbtune.cli.help_text import draw_markdown

    drawn = draw_markdown(text, width=terminal_width(), color=wants_color())
    if sys.stdout.isatty() and drawn.count("\n") >= shutil.get_terminal_size().lines:
        click.echo_via_pager(drawn, color=wants_color())
    else:
        print_result(drawn)
