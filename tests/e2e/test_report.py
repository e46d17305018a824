"""`dbtune report` and `--report`: the result of every command, in every form."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import RunDbtune, clean_environment, dbtune_command
from tests.fixtures.in_process import run_here
from tests.fixtures.shop import build_shop

# Each with what it is called to write: a result of every kind, and its page.
COMMANDS: dict[str, tuple[str, ...]] = {
    "analyze": ("analyze", "shop.db", "--queries", "q.jsonl"),
    "queries": ("queries", "q.jsonl"),
    "bench": ("bench", "shop.db", "--queries", "q.jsonl", "--clients", "2", "--duration", "0.1"),
    "compare": ("compare", "base.json", "analyze.json"),
    "migrate-to-postgres": ("migrate-to-postgres", "shop.db", "--plan"),
    "apply-indexes": ("apply-indexes", "shop.db", "--from", "analyze.json", "--yes"),
}
EXIT_CODES = {"compare": 1}
MEASURED_ONLY = ("queries", "bench")
CHECKS = ("sarif", "junit", "github")
FORMS = ("html", "markdown", "terminal", "json", *CHECKS)
SITE = {"code.file.path": "app/orders.py", "code.line.number": 12}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a result of every command, and beside each the page that it wrote."""
    path = tmp_path_factory.mktemp("results")
    build_shop(path / "shop.db", orders=20_000)
    write_recording(path / "q.jsonl", calls=12)
    write_recording(path / "base.jsonl", calls=2)
    base = ("analyze", "shop.db", "--queries", "base.jsonl", "--output", "base.json")
    assert run_in(path, *base).returncode == 0
    for name, arguments in COMMANDS.items():
        more = ("--output", f"{name}.json", "--report", f"{name}.html")
        done = run_in(path, *arguments, *more)
        assert done.returncode == EXIT_CODES.get(name, 0), done.stderr
    return path


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in that folder, 80 columns wide."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("COLUMNS", raising=False)


def write_recording(path: Path, *, calls: int) -> None:
    """Write six requests that each send one query so many times from one line."""
    text = "SELECT id FROM orders WHERE user_id = ? ORDER BY created_at DESC"
    lines = [
        {
            "db.query.text": text,
            "db.query.parameters": [number],
            "request_id": f"r{request}",
            "route": "GET /orders",
            **SITE,
        }
        for request in range(6)
        for number in range(calls)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a folder."""
    return subprocess.run(
        [dbtune_command(), "-q", *arguments],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def drawn(*arguments: str) -> str:
    """Return what `dbtune report` prints."""
    done = run_here("report", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def told(form: str, text: str) -> None:
    """Fail where a text is not of a form."""
    starts: dict[str, Callable[[str], bool]] = {
        "html": lambda text: text.lower().startswith("<!doctype html>"),
        "markdown": lambda text: text.startswith("## dbtune "),
        "terminal": lambda text: "\x1b" not in text and not text.startswith(("#", "<", "{")),
        "json": lambda text: json.loads(text)["schema_version"] == 1,
        "sarif": lambda text: json.loads(text)["version"] == "2.1.0",
        "junit": lambda text: ElementTree.fromstring(text.encode("utf-8")).tag == "testsuites",
        "github": lambda text: all(line.startswith("::") for line in text.splitlines()),
    }
    assert text.endswith("\n") or form == "github"
    assert starts[form](text), text[:200]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_result_is_drawn_in_every_form(name: str, form: str) -> None:
    """But for checks of what has figures and no findings, which is said."""
    if form in CHECKS and name in MEASURED_ONLY:
        done = run_here("report", f"{name}.json", "--format", form)
        assert done.returncode == 2 and done.stdout == ""
        assert f"{name}.json has figures and no findings" in done.stderr
    else:
        told(form, drawn(f"{name}.json", "--format", form))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_writes_the_page_of_its_result(name: str) -> None:
    """--report beside --output is what `dbtune report` makes of it."""
    page = Path(f"{name}.html").read_text(encoding="utf-8")
    assert page == drawn(f"{name}.json", "--format", "html")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_result_comes_back_as_its_command_wrote_it(name: str) -> None:
    """--format json is the document, byte for byte."""
    assert drawn(f"{name}.json", "--format", "json") == Path(f"{name}.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("suffix", "form"),
    [
        (".html", "html"),
        (".HTM", "html"),
        (".md", "markdown"),
        (".txt", "terminal"),
        (".json", "json"),
        (".sarif", "sarif"),
        (".sarif.json", "sarif"),
        (".xml", "junit"),
    ],
)
def test_the_name_of_the_file_tells_the_form(suffix: str, form: str, tmp_path: Path) -> None:
    """And nothing is printed."""
    output = tmp_path / f"report{suffix}"
    assert drawn("analyze.json", "-o", str(output)) == ""
    told(form, output.read_text(encoding="utf-8"))


def test_the_form_is_text_without_a_file() -> None:
    """As the command itself printed it."""
    assert drawn("analyze.json") == drawn("analyze.json", "--format", "terminal")
    assert "Query shapes" in drawn("analyze.json")


def test_what_was_applied_is_not_asked_for_again() -> None:
    """The report of apply-indexes has the findings that it mended."""
    assert "CREATE INDEX" not in drawn("apply-indexes.json")
    assert drawn("apply-indexes.json", "--format", "github") == ""


def test_several_results_are_one_page() -> None:
    """Or one text after the other, one list, one run or suite each, and all annotations."""
    given = ("analyze.json", "compare.json", "migrate-to-postgres.json")
    for form in ("html", "markdown"):
        page = drawn(*given, "bench.json", "queries.json", "--format", form)
        told(form, page)
        assert page.count("dbtune bench") and page.count("dbtune queries")
    text = drawn(*given)
    assert [text.index(drawn(name)) for name in given] == sorted(
        text.index(drawn(name)) for name in given
    )
    documents = json.loads(drawn(*given, "--format", "json"))
    assert [found["command"] for found in documents] == [
        "analyze",
        "compare",
        "migrate-to-postgres",
    ]
    assert len(json.loads(drawn(*given, "--format", "sarif"))["runs"]) == 3
    suites = ElementTree.fromstring(drawn(*given, "--format", "junit").encode("utf-8"))
    assert len(suites) == 3
    assert "regression-queries" in drawn(*given, "--format", "github")


def test_annotations_have_the_line_of_the_application() -> None:
    """That of the recording, for the index that serves the query and for the N+1."""
    lines = drawn("analyze.json", "--format", "github").splitlines()
    placed = [line for line in lines if "file=app/orders.py,line=12," in line]
    assert {
        code for line in placed for code in ("missing-index", "n-plus-one") if code in line
    } == {
        "missing-index",
        "n-plus-one",
    }


def test_a_result_comes_from_stdin_too(run_dbtune: RunDbtune, folder: Path) -> None:
    """As in a pipe, and what follows is told of it."""
    text = (folder / "analyze.json").read_text(encoding="utf-8")
    done = run_dbtune("report", "-", "--format", "markdown", input=text)
    assert done.returncode == 0 and done.stdout.startswith("## dbtune analyze: shop.db\n")
    done = run_dbtune("report", "-", "--format", "markdown", input="nothing")
    assert done.returncode == 2 and "standard input is not JSON" in done.stderr


def test_commands_to_run_next_name_the_file_of_the_result(run_dbtune: RunDbtune) -> None:
    """So that they can be pasted; what came through a pipe has no name."""
    command = "dbtune apply-indexes shop.db --from"
    assert f"{command} analyze.json" in Path("analyze.html").read_text(encoding="utf-8")
    assert f"{command} analyze.json" in drawn("analyze.json", "compare.json", "--format", "html")
    text = Path("analyze.json").read_text(encoding="utf-8")
    piped = run_dbtune("report", "-", "--format", "markdown", input=text).stdout
    assert f"{command} '<this report>.json'" in piped


def test_a_page_is_not_printed_on_a_terminal() -> None:
    """There is nothing to read in it; a pipe gets it."""
    controller, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [dbtune_command(), "report", "analyze.json", "--format", "html"],
            stdout=terminal,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=clean_environment(),
            text=True,
            check=False,
        )
    finally:
        os.close(terminal)
        os.close(controller)
    assert done.returncode == 2 and "-o report.html" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "Missing argument"),
        (("missing.json",), 2, "missing.json does not exist"),
        (("analyze.json", "--format", "pdf"), 2, "'pdf' is not one of"),
        (("analyze.json", "-o", "report.pdf"), 2, "give --format"),
        (("-", "-"), 2, "can be given once"),
        ((".",), 2, ". is not a file"),
        (("shop.db",), 2, "shop.db is a database"),
        (("q.jsonl",), 2, "q.jsonl is a recording"),
        (("analyze.html",), 2, "analyze.html is a page"),
        (("broken.json",), 2, "broken.json is not JSON"),
        (("bytes.json",), 2, "bytes.json cannot be read"),
        (("newer.json",), 2, "schema_version is 99"),
        (("other.json",), 2, "other.json"),
        (("analyze.json", "-o", "analyze.json"), 5, "would be overwritten"),
        (("analyze.json", "-o", "shop.db", "--format", "json"), 5, "shop.db is a database"),
        (("analyze.json", "-o", "missing/report.html"), 2, "a folder that does not exist"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    arguments: tuple[str, ...], code: int, said: str, folder: Path
) -> None:
    """With its name and what to do, and nothing is written."""
    newer = json.loads((folder / "analyze.json").read_text("utf-8")) | {"schema_version": 99}
    (folder / "newer.json").write_text(json.dumps(newer), encoding="utf-8")
    (folder / "broken.json").write_text('{"command": "analyze"', encoding="utf-8")
    (folder / "bytes.json").write_bytes(b'{"command": "\xff"}')
    (folder / "other.json").write_text('{"name": "package"}', encoding="utf-8")
    before = contents(folder)
    done = run_here("report", *arguments)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert contents(folder) == before


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("page", "code", "said"),
    [
        ("report.md", 2, "dbtune report FILE.json --format"),
        ("missing/report.html", 2, "a folder that does not exist"),
        ("same.html", 2, "given as something else too"),
        ("link.html", 5, "symbolic link"),
        ("database.html", 5, "is a database"),
    ],
)
def test_a_page_is_refused_before_the_work_starts(
    name: str, page: str, code: int, said: str, folder: Path, tmp_path: Path
) -> None:
    """Nothing is written, neither the page nor the document."""
    link, database = folder / "link.html", folder / "database.html"
    if not link.is_symlink():
        link.symlink_to(tmp_path / "elsewhere.html")
        build_shop(database, orders=1)
    before = contents(folder)
    output = "same.html" if page == "same.html" else "new.json"
    done = run_here(*COMMANDS[name], "--output", output, "--report", page)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--queries", "q.jsonl", "--dry-run"), "shop.db can be"),
        (("--queries", "users.sql", "--yes"), "No index is left"),
    ],
    ids=["dry run", "nothing to do"],
)
def test_a_page_comes_where_nothing_is_changed(
    more: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    """apply-indexes tells in it what it would do, or why it does nothing."""
    build_shop(tmp_path / "shop.db", orders=20_000)
    page = tmp_path / "page.html"
    Path("users.sql").write_text("SELECT count(*) FROM users;\n", encoding="utf-8")
    done = run_here("apply-indexes", tmp_path / "shop.db", *more, "--report", page)
    assert done.returncode == 0, done.stderr
    assert said in page.read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, str]:
    """Return every file of a folder, hashed; a page that SQLite maps for itself is none."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }
