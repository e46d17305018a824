"""Where samples and alerts of `dbtune monitor` go."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dbtune.cli.console import drop_output, note
from dbtune.cli.monitor_live import open_live_view
from dbtune.cli.report_output import check_output, print_result, terminal_width
from dbtune.errors import ConfigurationError
from dbtune.journeys.monitor import Listeners, MonitorOptions, monitor
from dbtune.model.metrics import Alert, OnNote, OnSample, Sample
from dbtune.monitor.lines_file import LinesFile
from dbtune.monitor.notifier import Notice, Notifier, Receivers, open_notifier
from dbtune.monitor.prometheus import serve
from dbtune.report.documents.metrics_to_json import alert_to_json, alert_variables, sample_to_json
from dbtune.report.plain_text import printable
from dbtune.report.terminal.metrics_text import alert_line, heading, sample_line, sample_table

_STDOUT = Path("-")
_NO_FILES = ("-", "/dev/stdout", "/dev/stderr", "/dev/null")
# The names of the columns come again, so that they are on the screen.
_LINES_A_HEADING = 20


@dataclass(frozen=True)
class Outputs:
    """What the command line asks for beside what is printed."""

    output: Path | None
    prometheus: str | None
    live: bool
    receivers: Receivers


def run_monitor(database: Path, options: MonitorOptions, outputs: Outputs) -> bool:
    """Watch a database and send samples and alerts where they should go.

    Returns whether a threshold is passed; False where a running one is interrupted.
    """
    _check(database, options, outputs)
    try:
        return _watch(database, options, outputs)
    except KeyboardInterrupt:
        if options.once:
            raise
        return False  # the way a running monitor ends
    except BrokenPipeError:
        drop_output()
        if options.once:
            raise
        return False  # the reader went away, as `| head` does: another normal end


def _watch(database: Path, options: MonitorOptions, outputs: Outputs) -> bool:
    with ExitStack() as stack:
        say: OnNote = note
        sinks: list[OnSample] = []
        if outputs.live:
            view = stack.enter_context(open_live_view(options.thresholds))
            say = view.say
            sinks.append(view.on_sample)
        elif outputs.output != _STDOUT:
            sinks.append(_print_table if options.once else _Lines())
        tell = _teller(say)
        sinks += [*_files(outputs, tell), *_served(outputs, stack, tell)]
        notifier = None
        if outputs.receivers:
            notifier = stack.enter_context(open_notifier(outputs.receivers, tell))
        listeners = Listeners(_all(sinks, notifier, tell), _alerted(notifier, say), tell)
        return monitor(database, options, listeners)


def _check(database: Path, options: MonitorOptions, outputs: Outputs) -> None:
    if outputs.receivers and not options.thresholds:
        raise ConfigurationError(
            "--exec and --webhook are told of alerts, and no --threshold raises one",
            hint='add one, such as --threshold "wal_size_bytes>64MB for 60s"',
        )
    if options.once and (outputs.live or outputs.prometheus):
        name = "--live" if outputs.live else "--prometheus"
        raise ConfigurationError(f"{name} shows a running monitor, and --once ends at once")
    if outputs.live and not sys.stdout.isatty():
        raise ConfigurationError(
            "--live draws on a terminal, and stdout is none", hint="leave it out for lines"
        )
    if outputs.live and outputs.output == _STDOUT:
        raise ConfigurationError("--live and --output - both want the terminal")
    if outputs.output is not None and str(outputs.output) not in _NO_FILES:
        check_output(outputs.output, database)
        if options.recording is not None and _is_same(outputs.output, options.recording):
            raise ConfigurationError(
                f"--output {outputs.output} is the recording that is read", hint="give another file"
            )


def _is_same(output: Path, recording: Path) -> bool:
    return os.path.realpath(output) == os.path.realpath(recording)


def _files(outputs: Outputs, tell: OnNote) -> list[OnSample]:
    if outputs.output is None:
        return []
    if outputs.output == _STDOUT:
        return [lambda sample: print_result(sample_to_json(sample) + "\n")]
    file = LinesFile(outputs.output)

    def append(sample: Sample) -> None:
        failure = file.append(sample_to_json(sample))
        if failure is not None:
            tell(failure)

    return [append]


def _served(outputs: Outputs, stack: ExitStack, tell: OnNote) -> list[OnSample]:
    if outputs.prometheus is None:
        return []
    exposition, url = stack.enter_context(serve(outputs.prometheus))
    tell(f"metrics for Prometheus: {url}")
    return [exposition.show]


class _Lines:
    """Prints a line a sample under the names of its columns."""

    def __init__(self) -> None:
        self._printed = 0

    def __call__(self, sample: Sample) -> None:
        width = terminal_width()
        if self._printed % _LINES_A_HEADING == 0:
            print_result(heading(width) + "\n")
        self._printed += 1
        print_result(sample_line(sample, width) + "\n")


def _print_table(sample: Sample) -> None:
    print_result(sample_table(sample))


def _all(sinks: list[OnSample], notifier: Notifier | None, tell: OnNote) -> OnSample:
    def on_sample(sample: Sample) -> None:
        for sink in sinks:
            sink(sample)
        if notifier is not None:
            for failure in notifier.failures():
                tell(failure)

    return on_sample


def _alerted(notifier: Notifier | None, say: OnNote) -> Callable[[Alert], None]:
    def on_alert(alert: Alert) -> None:
        say(alert_line(alert))
        if notifier is not None:
            notifier.send(Notice(alert_to_json(alert).encode(), alert_variables(alert)))

    return on_alert


def _teller(say: OnNote) -> OnNote:
    return lambda text: say(f"Note: {printable(text)}.")
