"""Examples that the help of each command ends with: what for, and the line to type.

They are checked as the documents are: tests/test_docs.py reads them in the command reference.
"""

from __future__ import annotations

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "demo": (("A slow database of 50 MB, and a recording", "dbtune demo demo"),),
    "record": (
        ("As you start your application", "dbtune record -- python app.py"),
        ("With values, for safer advice", "dbtune record --params -o app.jsonl -- flask run"),
        (
            "A tenth of all requests, for days",
            "dbtune record --sample-rate 0.1 --max-mb 200 --keep 3 -- gunicorn app:app",
        ),
    ),
    "queries": (
        ("Where the time goes", "dbtune queries queries.jsonl"),
        (
            "The slowest of one route in the last 15 minutes",
            "dbtune queries app.jsonl --route 'GET /chefs*' --since 15m --by p95",
        ),
    ),
    "recording inspect": (("What it holds and lacks", "dbtune recording inspect queries.jsonl"),),
    "recording redact": (
        ("To pass a recording on", "dbtune recording redact queries.jsonl -o masked.jsonl"),
    ),
    "recording convert": (
        ("Of Django's log", "dbtune recording convert django.log -o queries.jsonl"),
    ),
    "analyze": (
        ("Which indexes pay, and what else is slow", "dbtune analyze app.db --queries q.jsonl"),
        ("Only the DDL", "dbtune analyze app.db --queries q.jsonl --sql"),
        ("In CI: ends with 1", "dbtune analyze app.db --queries q.jsonl --fail-on high"),
        ("All about the dearest query", "dbtune analyze app.db --queries q.jsonl --explain 1"),
    ),
    "apply-indexes": (
        ("What would be done", "dbtune apply-indexes app.db --queries q.jsonl --dry-run"),
        ("What a report says", "dbtune apply-indexes app.db --from report.json"),
        (
            "As a revision of your own Alembic project",
            "dbtune apply-indexes app.db --from report.json --alembic-ini alembic.ini",
        ),
    ),
    "enable-wal": (
        ("Whether it is safe here", "dbtune enable-wal app.db --dry-run"),
        ("Without a question, as in a script", "dbtune enable-wal app.db --yes"),
    ),
    "optimize": (("What would pay", "dbtune optimize app.db --dry-run"),),
    "check": (("As the application starts", "dbtune check app.db --from report.json"),),
    "bench": (
        (
            "WAL and new indexes with 50 clients",
            "dbtune bench app.db --queries q.jsonl --with-indexes report.json --clients 50",
        ),
        (
            "SQLite and the PostgreSQL that it was migrated to",
            "dbtune bench app.db --queries q.jsonl --postgres embedded",
        ),
    ),
    "compare": (
        ("In CI, by counters", "dbtune compare base.json head.json"),
        (
            "By time, on copies",
            "dbtune compare base.db head.db --run --queries q.jsonl --max-regress 20%",
        ),
    ),
    "report": (
        ("For a browser", "dbtune report report.json -o report.html"),
        ("For a pull request", "dbtune report base.json head.json -o report.md"),
        ("In a workflow of GitHub's", "dbtune report report.json --format github"),
    ),
    "serve": (
        ("What the runs in a folder say over time", "dbtune serve runs"),
        ("Of this folder, on any free port", "dbtune serve --port 0"),
    ),
    "monitor": (
        ("In a terminal", "dbtune monitor app.db --live"),
        (
            "For Prometheus, and an alert",
            "dbtune monitor app.db --prometheus 9100 --threshold 'wal_size_bytes>50000000'",
        ),
    ),
    "migrate-to-postgres": (
        ("What would happen", "dbtune migrate-to-postgres app.db --plan"),
        ("Tried in a throw-away server", "dbtune migrate-to-postgres app.db --rehearse"),
        (
            "With the queries tried there too",
            "dbtune migrate-to-postgres app.db postgresql://me@host/app --check-queries q.jsonl",
        ),
    ),
    "embedded start": (("And its URL", "dbtune embedded start app.pgdata"),),
    "embedded stop": (("Before its folder is moved", "dbtune embedded stop app.pgdata"),),
    "embedded url": (("For psql", 'psql "$(dbtune embedded url app.pgdata)"'),),
    "history": (("What dbtune changed", "dbtune history app.db"),),
    "rollback": (
        ("The last change", "dbtune rollback app.db"),
        ("All of them", "dbtune rollback app.db --to base"),
    ),
    "backup": (
        ("Beside the database", "dbtune backup app.db"),
        ("Elsewhere", "dbtune backup app.db /backups/"),
    ),
    "restore": (("The newest backup", "dbtune restore app.db"),),
    "help": (
        ("A guide", "dbtune help record-guide"),
        ("What a finding means", "dbtune help n-plus-one"),
    ),
    "completion": (
        (
            "bash",
            "dbtune completion bash > ~/.local/share/bash-completion/completions/dbtune",
        ),
        ("zsh, with fpath+=~/.zfunc before compinit", "dbtune completion zsh > ~/.zfunc/_dbtune"),
        ("fish", "dbtune completion fish > ~/.config/fish/completions/dbtune.fish"),
    ),
    "doctor": (
        ("This installation", "dbtune doctor"),
        ("And what may be done with a database", "dbtune doctor app.db"),
    ),
}
