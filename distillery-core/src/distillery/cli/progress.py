"""Progress of a run on a terminal: what is being done, how many articles, how fast, how many failed, time left."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Progress:
    """Shows the steps of a run; without a terminal, or with ``quiet``, it shows nothing."""

    def __init__(self, bar: Any = None) -> None:
        """Show on a bar of rich."""
        self._bar = bar
        self._task = None if bar is None else bar.add_task("starting", total=None, figures="")
        self._started = time.perf_counter()

    def step(self, description: str, total: int | None = None) -> None:
        """Begin a step of a known size, or of an unknown one, and measure the rate from now on."""
        self._started = time.perf_counter()
        if self._bar is not None:
            self._bar.reset(self._task, description=description, total=total, figures="")
            self._bar.refresh()

    def say(self, message: str) -> None:
        """Show what a step is busy with."""
        if self._bar is not None:
            self._bar.console.print(message, highlight=False, markup=False)

    def advance(self, size: int, n_articles: int, n_failed: int) -> None:
        """Show how far a step is: ``size`` in the unit of its total, the articles in all so far."""
        if self._bar is not None:
            rate = n_articles / max(time.perf_counter() - self._started, 1e-9)
            figures = f"{n_articles:,} articles, {rate:,.0f}/s, {n_failed:,} failed"
            self._bar.update(self._task, advance=size, figures=figures)


@contextmanager
def shown_progress(*, quiet: bool) -> Iterator[Progress]:
    """Show progress on standard error while it is a terminal; notes of ours are printed above the bar meanwhile."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Progress()
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(compact=True),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        progress = Progress(bar)
        with _notes_above(progress):
            yield progress


@contextmanager
def _notes_above(progress: Progress) -> Iterator[None]:
    """Print log messages above the bar instead of into it."""
    logger = logging.getLogger("distillery")
    handler = _Notes(progress)
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = propagate
        logger.removeHandler(handler)


class _Notes(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.say(self.format(record))
