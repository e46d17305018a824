"""The parts of dbtune record that decide: what hides a child, what to tell, what was recorded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dbtune.errors import ConfigurationError, RefusedError
from dbtune.journeys.child_processes import SeenProcess
from dbtune.journeys.record import child_environment
from dbtune.journeys.recording_output import prepare_output
from dbtune.journeys.unrecorded import find_unrecorded
from dbtune.recorder.hidden_children import HOOK_FOLDER, hiding_reason, is_python
from dbtune.recorder.processes import (
    ARMED,
    ENDED,
    FAILED,
    HIDDEN,
    STARTED,
    ProcessEvent,
    read_events,
    read_start,
)
from dbtune.recorder.settings import RecorderSettings, from_environment
from dbtune.workload.recording_tally import tally_recordings

RECORDED = {"PYTHONPATH": f"/other{os.pathsep}{HOOK_FOLDER}", "DBTUNE_RECORD_PATH": "/q.jsonl"}
LINE = '{"db.query.text": "SELECT 1"}\n'


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("python", True),
        ("/usr/bin/python3.13t", True),
        ("python3-dbg", True),
        ("pypy3", True),
        ("pythonista", False),
        ("ipython", False),
        ("/usr/bin/python3/ls", False),
        ("", False),
    ],
)
def test_interpreters_are_told_from_other_programs(program: str, expected: bool) -> None:
    """By the name of the file."""
    assert is_python(program) == expected


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("python app.py", None),
        ("python -I app.py", "-I"),
        ("python -OOE app.py", "-E"),
        ("python -W error -S app.py", "-S"),
        ("python -Werror -X dev -I app.py", "-I"),
        ("python -Wignore::ImportWarning app.py", None),
        ("python --check-hash-based-pycs default app.py -I", None),
        ("python app.py -I", None),
        ("python -m package -I", None),
        ("python -c 1 -I", None),
        ("python -cI", None),
        ("python - -I", None),
        ("env python -I app.py", "-I"),
        ("env -i python app.py", "environment"),
        ("env -i ls", None),
        ("env A=1 python app.py", None),
        ("ls -I", None),
        ("sh app.sh -I", None),
    ],
)
def test_what_hides_a_command(command: str, reason: str | None) -> None:
    """An option of the interpreter's, before what it runs, and no option of the program's."""
    assert hiding_reason(command.split(), RECORDED) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("python -I x", "-I"),
        ("cd x && exec /usr/bin/python3.12 -u -E x", "-E"),
        ("env -i python x", "environment"),
        ("python x -I", None),
        ("ls -I; python x", None),
        ("echo env -i; ls", None),
    ],
)
def test_what_hides_a_command_of_a_shell(text: str, reason: str | None) -> None:
    """As far as its text tells."""
    assert hiding_reason(["/bin/sh", "-c", text], RECORDED) == reason


@pytest.mark.parametrize("missing", ["PYTHONPATH", "DBTUNE_RECORD_PATH"])
def test_an_environment_without_dbtunes_variables_hides(missing: str) -> None:
    """Either of them."""
    environ = {name: value for name, value in RECORDED.items() if name != missing}
    assert hiding_reason(["python", "x"], environ) == "environment"
    assert hiding_reason(["ls"], environ) is None
    assert hiding_reason([], environ) is None


def test_the_childs_environment_keeps_what_was_there() -> None:
    """dbtune's folder comes first, and only once."""
    settings = RecorderSettings("/q.jsonl", params=True, values_key="ab")
    environ = child_environment({"PYTHONPATH": "/a", "HOME": "/h"}, settings, "/log")
    again = child_environment(environ, settings, "/log")
    assert again["PYTHONPATH"].split(os.pathsep) == [HOOK_FOLDER, "/a"]
    assert again["HOME"] == "/h"
    assert from_environment(again) == settings
    assert hiding_reason(["python", "x"], again) is None


def event(kind: str, pid: int, reason: str = "", start: str = "1") -> ProcessEvent:
    """Return an event of `python PID`."""
    command = () if kind == ENDED else ("python", str(pid))
    return ProcessEvent(kind, pid, start, command, reason)


@pytest.mark.parametrize(
    ("events", "problems"),
    [
        ([event(ARMED, 1), event(ENDED, 1, "exit")], []),
        ([event(ARMED, 1), event(ENDED, 1, "exec"), event(ARMED, 1)], ["killed"]),
        ([event(ARMED, 1), event(ENDED, 1, "SIGTERM")], []),
        ([event(ARMED, 1)], ["killed"]),
        ([event(STARTED, 1)], ["killed"]),
        ([event(STARTED, 2)], []),
        ([event(ARMED, 1), event(ENDED, 1, "os._exit")], ["os-exit"]),
        ([event(STARTED, 2), event(ENDED, 2, "os._exit")], []),
        ([event(HIDDEN, 3, "-I"), event(HIDDEN, 4, "-I")], ["hidden", "hidden"]),
        ([event(HIDDEN, 3, "-I"), event(HIDDEN, 3, "-I")], ["hidden"]),
        ([event(FAILED, 3, "OSError")], ["failed"]),
        ([event(ARMED, os.getpid(), "", read_start(os.getpid()))], ["running"]),
    ],
)
def test_what_is_told_of_a_process(events: list[ProcessEvent], problems: list[str]) -> None:
    """By its last event, and by whether it wrote: process 1 did."""
    found = find_unrecorded(events, (), frozenset({1}))
    assert [process.problem for process in found] == problems


def test_a_process_that_was_only_seen_is_told_unless_it_is_known() -> None:
    """One that armed itself, one that was told as a shell's, and one that hid from all."""
    told = ProcessEvent(HIDDEN, 1, "1", ("sh", "-c", "env -i python b.py"), "environment")
    seen = [
        SeenProcess(2, "1", ("python", "2"), ""),
        SeenProcess(3, "1", ("/usr/bin/python", "b.py"), "environment"),
        SeenProcess(4, "1", ("python", "c.py"), "environment"),
    ]
    events = [event(ARMED, 2), event(ENDED, 2, "exit"), told]
    found = find_unrecorded(events, seen, frozenset())
    assert [process.command for process in found] == [
        "sh -c 'env -i python b.py'",
        "python c.py",
    ]


def test_torn_lines_of_the_log_are_left_out(tmp_path: Path) -> None:
    """A process that was killed while it wrote one takes nobody else's with it."""
    line = json.dumps(event(ARMED, 1)._asdict())
    log = tmp_path / "log"
    log.write_text(f'{line}\n{line[:20]}\n[1]\n{{"odd": 1}}\n{line}\n', encoding="utf-8")
    assert list(read_events(str(log))) == [event(ARMED, 1)] * 2


def test_a_recording_is_counted_without_reading_its_texts(tmp_path: Path) -> None:
    """What looks like a key within a text is none, and what came before the offset is left out."""
    texts = ['SELECT \'"db.query.text": "dbtune.dropped": 9\'', "SELECT 1", "SELECT 2"]
    files = ["/a.db", "/b.db", '/with "quotes".db']
    lines = [LINE.strip(), json.dumps({"dbtune.recording": 1, "sample_rate": 1.0, "pid": 42})]
    for text, file in zip(texts, [files[1], files[2], files[1]], strict=True):
        lines.append(json.dumps({"db.query.text": text, "db.namespace": file}))
    lines.append('{"dbtune.dropped": 3}')
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    tally = tally_recordings([(path, len(LINE))])
    assert (tally.statements, tally.dropped, tally.process_ids) == (3, 3, {42})
    assert tally.namespaces == (files[1], files[2])


@pytest.mark.parametrize(
    ("content", "append", "overwrite", "error"),
    [
        (None, False, False, None),
        ("", False, False, None),
        (LINE, False, False, RefusedError),
        (LINE, True, False, None),
        (LINE, False, True, None),
        ('{"dbtune.recording": 1}\n', True, False, None),
        ("SQLite format 3\0", False, True, RefusedError),
        ('{"name": "package"}', False, True, RefusedError),
        ("import sys\n", True, False, RefusedError),
    ],
)
def test_only_recordings_are_added_to_or_replaced(
    tmp_path: Path,
    content: str | None,
    append: bool,
    overwrite: bool,
    error: type[Exception] | None,
) -> None:
    """Whatever else a file holds stays."""
    path = tmp_path / "q.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    settings = RecorderSettings(str(path))
    if error is None:
        output = prepare_output(settings, append=append, overwrite=overwrite)
        assert output.offset == (len(LINE) if append and content == LINE else output.offset)
        assert path.read_text(encoding="utf-8") == ("" if overwrite else content or "")
        return
    with pytest.raises(error, match=r"q\.jsonl"):
        prepare_output(settings, append=append, overwrite=overwrite)
    assert path.read_text(encoding="utf-8") == content


def test_files_put_aside_by_an_earlier_recording_are_not_lost(tmp_path: Path) -> None:
    """They count as a recording that is there, and are replaced with it."""
    (tmp_path / "q.jsonl.1").write_text(LINE, encoding="utf-8")
    settings = RecorderSettings(str(tmp_path / "q.jsonl"), max_mb=1, keep=2)
    with pytest.raises(RefusedError, match=r"q\.jsonl\.1 holds a recording"):
        prepare_output(settings, append=False, overwrite=False)
    prepare_output(settings, append=False, overwrite=True)
    assert not (tmp_path / "q.jsonl.1").exists()


def test_more_parts_than_are_kept_now_are_replaced_too(tmp_path: Path) -> None:
    """They would be read as older parts of the new recording."""
    for number in (1, 2, 3):
        (tmp_path / f"q.jsonl.{number}").write_text(LINE, encoding="utf-8")
    settings = RecorderSettings(str(tmp_path / "q.jsonl"))
    with pytest.raises(RefusedError, match="holds a recording"):
        prepare_output(settings, append=False, overwrite=False)
    prepare_output(settings, append=False, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["q.jsonl"]


def test_a_folder_that_is_not_ours_to_write_is_told(tmp_path: Path) -> None:
    """Before the command starts. Nobody may make a file in /proc, root neither."""
    with pytest.raises(ConfigurationError, match="cannot be written"):
        prepare_output(RecorderSettings("/proc/q.jsonl"), append=False, overwrite=False)
