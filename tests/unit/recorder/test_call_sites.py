"""The line of the application that sends a statement."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from tests.unit.recorder.programs import hear


def test_libraries_are_no_part_of_the_application(tmp_path: Path) -> None:
    """Not those of a virtual environment within the project, and not generated code."""
    library = tmp_path / ".venv" / "lib" / "python3" / "site-packages" / "orm.py"
    library.parent.mkdir(parents=True)
    library.write_text("def load(ask):\n    return ask()\n")
    program = f"""
import sqlite3
sys.path.append({str(library.parent)!r})
import orm

connection = sqlite3.connect(":memory:")

def ask():
    return connection.execute("SELECT 1").fetchall()

orm.load(lambda: exec("connection.execute('SELECT 2').fetchall()"))
orm.load(connection.cursor().execute("SELECT 3").fetchall)
connection.close()
"""
    heard = hear(program, tmp_path)
    assert [(sent.file_path, sent.line_number) for sent in heard] == [
        ("app.py", 11),
        ("app.py", 12),
    ]


def test_scripts_of_libraries_are_none_either(tmp_path: Path) -> None:
    """A console script lies beside the interpreter: it starts the application."""
    script = Path(sysconfig.get_paths()["scripts"]) / "flask"
    program = f"""
import sqlite3
connection = sqlite3.connect(":memory:")
code = compile("connection.execute('SELECT 1').fetchall()", {str(script)!r}, "exec")
exec(code)
connection.close()
"""
    (only,) = hear(program, tmp_path)
    assert (only.file_path, only.line_number) == ("app.py", 5)


def test_paths_outside_of_the_working_directory_are_absolute(tmp_path: Path) -> None:
    """They would mean another file to who reads the recording elsewhere."""
    outside = tmp_path.parent / "outside_of_it.py"
    program = f"""
import sqlite3
connection = sqlite3.connect(":memory:")
exec(compile("\\nconnection.execute('SELECT 1').fetchall()", {str(outside)!r}, "exec"))
connection.close()
"""
    (only,) = hear(program, tmp_path)
    assert (only.file_path, only.line_number) == (str(outside), 2)


def test_relative_names_are_of_the_directory_that_the_program_began_in(tmp_path: Path) -> None:
    """Python 3.8 has such for the program itself, which may go elsewhere."""
    program = """
import os, sqlite3
os.mkdir("elsewhere")
os.chdir("elsewhere")
connection = sqlite3.connect(":memory:")
exec(compile("connection.execute('SELECT 1').fetchall()", "lib/job.py", "exec"))
os.chdir("..")
connection.close()
"""
    (only,) = hear(program, tmp_path)
    assert (only.file_path, only.line_number) == ("lib/job.py", 1)


def test_a_statement_of_the_standard_library_is_its_callers(tmp_path: Path) -> None:
    """iterdump() sends what its caller asked for."""
    program = """
import sqlite3
connection = sqlite3.connect(":memory:")
list(connection.iterdump())
connection.close()
"""
    heard = hear(program, tmp_path)
    assert {(sent.file_path, sent.line_number) for sent in heard} == {("app.py", 4)}


@pytest.mark.parametrize("fetch", ["list(cursor)", "cursor.fetchall()", "cursor.close()"])
def test_the_line_is_the_one_that_sends(fetch: str, tmp_path: Path) -> None:
    """Not the one that fetches, where the statement ends."""
    program = f"""
import sqlite3
connection = sqlite3.connect(":memory:")
cursor = connection.execute("SELECT 1")
{fetch}
connection.close()
"""
    (only,) = hear(program, tmp_path)
    assert only.line_number == 4


def test_lines_of_one_function_are_told_apart(tmp_path: Path) -> None:
    """The first time and later; and functions that came to lie where another one lay."""
    program = """
import sqlite3
connection = sqlite3.connect(":memory:")
def ask():
    connection.execute("SELECT 1").fetchall()
    connection.execute("SELECT 2").fetchall()
for _ in range(2):
    ask()
for number in range(50):
    code = compile("\\n" * number + "connection.execute('SELECT 3').fetchall()", "app.py", "exec")
    exec(code)
    del code
connection.close()
"""
    heard = hear(program, tmp_path)
    assert [sent.line_number for sent in heard] == [5, 6, 5, 6, *range(1, 51)]


def test_a_statement_that_no_python_code_sends_is_heard(tmp_path: Path) -> None:
    """A thread may begin with it: then nobody's line sends it."""
    program = """
import _thread, sqlite3, time
connection = sqlite3.connect(":memory:", check_same_thread=False)
cursor = connection.cursor()
_thread.start_new_thread(cursor.execute, ("CREATE TABLE t (a)",))
while not heard:
    pass
"""
    (only,) = hear(program, tmp_path)
    assert (only.text, only.file_path, only.error) == ("CREATE TABLE t (a)", None, None)
