"""Run by test_report_django.py in a process of its own: what Django makes of printed indexes.

Arguments: a database and a file with the printed lines. Creates a model of the table posts from
its columns, checks it, adds the indexes through Django's schema editor, and prints the problems.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings


def main(database: str, lines_file: str) -> None:
    """Add the indexes of the file to the database."""
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[],
        USE_TZ=True,
    )
    django.setup()
    from django.db import connection, models

    lines: dict[str, Any] = {}
    exec(Path(lines_file).read_text(encoding="utf-8"), lines)
    found = {name: lines[name] for name in ("indexes", "constraints") if name in lines}
    meta = type("Meta", (), {"app_label": "app", "db_table": "posts", **found})
    fields: dict[str, Any] = {
        "user_id": models.IntegerField(null=True),
        "created_at": models.DateTimeField(null=True),
        "title": models.TextField(null=True),
        "body": models.JSONField(null=True),
        "is_active": models.BooleanField(null=True),
        "order": models.TextField(null=True),
    }
    model: Any = type("Post", (models.Model,), {"__module__": "app", "Meta": meta, **fields})
    print([problem.id for problem in model.check()])
    with connection.schema_editor() as editor:
        for index in found.get("indexes", []):
            editor.add_index(model, index)
        for constraint in found.get("constraints", []):
            editor.add_constraint(model, constraint)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
