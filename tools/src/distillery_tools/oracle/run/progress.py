"""Progress: a bar with rate, cost and failures, on a terminal only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import CallError


@dataclass
class Progress:
    """Counts what is done; sizes are in the unit of the reader's total."""

    bar: Any = None
    task: Any = None
    started: float = field(default_factory=time.perf_counter)
    n_labelled: int = 0
    n_failed: int = 0
    spent: float = 0.0
    n_left: int = 0
    last_fault: CallError | None = None

    def labelled(self, size: int, spent: float) -> None:
        """Note a label and what is spent so far."""
        self.n_labelled += 1
        self.spent = spent
        self._advance(size)

    def failed(self, size: int) -> None:
        """Note an article that no attempt is left for."""
        self.n_failed += 1
        self._advance(size)

    def left_by_endpoint(self, size: int, error: CallError) -> None:
        """Note an article that is left for a later run, since the endpoint failed each time."""
        self.n_left += 1
        self.last_fault = error
        self._advance(size)

    def failed_for_now(self) -> None:
        """Note a request of a batch that failed; a later batch may hold it again."""
        self.n_failed += 1
        self._advance(0)

    def passed_over(self, size: int) -> None:
        """Note an article that needs no call."""
        self._advance(size)

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return time.perf_counter() - self.started

    def _advance(self, size: int) -> None:
        if self.bar is None:
            return
        figures = f"{self.n_labelled} labelled, {self.n_labelled / max(self.seconds, 1e-9):.1f}/s, ${self.spent:.4f}"
        self.bar.update(self.task, advance=size, figures=f"{figures}, {self.n_failed} failed")


@contextmanager
def shown_progress(total: int | None, *, quiet: bool) -> Iterator[Progress]:
    """Show the bar on standard error while it is a terminal; yield what counts."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Progress()
        return
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.fields[figures]}"))
    with Bar(*columns, console=console, transient=True) as bar:
        yield Progress(bar, bar.add_task("labelling", total=total, figures=""))
