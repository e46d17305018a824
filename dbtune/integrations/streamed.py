"""Parts of a response that are made while it is sent, which still are of its request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from dbtune.recorder.requests import Request, end_request, use_request


def keep_request(response: Any, request: Request | None) -> Any:
    """Return Django's response; what a streamed one sends while it is made is of the request.

    Files are left alone: servers send them in a way of their own.
    """
    is_file = hasattr(response, "file_to_stream")
    if request is not None and getattr(response, "streaming", False) and not is_file:
        within = _within_async if response.is_async else _within
        response.streaming_content = within(request, response.streaming_content)
    return response


# Between the parts the request is not current: others run in the thread, or the task, meanwhile.


def _within(request: Request, content: Any) -> Iterator[Any]:
    parts = iter(content)
    while True:
        token = use_request(request)
        try:
            part = next(parts)
        except StopIteration:
            return
        finally:
            end_request(token)
        yield part


async def _within_async(request: Request, content: Any) -> AsyncIterator[Any]:
    parts = aiter(content)
    while True:
        token = use_request(request)
        try:
            part = await anext(parts)
        except StopAsyncIteration:
            return
        finally:
            end_request(token)
        yield part
