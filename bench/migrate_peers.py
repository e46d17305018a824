"""The tools that bench/migrate.py measures dbtune against, each as it is fastest.

Each peer prepares its target outside of what is measured, and returns seconds.
"""

from __future__ import annotations

import importlib
import importlib.util
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from dbtune.model.transfer import MigrationPlan, TablePlan
from dbtune.postgres.ddl import create_table
from dbtune.postgres.names import quote_name

SCHEMA = "peer"
_EXTENSIONS = ("sqlite_scanner", "postgres_scanner")


def make_tables(conninfo: str, plan: MigrationPlan) -> None:
    """Create the plan's tables without keys, empty, in a schema of the peers."""
    with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
        connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        connection.execute(f"SET search_path = {SCHEMA}".encode())
        for table in plan.tables:
            connection.execute(create_table(table).sql.encode())
        connection.execute("CHECKPOINT")


def duckdb_missing() -> str | None:
    """Return why DuckDB cannot take part, None where it can."""
    modules = ("duckdb", *(f"duckdb_extension_{name}" for name in _EXTENSIONS))
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"{missing[0]} is not installed" if missing else None


def duckdb_seconds(source: Path, conninfo: str, plan: MigrationPlan) -> float:
    """Copy with DuckDB on two threads: INSERT INTO postgres SELECT FROM sqlite, table by table."""
    import duckdb

    make_tables(conninfo, plan)
    with closing(duckdb.connect()) as connection:
        for name in _EXTENSIONS:
            module = importlib.import_module(f"duckdb_extension_{name}")
            assert module.__file__ is not None
            found = sorted(Path(module.__file__).parent.rglob(f"{name}.duckdb_extension"))
            connection.execute(f"LOAD '{found[-1]}'")
        started = time.perf_counter()
        connection.execute(f"ATTACH '{source}' AS s (TYPE sqlite, READ_ONLY)")
        connection.execute(f"ATTACH '{conninfo}' AS p (TYPE postgres, SCHEMA '{SCHEMA}')")
        tables = [table.target for table in _largest_first(plan)]
        _in_two_threads(
            tables,
            lambda: connection.cursor(),
            lambda cursor, table: cursor.execute(
                f'INSERT INTO p.{SCHEMA}."{table}" SELECT * FROM s."{table}"'
            ),
        )
        return time.perf_counter() - started


def psql_missing() -> str | None:
    """Return why psql cannot take part, None where it can."""
    return None if shutil.which("psql") else "psql is not installed"


def write_binary_files(conninfo: str, schema: str, plan: MigrationPlan, folder: Path) -> None:
    """Write COPY's binary files of loaded tables, which are the peer's ready-made input."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
        for table in plan.tables:
            name = f"{quote_name(schema)}.{quote_name(table.target)}"
            statement = f"COPY {name} TO STDOUT (FORMAT binary)"
            with (
                (folder / f"{table.target}.bin").open("wb") as file,
                connection.cursor().copy(statement.encode()) as copy,
            ):
                for block in copy:
                    file.write(block)


def psql_seconds(conninfo: str, plan: MigrationPlan, folder: Path) -> float:
    r"""Copy ready-made binary files by psql's \copy on two connections."""
    make_tables(conninfo, plan)
    loads: list[list[str]] = [[], []]
    sizes = [0, 0]
    for table in _largest_first(plan):
        file = folder / f"{table.target}.bin"
        lane = sizes.index(min(sizes))
        sizes[lane] += file.stat().st_size
        loads[lane].append(f"\\copy {SCHEMA}.{table.target} FROM '{file}' (FORMAT binary)\n")
    command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", conninfo]
    started = time.perf_counter()
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in loads]
    for process, script in zip(running, loads, strict=True):
        assert process.stdin is not None
        process.stdin.write("".join(script))
        process.stdin.close()
    codes = [process.wait() for process in running]
    if any(codes):
        raise RuntimeError("psql failed")
    return time.perf_counter() - started


def pgloader_missing() -> str | None:
    """Return why pgloader cannot take part, None where it can."""
    return None if shutil.which("pgloader") else "pgloader is not installed"


def pgloader_seconds(source: Path, conninfo: str, folder: Path) -> float:
    """Load with pgloader, tuned, with indexes and foreign keys; it verifies nothing."""
    script = folder / "pgloader.load"
    folder.mkdir(parents=True, exist_ok=True)
    script.write_text(
        f"load database from sqlite://{source} into {_pgloader_url(conninfo)}\n"
        "with include drop, create tables, create indexes, reset sequences, foreign keys,\n"
        "  prefetch rows = 20000, batch rows = 50000, batch size = 64MB\n"
        "set work_mem to '64MB', maintenance_work_mem to '256MB', synchronous_commit to 'off';\n"
    )
    started = time.perf_counter()
    done = subprocess.run(
        ["pgloader", "--no-ssl-cert-verification", script], capture_output=True, text=True
    )
    seconds = time.perf_counter() - started
    if done.returncode or "FATAL" in done.stdout + done.stderr:
        raise RuntimeError(f"pgloader: {(done.stdout + done.stderr).strip()[-500:]}")
    return seconds


def _pgloader_url(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    host = str(parts.get("hostaddr") or parts.get("host") or "localhost")
    if host.startswith("/"):
        host = f"unix:{host}"
    return f"postgresql://{parts.get('user')}@{host}:{parts.get('port', 5432)}/{parts['dbname']}"


def _largest_first(plan: MigrationPlan) -> list[TablePlan]:
    return sorted(plan.tables, key=lambda table: -table.size_bytes)


def _in_two_threads(
    tables: Sequence[str], connect: Callable[[], Any], copy: Callable[[Any, str], Any]
) -> None:
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for table in tables:
        waiting.put(table)
    errors: list[Exception] = []

    def work() -> None:
        cursor = connect()
        try:
            while True:
                copy(cursor, waiting.get_nowait())
        except queue.Empty:
            return
        except Exception as error:  # noqa: BLE001  # told by the main thread
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
