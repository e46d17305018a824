"""Watching a database: a sample an interval, and alerts where thresholds are passed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.model.metrics import OnAlert, OnNote, OnSample, Sample, Threshold
from dbtune.monitor.processes import INSTALL_HINT
from dbtune.monitor.sampler import Sampler, has_psutil, open_sampler
from dbtune.monitor.thresholds import Episode, step
from dbtune.sqlite.file.filesystem import filesystem_type, is_network_filesystem

# CPU time and busy writers are counted over a time, and who asks once does not want to wait long.
FIRST_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class MonitorOptions:
    """How to watch; with `once` there is one sample, and `for_seconds` of thresholds is 0."""

    interval_seconds: float = 5.0
    once: bool = False
    thresholds: tuple[Threshold, ...] = ()
    recording: Path | None = None


@dataclass(frozen=True)
class Listeners:
    """What is told of samples, of alerts, and of what happens beside."""

    on_sample: OnSample
    on_alert: OnAlert
    on_note: OnNote


def monitor(database: Path, options: MonitorOptions, listeners: Listeners) -> bool:
    """Watch a database until interrupted, or once; no lock of it is ever taken.

    Returns whether a threshold is passed at the end. Raises SourceError where it is missing or no
    database at the start; later that is a sample with a problem.
    """
    watch = _Watch(options, listeners)
    with open_sampler(database, options.recording) as sampler:
        _tell_surroundings(database, options, listeners.on_note)
        due = time.monotonic() + min(options.interval_seconds, FIRST_LOOK_SECONDS)
        while True:
            time.sleep(max(0.0, due - time.monotonic()))
            watch.take(sampler)
            if options.once:
                return watch.is_passed
            # After a stop of the machine the missed samples are not made up for.
            due = max(due + options.interval_seconds, time.monotonic())


class _Watch:
    def __init__(self, options: MonitorOptions, listeners: Listeners) -> None:
        thresholds = options.thresholds
        if options.once:
            thresholds = tuple(replace(threshold, for_seconds=0.0) for threshold in thresholds)
        self._episodes = {threshold: Episode() for threshold in thresholds}
        self._listeners = listeners

    @property
    def is_passed(self) -> bool:
        return any(episode.raised for episode in self._episodes.values())

    def take(self, sampler: Sampler) -> None:
        """Measure, and tell what there is to tell."""
        sample = sampler.read()
        for text in sampler.notes():
            self._listeners.on_note(text)
        self._listeners.on_sample(sample)
        self._judge(sample, time.monotonic())

    def _judge(self, sample: Sample, now: float) -> None:
        for threshold, episode in self._episodes.items():
            self._episodes[threshold], alert = step(threshold, episode, sample, now)
            if alert is not None:
                self._listeners.on_alert(alert)


def _tell_surroundings(database: Path, options: MonitorOptions, on_note: OnNote) -> None:
    kind = filesystem_type(database)
    if is_network_filesystem(kind):
        on_note(
            f"{database.name} lies on {kind}, shared by machines: locks, readers and processes of "
            "other machines are not seen"
        )
    if not has_psutil():
        on_note(f"CPU and memory of processes are left out; for them: {INSTALL_HINT}")
    if options.recording is not None and not options.recording.exists():
        on_note(f"{options.recording} does not exist yet; its statements count once it does")
    if options.once and any(threshold.for_seconds for threshold in options.thresholds):
        on_note('with --once the "for" of a threshold does not count')
