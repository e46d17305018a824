"""What is heard of apsw, in a program that uses it."""

from __future__ import annotations

from pathlib import Path

import apsw

from dbtune.recorder.apsw_patch import install
from dbtune.recorder.sent import Sent
from tests.unit.recorder.programs import hear


def test_statements_of_apsw_are_heard(tmp_path: Path) -> None:
    """With time, line, transaction, and rows where they are written."""
    program = """
import apsw
connection = apsw.Connection("app.db")
connection.execute("CREATE TABLE t (a)")
with connection:
    connection.execute("INSERT INTO t VALUES (?), (?)", (1, 2))
    list(connection.execute("SELECT a FROM t"))
connection.execute("CREATE TRIGGER g AFTER DELETE ON t BEGIN INSERT INTO t VALUES (old.a); END")
connection.execute("DELETE FROM t WHERE a = 1")
connection.close()
"""
    heard = hear(program, tmp_path)
    texts = [sent.text for sent in heard]
    insert = heard[texts.index("INSERT INTO t VALUES (?), (?)")]
    select = heard[texts.index("SELECT a FROM t")]
    assert (insert.rows, insert.line_number, insert.file_path) == (2, 6, "app.py")
    assert insert.transaction_id == select.transaction_id is not None
    assert insert.namespace == str(tmp_path / "app.db")
    assert heard[-1].text == "DELETE FROM t WHERE a = 1"
    assert heard[-1].transaction_id is None


def test_undone_it_is_as_before() -> None:
    """No hook of ours is left in apsw, and connections made meanwhile are silent."""
    before = list(apsw.connection_hooks)
    heard: list[Sent] = []
    undo = install(heard.append)
    connection = apsw.Connection(":memory:")
    connection.execute("SELECT 1").fetchall()
    undo()
    connection.execute("SELECT 2").fetchall()
    connection.close()
    assert [sent.text for sent in heard] == ["SELECT 1"]
    assert apsw.connection_hooks == before
