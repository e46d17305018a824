"""Tasks of Celery: each is a request, named by its task."""

from __future__ import annotations

from contextvars import Token
from typing import Any

from ..complaint import complain
from ..requests import Request, end_request, use_request

_running: dict[str, Token[Request | None]] = {}


def watch_tasks(module: Any) -> None:
    """Follow the tasks of a worker."""
    module.task_prerun.connect(_begin, weak=False)
    module.task_postrun.connect(_end, weak=False)


def _begin(task_id: str = "", task: Any = None, **_: Any) -> None:
    try:
        _running[task_id] = use_request(Request(task_id, f"task {task.name}"))
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a task could not be followed", error)


def _end(task_id: str = "", **_: Any) -> None:
    token = _running.pop(task_id, None)
    if token is not None:
        end_request(token)
