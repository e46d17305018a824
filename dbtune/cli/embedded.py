"""`dbtune embedded`: the PostgreSQL that a migration without a URL made."""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.command import CommandGroup

_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


@click.group(
    "embedded", cls=CommandGroup, short_help="Start and stop a migration's own PostgreSQL."
)
def command() -> None:
    """Start and stop the embedded PostgreSQL of a migration, and tell its URL."""


@command.command("start")
@_FOLDER
def start(folder: Path) -> None:
    """Start the server in DIR, and print its URL."""
    from dbtune.journeys.embedded import start_existing

    click.echo(start_existing(folder))


@command.command("stop")
@_FOLDER
def stop(folder: Path) -> None:
    """Stop the server in DIR; open transactions are rolled back."""
    from dbtune.postgres.server.embedded import stop_server

    click.echo("stopped" if stop_server(folder) else "it was not running")


@command.command("url")
@_FOLDER
def url(folder: Path) -> None:
    """Print the URL of the server in DIR, whether it runs or not."""
    from dbtune.journeys.embedded import url_of

    click.echo(url_of(folder))
