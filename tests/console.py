"""Sessions of a terminal as the pages print them: run, and what they print compared.

A block of the language `console` holds lines that begin with "$ ", and what each prints. Those of a
page are one session of bash in one folder. Tells all commands of a page, and what differs:

    python -m tests.console docs/tutorial.md
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.documents import ROOT, Block, blocks, read

# A page that says so is for `make test-all`.
SLOW = "<!-- sessions: slow -->"
_SECONDS = 500

# A first line that is nothing but a comment with a file's name.
_FILE_NAME = re.compile(r"(?:#|--|//) ([\w./-]+\.\w+|Dockerfile)")
# Between what two commands print; no program prints it.
_MARKER = "\x1e"
# What only shows where stderr is no terminal: a line for each stage, and how far a long one is.
_PROGRESS = re.compile(r"^[\w ,.'()+-]+ \.\.\.( [\d,]+ (tables?,|%).*)?$")
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d| UTC)?"), "<date>"),
    (re.compile(r"\d{8}T\d{6}Z|\d{4}-\d\d-\d\d|\b\d\d:\d\d:\d\d\b"), "<date>"),
    (re.compile(r"(?:(?<![\w.])\d[\d,.]*\s?(?:ns|µs|us|ms|s|min|h)\b[\s,]*)+"), "<time>"),
    (re.compile(r"\bpid \d+"), "pid <number>"),
    (re.compile(r"[-─━=]{2,}"), "-"),
    (re.compile(r"\s+"), ""),
)


@dataclass(frozen=True)
class Command:
    """A command that a page shows; `printed` is empty where the page shows no output."""

    line: int
    text: str
    printed: str


@dataclass(frozen=True)
class File:
    """A file that the reader is to write."""

    name: str
    text: str


@dataclass(frozen=True)
class Ran:
    """What a command printed when it was run, and its exit code."""

    command: Command
    printed: str
    exit_code: int


def has_session(text: str) -> bool:
    """Tell whether a page shows a session that can be run."""
    return any(block.language == "console" for block in blocks(text))


def steps(text: str) -> Iterator[Command | File]:
    """Yield what the reader of a page does, in order."""
    for block in blocks(text):
        if block.language == "console":
            yield from _commands(block)
        elif (name := file_name(block)) is not None:
            yield File(name, block.code)


def file_name(block: Block) -> str | None:
    """Return the name of the file that a block is to be written to, which its first line has."""
    match = _FILE_NAME.fullmatch(block.code.partition("\n")[0])
    return match[1] if match and block.language not in ("console", "text") else None


def _commands(block: Block) -> Iterator[Command]:
    for part in re.finditer(r"^\$ (.*\n(?:> .*\n)*)((?:(?!\$ ).*\n)*)", block.code, re.MULTILINE):
        line = block.line + block.code.count("\n", 0, part.start())
        text = re.sub(r"^> ", "", part[1], flags=re.MULTILINE).rstrip("\n")
        yield Command(line, text, part[2].strip("\n"))


def run(text: str, folder: Path) -> tuple[Ran, ...]:
    """Run the session of a page in an empty folder, and return what each command printed."""
    shown = tuple(steps(text))
    _offer_examples(folder)
    with tempfile.TemporaryDirectory() as aside:
        script = "\n".join(_lines(shown, Path(aside)))
        try:
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=folder,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                timeout=_SECONDS,
                check=False,
            )
        finally:
            _stop_servers(folder)
    commands = [step for step in shown if isinstance(step, Command)]
    parts = done.stdout.split(_MARKER)
    results = zip(commands, parts[0::2], parts[1::2], strict=False)
    return tuple(Ran(command, printed, int(code)) for command, printed, code in results)


def _lines(shown: tuple[Command | File, ...], aside: Path) -> Iterator[str]:
    for number, step in enumerate(shown):
        if isinstance(step, File):
            (aside / str(number)).write_text(step.text, encoding="utf-8")
            yield f"mkdir -p '{Path(step.name).parent}' && cp '{aside / str(number)}' '{step.name}'"
        else:
            yield step.text
            yield f"__code=$?; printf '{_MARKER}%d{_MARKER}' $__code; (exit $__code)"


def _offer_examples(folder: Path) -> None:
    shutil.copytree(
        ROOT / "examples",
        folder / "examples",
        ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"),
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return what a reader's shell has, with nothing that would configure dbtune."""
    kept = ("LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "COLUMNS": "80",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",  # or messages would come before results that were printed earlier
    }


def _stop_servers(folder: Path) -> None:
    for data in folder.rglob("*.pgdata"):
        stop = (Path(sys.executable).with_name("dbtune"), "embedded", "stop", data)
        subprocess.run(stop, env=_environment(folder), capture_output=True, check=False)


def differences(ran: tuple[Ran, ...], text: str) -> Iterator[str]:
    """Yield for each command that does not do what the page shows what it does instead."""
    commands = [step for step in steps(text) if isinstance(step, Command)]
    for number, one in enumerate(ran):
        code_is_shown = number + 1 < len(ran) and ran[number + 1].command.text == "echo $?"
        if one.exit_code and not code_is_shown:
            yield f"{_place(one.command)} ends with {one.exit_code}:\n{one.printed}"
        elif one.command.printed and not is_as_shown(one.printed, one.command.printed):
            yield f"{_place(one.command)} prints something else:\n{_difference(one)}"
    if len(ran) < len(commands):
        yield f"{_place(commands[len(ran)])} ended the session"


def is_as_shown(printed: str, shown: str) -> bool:
    """Tell whether a command printed what a page shows, times, dates and wrapping aside."""
    pattern = ".*?".join(re.escape(_comparable(part)) for part in shown.split("..."))
    return re.fullmatch(pattern, _comparable(_without_progress(printed)), re.DOTALL) is not None


def _comparable(text: str) -> str:
    for varying, name in _VARYING:
        text = varying.sub(name, text)
    return text


def _without_progress(text: str) -> str:
    return "".join(line for line in text.splitlines(True) if not _PROGRESS.match(line.rstrip("\n")))


def _place(command: Command) -> str:
    return f"line {command.line}: $ {command.text}"


def _difference(ran: Ran) -> str:
    printed = _without_progress(ran.printed).strip("\n").splitlines()
    shown = ran.command.printed.splitlines()
    return "\n".join(difflib.unified_diff(shown, printed, "shown", "printed", lineterm="", n=1))


def main() -> None:
    """Run the session of the page that is named, and print what differs."""
    text = read(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory(prefix="session-") as folder:
        # Root's PostgreSQL runs as another user, and keeps its data elsewhere if it has to.
        Path(folder).chmod(0o755)
        ran = run(text, Path(folder))
    for one in ran:
        print(f"{_place(one.command)}  [{one.exit_code}]")
    print("\n\n".join(["", *differences(ran, text)]) or "As shown.")


if __name__ == "__main__":
    main()
