"""Sending a load from several processes, and ending them whatever happens."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from dbtune.benchmark.load_process import Failed, LoadOrder, Ready, serve
from dbtune.benchmark.session import OpenSession
from dbtune.benchmark.tally import Tally, as_run, merged
from dbtune.errors import ConfigurationError
from dbtune.interrupts import interrupts_held_back
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.load import LoadPlan, LoadRate, LoadRun, LoadSettings

_TELL_S = 0.2


@dataclass(frozen=True)
class Load:
    """What is sent, where to, and how; `config` names the configuration in the result."""

    config: str
    plan: LoadPlan
    open_session: OpenSession
    rate: LoadRate
    settings: LoadSettings


def run_load(load: Load, on_event: OnEvent = ignore_event) -> LoadRun:
    """Send a load and return what came of it.

    Leaves no process behind, also at an exception or KeyboardInterrupt. Raises what opening a
    connection raises, and ConfigurationError where a process is killed.
    """
    with _processes(load) as channels:
        for channel in channels:
            _expect(channel)
        for channel in channels:
            with suppress(OSError):  # that it was killed is told when its answer is read
                channel.send(Ready())
        _tell(load, channels, on_event)
        tally = merged(_expect(channel) for channel in channels)
    return as_run(tally, load.config, load.rate, load.plan, load.settings.duration_s)


@contextmanager
def _processes(load: Load) -> Iterator[list[Connection[Any, Any]]]:
    """Start the processes, yield a channel to each, and end them."""
    context = multiprocessing.get_context("spawn")
    started: list[tuple[SpawnProcess, Connection[Any, Any]]] = []
    try:
        for order in _orders(load):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, order), daemon=True)
            started.append((process, ours))
            with interrupts_held_back():
                process.start()
            theirs.close()
        yield [channel for _, channel in started]
    finally:
        for process, channel in started:
            if process.pid is not None:
                process.kill()
                process.join()
                process.close()
            channel.close()


def _orders(load: Load) -> Iterator[LoadOrder]:
    """Yield an order a process, with its share of the load; a process without clients is none."""
    settings, rate = load.settings, load.rate
    count = settings.processes if rate.clients is None else min(settings.processes, rate.clients)
    for number in range(count):
        share = LoadRate(
            None if rate.clients is None else _share(rate.clients, number, count),
            None if rate.per_second is None else rate.per_second / count,
        )
        yield LoadOrder(number, load.plan, load.open_session, share, settings)


def _share(whole: int, number: int, parts: int) -> int:
    return whole // parts + (number < whole % parts)


def _tell(load: Load, channels: list[Connection[Any, Any]], on_event: OnEvent) -> None:
    """Report the time that passes until the first process answers."""
    began, total = time.monotonic(), load.settings.warm_up_s + load.settings.duration_s
    stage = f"Loading {load.config}, {load.rate.words}"
    on_event(Event(stage, 0.0, total))
    while not wait(channels, _TELL_S):
        on_event(Event(stage, min(time.monotonic() - began, total), total))
    on_event(Event(stage, total, total))


def _expect(channel: Connection[Any, Any]) -> Any:
    try:
        answer = channel.recv()
    except (EOFError, ConnectionResetError):
        raise ConfigurationError(
            "a process of the load was killed before its end",
            hint="if memory ran out, use fewer --processes or --threads",
        ) from None
    if isinstance(answer, Failed):
        if answer.error is not None:
            raise answer.error
        raise RuntimeError(f"a process of the load failed:\n{answer.trace}")
    assert isinstance(answer, (Ready, Tally))
    return answer
