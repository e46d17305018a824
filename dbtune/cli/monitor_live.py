"""The view of `dbtune monitor --live`: one table that is drawn anew with each sample."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbtune.model.metrics import METRICS, OnSample, Sample, Threshold
from dbtune.report.plain_text import printable
from dbtune.report.terminal.metrics_text import format_metric

if TYPE_CHECKING:
    from rich.console import RenderableType

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.-=+*#@"
_REMEMBERED = 200
# What the columns beside the curve take.
_BESIDE_CURVE = 48


@dataclass(frozen=True)
class LiveView:
    """Draws samples; `say` writes a line above the table, which any other way would go through."""

    on_sample: OnSample
    say: Callable[[str], None]


@contextmanager
def open_live_view(thresholds: Sequence[Threshold]) -> Iterator[LiveView]:
    """Draw samples within the block."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    view = _View(tuple(thresholds))
    with Live(console=console, auto_refresh=False) as live:

        def on_sample(sample: Sample) -> None:
            view.add(sample)
            bars = _BARS if "utf" in console.encoding.lower() else _ASCII_BARS
            live.update(view.draw(console.width, bars), refresh=True)

        def say(text: str) -> None:
            console.print(text, markup=False, highlight=False)

        yield LiveView(on_sample, say)


class _View:
    def __init__(self, thresholds: tuple[Threshold, ...]) -> None:
        self._thresholds = thresholds
        self._samples: deque[Sample] = deque(maxlen=_REMEMBERED)

    def add(self, sample: Sample) -> None:
        """Remember a sample for the curves."""
        self._samples.append(sample)

    def draw(self, width: int, bars: str) -> RenderableType:
        """Return the table: a figure a line, with what it was before."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        last = self._samples[-1]
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("")
        table.add_column("now", justify="right")
        table.add_column("most", justify="right")
        room = max(0, width - _BESIDE_CURVE)
        table.add_column("")
        for metric in METRICS:
            values = [metric.value(sample) for sample in self._samples]
            known = [value for value in values if value is not None]
            if not known or metric.name == "up":
                continue
            passed = any(
                threshold.metric is metric and threshold.is_passed_by(known[-1])
                for threshold in self._thresholds
            )
            table.add_row(
                Text(metric.label),
                Text(format_metric(metric, values[-1]), style="bold red" if passed else ""),
                Text(format_metric(metric, max(known)), style="dim"),
                Text(curve(values[-room:] if room else [], bars), style="cyan"),
            )
        # As the table's own title it would be wrapped at the table's width.
        title = Text(_title(last), style="bold red" if last.problem else "bold")
        return Group(title, table)


def curve(values: Sequence[float | None], bars: str) -> str:
    """Return values as bars from the least to the greatest, a blank where one is not known."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    least, span = min(known), max(known) - min(known)
    top = len(bars) - 1
    return "".join(
        " " if value is None else bars[round((value - least) / span * top) if span else 0]
        for value in values
    )


def _title(sample: Sample) -> str:
    said = sample.problem or f"at {sample.ts[:19].replace('T', ' ')} UTC"
    if sample.oldest_reader_pid is not None:
        said += f", oldest reader: process {sample.oldest_reader_pid}"
    return printable(f"{sample.database} {said}")
