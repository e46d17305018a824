"""Shells complete dbtune's commands, options, choices and files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from dbtune.cli.complete_files import matching_files
from dbtune.cli.main import COMMANDS
from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.fixtures.pseudo_terminal import in_terminal

SHELLS = ("bash", "zsh", "fish")


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which a shell finds this dbtune, and no start-up file."""
    path = f"{Path(dbtune_command()).parent}{os.pathsep}{os.environ['PATH']}"
    home.mkdir(exist_ok=True)
    return clean_environment() | {"PATH": path, "HOME": str(home), "ZDOTDIR": str(home)}


def completed(run_dbtune: RunDbtune, line: str) -> list[str]:
    """Return what the shells' scripts are told for a line up to the cursor, as bash is."""
    words = line.split(" ")
    told = run_dbtune(
        env={
            "_DBTUNE_COMPLETE": "bash_complete",
            "COMP_WORDS": "\n".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
    )
    assert (told.returncode, told.stderr) == (0, "")
    return told.stdout.splitlines()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_says_where_to_put_it(run_dbtune: RunDbtune, shell: str) -> None:
    """And names the variable by which dbtune knows that a shell asks."""
    done = run_dbtune("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"# dbtune completion {shell} > ~/" in "\n".join(done.stdout.splitlines()[:2])
    assert f"_DBTUNE_COMPLETE={shell}_complete" in done.stdout


def test_another_shell_is_a_usage_error(run_dbtune: RunDbtune) -> None:
    """It names those there are."""
    done = run_dbtune("completion", "tcsh")
    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("dbtune ana", ["plain,analyze"]),
        ("dbtune ", [f"plain,{name}" for name in COMMANDS]),
        ("dbtune recording in", ["plain,inspect"]),
        ("dbtune analyze app.db --fail", ["plain,--fail-on"]),
        ("dbtune analyze app.db --fail-on m", ["plain,medium"]),
        ("dbtune -q bench app.db --mix ", ["plain,recorded", "plain,reads"]),
        ("dbtune completion f", ["plain,fish"]),
        ("dbtune help saf", ["plain,safety"]),
        ("dbtune help n-plus", ["plain,n-plus-one"]),
        ("dbtune record -- ./ru", ["file,./ru"]),
        ("dbtune analyze postgresql://h/db --sq", ["plain,--sql"]),
    ],
)
def test_what_is_offered(run_dbtune: RunDbtune, line: str, offered: list[str]) -> None:
    """Commands, options, choices, topics and findings."""
    assert completed(run_dbtune, line) == offered


def test_databases_are_offered_where_a_database_is_asked_for(
    run_dbtune: RunDbtune, tmp_path: Path
) -> None:
    """And recordings where a recording is, reports where a report is."""
    for name in ("app.db", "app.jsonl", "app.json", "app.txt"):
        (tmp_path / name).touch()
    assert completed(run_dbtune, "dbtune analyze a") == ["plain,app.db"]
    assert completed(run_dbtune, "dbtune queries a") == ["plain,app.jsonl"]
    assert completed(run_dbtune, "dbtune analyze app.db --queries a") == ["plain,app.jsonl"]
    assert completed(run_dbtune, "dbtune check app.db --from a") == ["plain,app.json"]


def test_files_are_left_to_the_shell_where_it_knows_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none has the ending, where a folder may be meant, and where a name needs quoting."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "app.db.dbtune").mkdir()
    for name in ("app.db", "b.txt", "c d.db", "sub/in.db"):
        (tmp_path / name).touch()

    def offered(incomplete: str) -> list[tuple[str, str]]:
        return [(item.type, item.value) for item in matching_files(incomplete, (".db",))]

    assert offered("a") == [("plain", "app.db")]
    assert offered("sub/") == [("plain", "sub/in.db")]
    assert offered("b") == [("file", "b")]
    assert offered("c") == [("file", "c")]
    assert offered("") == [("file", "")]
    assert offered("nowhere/x") == [("file", "nowhere/x")]


# What is typed in front of each tabulator, and the whole line after it.
TYPED = (
    ("dbtune ana", "dbtune analyze "),
    ("sh", "dbtune analyze shop.db "),
    ("--fail-", "dbtune analyze shop.db --fail-on "),
    ("me", "dbtune analyze shop.db --fail-on medium "),
)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes_what_is_typed(run_dbtune: RunDbtune, tmp_path: Path, shell: str) -> None:
    """With the tabulator, in a terminal, the script being where it says."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "_dbtune"
    script.write_text(run_dbtune("completion", shell).stdout)
    (tmp_path / "shop.db").touch()
    start = {
        "bash": ["--norc", "--noprofile", "-i"],
        "zsh": ["--no-rcs", "--no-globalrcs", "-i"],
    }[shell]
    ready = {
        "bash": f"PS1='rea''dy> '; source {script}\n",
        "zsh": f"PS1='rea''dy> '; fpath+={tmp_path}; autoload -U compinit; compinit -u\n",
    }[shell]
    home = environment(tmp_path / "home") | {"TERM": "dumb" if shell == "bash" else "vt100"}
    with in_terminal([program, *start], folder=tmp_path, environment=home) as screen:
        screen.type(ready)
        screen.wait_for("ready> ")
        screen.text = ""
        for keys, line in TYPED:
            screen.type(f"{keys}\t")
            screen.wait_for(partial(shows, line))


def shows(line: str, text: str) -> bool:
    """Tell whether a terminal that was sent this text shows the line."""
    return line in seen(text)


def seen(text: str) -> str:
    """Return what is on the line: without styles, padding, and letters that are written anew."""
    shown: list[str] = []
    for char in re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\x00", "", text):
        if char == "\b":
            del shown[-1:]
        else:
            shown.append(char)
    return "".join(shown)


def test_fish_completes(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """As fish itself says what it would offer."""
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("fish is not installed")
    folder = tmp_path / "home" / ".config" / "fish" / "completions"
    folder.mkdir(parents=True)
    (folder / "dbtune.fish").write_text(run_dbtune("completion", "fish").stdout)
    (tmp_path / "shop.db").touch()
    lines = ["dbtune ana", *(line + keys for (_, line), (keys, _) in pairwise(TYPED))]
    asked = "; ".join(f"complete -C '{line}'" for line in lines)
    done = subprocess.run(
        [fish, "-c", asked],
        cwd=tmp_path,
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=True,
    )
    offered = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert offered == [line.split()[-1] for _, line in TYPED]


def test_fish_tells_all_of_what_a_command_does(run_dbtune: RunDbtune) -> None:
    """Also what stands behind a comma."""
    script = run_dbtune("completion", "fish").stdout
    assert 'string split -m 1 "," $completion' in script
