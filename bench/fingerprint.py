"""Measure reading, splitting, fingerprinting and digesting of a million raw statements.

    python bench/fingerprint.py                     a million generated statements
    python bench/fingerprint.py RAW.sql             a file of statements or a JSONL recording
    python bench/fingerprint.py RAW.sql --repeat 11 the file eleven times over, for flat memory
    python bench/fingerprint.py --forms             a tenth and all of it as SQL, as JSONL in four
                                                    ways, as distinct texts and as long IN lists

Prints seconds and peak memory of dbtune beside sqlparse and sqlglot's tokenizer, which only
split into tokens. Those two run on a sample and are extrapolated, and labelled so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

TARGET_SECONDS = 6.0
TARGET_STATEMENTS = 1_000_000
SAMPLE = 2_000
# Ten times the statements may take this much more memory, for caches that fill.
TARGET_GROWTH_MB = 16.0
_SEED = 20240229
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+\b")
_SHARED_GENERATOR = Path(__file__).parents[2] / "shared" / "workloads" / "gen_platform.py"


def main() -> int:
    """Run the measurement in a process of its own, so that its peak memory is its own."""
    arguments = _parse_arguments()
    if arguments.measure:
        print(json.dumps(_measure([str(path) for path in arguments.files])))
        return 0
    with tempfile.TemporaryDirectory(prefix="dbtune-bench-") as folder:
        if arguments.forms:
            return _compare_forms(Path(folder), arguments.statements)
        files = arguments.files or [_generate(Path(folder), arguments.statements)]
        if arguments.repeat > 1:
            files = [_repeat(files, arguments.repeat, Path(folder))]
        runs = [_run(files) for _ in range(arguments.runs)]
        _print(files, runs, _peers(files[0]))
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="*", type=Path, help="recordings [default: generated]")
    parser.add_argument("--statements", type=int, default=TARGET_STATEMENTS)
    parser.add_argument("--repeat", type=int, default=1, help="write the input so many times over")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--forms", action="store_true", help="SQL, JSONL and hostile recordings")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(files: list[Path]) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", *map(str, files)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(output)
    return result


def _measure(files: list[str]) -> dict[str, float]:
    started = time.perf_counter()
    started_cpu = time.process_time()
    # Starting up counts too: it is what a user waits for.
    from dbtune.workload.sources import read_workload

    workload = read_workload(files)
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - started_cpu,
        "statements": workload.statements,
        "shapes": len(workload.shapes),
        "broken": workload.broken_count,
        "peak_mb": _peak_mb(),
    }


def _peak_mb() -> float:
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _load() -> str:
    # On a machine with other work, seconds say little and seconds of CPU more.
    try:
        return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    except (AttributeError, OSError):
        return "unknown"


def _peers(file: Path) -> list[tuple[str, float]]:
    """Return microseconds a statement of other tokenizers on the first statements of a file."""
    import sqlglot
    import sqlparse

    from dbtune.workload.sources import read_recording

    queries = read_recording([file], on_broken=lambda line: None)
    texts = [query.text for query, _ in zip(queries, range(SAMPLE), strict=False)]
    dialect = sqlglot.Dialect.get_or_raise("sqlite")
    return [
        ("sqlglot tokenizer", _time_each(dialect.tokenize, texts)),
        ("sqlparse", _time_each(sqlparse.parse, texts)),
    ]


def _time_each(read: Callable[[str], object], texts: list[str]) -> float:
    started = time.perf_counter()
    for text in texts:
        read(text)
    return (time.perf_counter() - started) * 1e6 / max(1, len(texts))


def _print(files: list[Path], runs: list[dict[str, float]], peers: list[tuple[str, float]]) -> None:
    best = min(runs, key=lambda run: run["seconds"])
    statements = best["statements"]
    size_mb = sum(file.stat().st_size for file in files) / 1e6
    print(
        f"{statements:,} statements, {size_mb:,.0f} MB, {best['shapes']:,} shapes, "
        f"{best['broken']:,} broken lines; python {sys.version.split()[0]}, load {_load()}"
    )
    for run in runs:
        print(
            f"dbtune: {run['seconds']:.1f} s ({run['cpu_seconds']:.1f} s of CPU), "
            f"{statements / run['seconds']:,.0f} statements/s, peak {run['peak_mb']:.0f} MB"
        )
    for name, microseconds in peers:
        seconds = microseconds * statements / 1e6
        print(f"{name}: {seconds:.0f} s (extrapolated from {SAMPLE:,}; tokens only)")
    if best["statements"] == TARGET_STATEMENTS:
        met = "met" if best["seconds"] <= TARGET_SECONDS else "NOT met"
        print(f"target: {TARGET_STATEMENTS:,} in {TARGET_SECONDS:.0f} s: {met}")


def _generate(folder: Path, statements: int) -> Path:
    path = folder / "raw.sql"
    if _SHARED_GENERATOR.exists() and statements == TARGET_STATEMENTS:
        command = [sys.executable, str(_SHARED_GENERATOR), str(folder / "platform.db"), "1"]
        command += [str(folder / "queries.jsonl"), str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return path
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{statement};\n" for statement in _statements(statements))
    return path


def _statements(number: int) -> Iterator[str]:
    chance = random.Random(_SEED)

    def key() -> int:
        return chance.randint(1, 200_000)

    makers: list[Callable[[], str]] = [
        lambda: f"SELECT * FROM users WHERE id = {key()}",
        lambda: f"SELECT id, email FROM users WHERE email = 'user{key()}@example.com'",
        lambda: (
            f"SELECT p.id, a.handle FROM sns_posts p JOIN sns_accounts a ON a.id = p.account_id"
            f" WHERE p.campaign_id = {key()} AND p.status = 'published' ORDER BY p.likes LIMIT 10"
        ),
        lambda: (
            "SELECT * FROM bookings WHERE chef_id IN "
            f"({', '.join(str(key()) for _ in range(chance.randint(1, 12)))})"
        ),
        lambda: (
            "INSERT INTO bookings(chef_id, user_id, status, starts_at, notes)"
            f" VALUES ({key()}, {key()}, 'pending', '2025-06-01 10:00:00', 'it''s {key()}')"
        ),
        lambda: f"UPDATE users SET last_login_at = '2025-05-16 00:00:00' WHERE id = {key()}",
        lambda: f'SELECT "u"."id" FROM "users" AS "u" WHERE "u"."company_id" = {key()}',
        lambda: f"DELETE FROM sns_posts WHERE account_id = {key()} AND status = 'draft'",
    ]
    for _ in range(number):
        yield chance.choice(makers)()


def _compare_forms(folder: Path, statements: int) -> int:
    """Print each form at a tenth of the size and in full; return 1 where a target is missed."""
    whole = _generate(folder, statements)
    missed = False
    for name, write in FORMS.items():
        runs = []
        for number in (statements // 10, statements):
            path = folder / ("form.jsonl" if name.startswith("JSONL") else "form.sql")
            with whole.open(encoding="utf-8") as source, path.open("w", encoding="utf-8") as file:
                file.writelines(write(line.rstrip(";\n") for line in islice(source, number)))
            runs.append(_run([path]))
        part, full = runs
        growth = full["peak_mb"] - part["peak_mb"]
        # The others are hostile: they only have to be read in flat memory.
        held_to = TARGET_SECONDS if name in TIMED_FORMS else float("inf")
        missed |= full["cpu_seconds"] > held_to or growth > TARGET_GROWTH_MB
        print(
            f"{name}: {full['statements']:,} in {full['seconds']:.1f} s, "
            f"{full['cpu_seconds']:.1f} s of CPU (target {held_to:.0f}); "
            f"peak {full['peak_mb']:.0f} MB, at a tenth {part['peak_mb']:.0f} MB "
            f"(target: at most {TARGET_GROWTH_MB:.0f} MB more); "
            f"{full['shapes']:,} shapes; load {_load()}",
            flush=True,
        )
    return int(missed)


def _as_sql(statements: Iterable[str]) -> Iterator[str]:
    return (f"{statement};\n" for statement in statements)


def _as_jsonl(statements: Iterable[str]) -> Iterator[str]:
    """Yield lines with every key that a recorder writes, seven to a request."""
    for number, statement in enumerate(statements):
        line = {
            "ts": f"2026-06-01T00:{number // 60_000 % 60:02}:{number // 1000 % 60:02}.000000Z",
            "db.query.text": _LITERAL.sub("?", statement),
            "db.query.parameters": [_value(text) for text in _LITERAL.findall(statement)],
            "duration_ns": 10_000 + number % 900_000,
            "rows": number % 20,
            "request_id": f"r{number // 7}",
            "route": "GET /api/x",
            "code.file.path": "app/x.py",
            "code.line.number": number % 90,
        }
        yield json.dumps(line) + "\n"


def _value(text: str) -> int | str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else int(text)


def _as_distinct(statements: Iterable[str]) -> Iterator[str]:
    """Yield statements of which each has a structure of its own, as a generator of names makes."""
    return (f"SELECT c{n} FROM t{n} WHERE k{n} = {n};\n" for n, _ in enumerate(statements))


def _as_recorders_write(statements: Iterable[str]) -> Iterator[str]:
    """Yield lines as recorders write them, one in ten with a blob."""
    for number, statement in enumerate(statements):
        values: list[object] = [_value(text) for text in _LITERAL.findall(statement)]
        if number % 10 == 0:
            values[:1] = [{"$blob": "/9j/4A=="}]
        line = {
            "db.query.text": _LITERAL.sub("?", statement),
            "db.query.parameters": values,
            "ts": f"2026-06-01T00:{number // 60_000 % 60:02}:{number // 1000 % 60:02}.000001+00:00",
            "count": 1,
            "duration_ns": 10_000 + number % 900_000,
            "rows": number % 20 - 1,
            "transaction_id": f"17-{number // 3}",
            "request_id": f"{number // 7:032x}",
            "route": "GET /api/x",
        }
        yield json.dumps(line) + "\n"


def _as_dbtune_records(statements: Iterable[str]) -> Iterator[str]:
    """Yield lines as `dbtune record` writes them, of masked values."""
    for number, statement in enumerate(statements):
        values = [_value(text) for text in _LITERAL.findall(statement)]
        line = {
            "db.query.text": _LITERAL.sub("?", statement),
            "ts": 1_780_272_000_000_000_000 + number * 1_000_003,
            "duration_ns": 10_000 + number % 900_000,
            "db.query.parameters": [
                {"type": "integer"} if isinstance(value, int) else {"type": "text", "len": 9}
                for value in values
            ],
            "dbtune.values_digest": f"{number * 2_654_435_761 % 2**64:016x}",
            "rows": number % 20,
            "request_id": f"{number // 7:032x}",
            "transaction_id": f"17-{number // 3}",
            "code.line.number": number % 90,
            "code.file.path": "app/x.py",
            "route": "GET /api/x",
            "db.namespace": "/srv/app.db",
        }
        yield json.dumps(line) + "\n"


def _as_texts(statements: Iterable[str]) -> Iterator[str]:
    """Yield lines of JSONL with the values in the statement, and nothing beside it."""
    return (json.dumps({"db.query.text": statement}) + "\n" for statement in statements)


def _as_lists(statements: Iterable[str]) -> Iterator[str]:
    """Yield one statement in a thousand, with an IN list of ten thousand values."""
    for number, _ in enumerate(islice(statements, 0, None, 1_000)):
        keys = ", ".join(str(number + key) for key in range(10_000 + number))
        yield f"SELECT * FROM users WHERE id IN ({keys});\n"


FORMS: dict[str, Callable[[Iterable[str]], Iterator[str]]] = {
    "SQL": _as_sql,
    "JSONL": _as_jsonl,
    "JSONL of the documented recorders": _as_recorders_write,
    "JSONL of dbtune record": _as_dbtune_records,
    "JSONL of texts alone": _as_texts,
    "distinct names": _as_distinct,
    "IN lists of 10,000 values (a thousandth as many)": _as_lists,
}
TIMED_FORMS = frozenset(name for name in FORMS if name == "SQL" or name.startswith("JSONL"))


def _repeat(files: list[Path], times: int, folder: Path) -> Path:
    target = folder / f"repeated{files[0].suffix}"
    with target.open("wb") as output:
        for _ in range(times):
            for file in files:
                with file.open("rb") as source:
                    while block := source.read(1 << 20):
                        output.write(block)
    return target


if __name__ == "__main__":
    sys.exit(main())
