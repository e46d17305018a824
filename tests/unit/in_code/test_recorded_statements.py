"""dbtune.record: what is told of each statement that an engine sends."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import (
    Session,
    joinedload,
    selectinload,
)

import dbtune
from dbtune.workload.sources import read_workload
from tests.unit.in_code.kitchen import Booking, Chef, lines

HERE = Path(__file__).name


def test_a_statement_is_recorded_with_all_that_is_known_of_it(
    engine: Engine, path: Path, database: Path
) -> None:
    """Rows are counted as they are fetched, and the line is that of the application."""
    with dbtune.record(engine, path, params=True), engine.connect() as connection:
        connection.execute(text("SELECT id FROM chefs WHERE id < :most"), {"most": 5}).all()
    (line,) = lines(path)
    assert line["db.query.text"] == "SELECT id FROM chefs WHERE id < ?"
    assert (line["db.query.parameters"], line["rows"]) == ([5], 5)
    assert line["duration_ns"] > 0
    assert line["code.file.path"].endswith(HERE)
    assert line["db.namespace"] == str(database)
    assert path.stat().st_mode & 0o777 == 0o600


def test_values_stay_out_unless_asked_for(engine: Engine, path: Path) -> None:
    """Neither bound values nor literals in the text are written."""
    with dbtune.record(engine, path), engine.connect() as connection:
        connection.execute(text("SELECT 'secret' FROM chefs WHERE name = :n"), {"n": "hush"}).all()
    assert "secret" not in path.read_text()
    assert "hush" not in path.read_text()


def test_writes_of_one_transaction_belong_together(engine: Engine, path: Path) -> None:
    """executemany counts its rows, and AUTOCOMMIT has no transaction."""
    insert, update = text("INSERT INTO chefs (name) VALUES (:n)"), text("UPDATE chefs SET name = 1")
    with dbtune.record(engine, path):
        with engine.begin() as connection:
            connection.execute(insert, [{"n": "a"}, {"n": "b"}, {"n": "c"}])
            connection.execute(update)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(update)
    many, within, commit, alone = lines(path)
    assert (many["count"], many["rows"]) == (3, 3)
    assert many["transaction_id"] == within["transaction_id"] == commit["transaction_id"]
    assert "transaction_id" not in alone


def test_an_error_is_recorded_and_raised_as_it_is(engine: Engine, path: Path) -> None:
    """While it is sent, and while its rows are fetched."""
    broken = "SELECT abs(-9223372036854775807 - (id > 5)) FROM chefs ORDER BY id"
    with dbtune.record(engine, path), engine.connect() as connection:
        with pytest.raises(OperationalError, match="no such column"):
            connection.execute(text("SELECT nowhere FROM chefs"))
        with pytest.raises(OperationalError, match="integer overflow"):
            connection.execute(text(broken)).all()
    assert [line["error"] for line in lines(path)] == [
        "no such column: nowhere",
        "integer overflow",
    ]


def test_an_engine_may_connect_for_the_first_time(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLAlchemy looks at the connection then in a way of its own, which is no failure."""
    engine = create_engine("sqlite://")
    with dbtune.record(engine, path), engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
    engine.dispose()
    assert not caplog.records


def test_an_error_of_the_applications_own_is_recorded_by_its_kind(path: Path) -> None:
    """An adapter or a converter may say anything, values among it."""

    class Secret:
        def __conform__(self, protocol: object) -> str:
            raise LookupError("Hunter2")

    def convert(stored: bytes) -> object:
        raise LookupError(stored.decode())

    sqlite3.register_converter("secret", convert)
    options = {"detect_types": sqlite3.PARSE_DECLTYPES}
    engine = create_engine("sqlite://", connect_args=options)
    with dbtune.record(engine, path), engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a SECRET)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('Hunter2')")
        for values in ((Secret(),), ()):
            statement = "SELECT ?" if values else "SELECT a FROM t"
            with pytest.raises(LookupError, match="Hunter2"):
                connection.exec_driver_sql(statement, values).fetchall()
    engine.dispose()
    assert "Hunter2" not in path.read_text()
    assert path.read_text().count('"error": "LookupError"') == 2


def test_a_lazy_load_names_its_relationship_and_eager_ones_do_not(
    engine: Engine, path: Path
) -> None:
    """What selectinload and joinedload send is nobody's lazy load."""
    with dbtune.record(engine, path), Session(engine) as session:
        for chef in session.scalars(select(Chef)):
            assert len(chef.bookings) == 3
        session.expunge_all()
        session.scalars(select(Chef).options(selectinload(Chef.bookings))).all()
        session.expunge_all()
        session.scalars(select(Booking).options(joinedload(Booking.chef))).all()
    names = [line.get("dbtune.relationship") for line in lines(path)]
    assert names == [None, *["Chef.bookings"] * 8, None, None, None]
    (found,) = read_workload([path]).repeated
    assert (found.relationship, found.calls, found.unit) == ("Chef.bookings", 8, "transaction")
