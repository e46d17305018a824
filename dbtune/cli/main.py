"""The command group, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import importlib
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from dbtune._version import __version__
from dbtune.cli.command import CommandGroup
from dbtune.cli.console import drop_output, print_error, print_usage_error
from dbtune.cli.defaults import use_defaults
from dbtune.cli.suggestions import explain_option
from dbtune.config import read_defaults
from dbtune.errors import DbtuneError, ExitCode

# In the order of a user's journey, which is also the order of `dbtune --help`.
JOURNEYS: dict[str, tuple[str, ...]] = {
    "Try it": ("demo",),
    "Record an application": ("record", "queries", "recording"),
    "Make SQLite fast": ("analyze", "apply-indexes", "enable-wal", "optimize", "check"),
    "Prove it": ("bench", "compare", "report", "serve", "monitor"),
    "Move to PostgreSQL": ("migrate-to-postgres", "embedded"),
    "Keep and undo": ("history", "rollback", "backup", "restore"),
    "Find out more": ("help", "doctor", "completion"),
}
COMMANDS = tuple(name for names in JOURNEYS.values() for name in names)


class _ReaderGoneError(Exception):
    """Nobody reads our output any more, as behind `| head -1`."""


@contextmanager
def _told_from_found() -> Iterator[None]:
    """Give a reader that went away a name of ours: click would end with 1, as for a finding."""
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderGoneError from error


class JourneyGroup(CommandGroup):
    """Imports a command's module only when it is asked for, which keeps `--help` fast."""

    def make_context(
        self, info_name: str | None, args: list[str], *rest: Any, **extra: Any
    ) -> click.Context:
        with _told_from_found():  # it prints --help
            return super().make_context(info_name, args, *rest, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _told_from_found():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"dbtune.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each journey; names of all sections take the same room."""
        longest = max(map(len, COMMANDS))
        for title, names in JOURNEYS.items():
            commands = ((name, self.get_command(ctx, name)) for name in names)
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name.ljust(longest), command.get_short_help_str(formatter.width))
                        for name, command in commands
                        if command is not None
                    ]
                )


@click.group(
    cls=JourneyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "DBTUNE"},
)
@click.version_option(__version__, prog_name="dbtune")
@click.option("-q", "--quiet", is_flag=True, help="No progress; only results and errors.")
@click.option("-v", "--verbose", count=True, help="Say on stderr what is done (-vv: in detail).")
@click.pass_context
def group(ctx: click.Context, quiet: bool, verbose: int) -> None:
    """Find out why a SQLite database is slow, fix it reversibly, and prove it.

    DB is a path or a sqlite:/// URL. Options also come from DBTUNE_<COMMAND>_<OPTION>, from
    [tool.dbtune] in pyproject.toml, or from dbtune.toml.
    """
    ctx.obj = {"quiet": quiet}
    use_defaults(ctx, read_defaults())
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    logging.basicConfig(stream=sys.stderr, level=level, format="%(name)s: %(message)s")
    if not verbose:
        # It warns of what it could not tidy up behind an error that is told anyway.
        logging.getLogger("psycopg").setLevel(logging.ERROR)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; messages go to stderr.

    kill -TERM ends like Ctrl-C, so that scratch files are removed and transactions rolled back.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = group.main(args=arguments, prog_name="dbtune", standalone_mode=False)
        return code if isinstance(code, int) else ExitCode.DONE
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        if isinstance(error, click.NoSuchOption):
            error = explain_option(error, group, COMMANDS)
        print_usage_error(error)
        return error.exit_code
    except DbtuneError as error:
        print_error(error.message, error.hint)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print_error("interrupted", None)
        return ExitCode.INTERRUPTED
    except _ReaderGoneError:
        drop_output()
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort turns any bug into exit 70
        return _report_bug(error)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _report_bug(error: Exception) -> int:
    logging.getLogger("dbtune").debug("unexpected error", exc_info=error)
    print_error(
        f"a bug in dbtune {__version__}: {type(error).__name__}: {error}",
        "run it again with -vv and report what it prints, with the output of dbtune doctor. "
        "Your database's safety does not depend on this step: run dbtune check or "
        "dbtune history to see its state.",
    )
    return ExitCode.BUG
