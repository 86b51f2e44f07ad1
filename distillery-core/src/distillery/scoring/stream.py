"""Scoring in batches: lazily, with a progress bar and with figures for who watches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from ..errors import DistilleryError
from .contracts import ArticleLike
from .inputs import batches_of
from .score import STAGE_1, Score

# Large enough for batches of equal length with little padding, small enough that memory stays flat.
BATCH_SIZE = 512

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchMetrics:
    """What became of one batch in one filter, for metrics: counts of articles, and seconds of wall time."""

    filter: str
    n_articles: int
    n_failed: int
    n_blocked: int
    n_skipped: int
    seconds: float

    @classmethod
    def of(cls, name: str, scores: Sequence[Score], seconds: float) -> BatchMetrics:
        """Count a batch's scores; ``n_skipped`` are those that skipped the student."""
        return cls(
            filter=name,
            n_articles=len(scores),
            n_failed=sum(score.failed for score in scores),
            n_blocked=sum(score.blocked for score in scores),
            n_skipped=sum(score.stage_used == STAGE_1 for score in scores),
            seconds=seconds,
        )


OnBatch = Callable[[BatchMetrics], None]


def report_batch(on_batch: OnBatch | None, scores: Mapping[str, Sequence[Score]], started: float) -> None:
    """Log a batch's figures by filter and pass them to a callback; ``started`` is a time of `time.perf_counter`.

    A callback that fails is logged and costs no score.
    """
    if on_batch is None and not logger.isEnabledFor(logging.DEBUG):
        return
    seconds = time.perf_counter() - started
    for name, found in scores.items():
        metrics = BatchMetrics.of(name, found, seconds)
        logger.debug("Scored a batch: %s", metrics)
        if on_batch is not None:
            try:
                on_batch(metrics)
            except Exception:  # a caller's own code
                logger.warning("on_batch failed for %s.", name, exc_info=True)


def stream(
    score_batch: Callable[[list[ArticleLike]], Sequence[Result]],
    articles: Iterator[ArticleLike],
    *,
    batch_size: int = BATCH_SIZE,
    progress: Any = None,
    title: str = "",
) -> Iterator[Result]:
    """Return the results of articles batch by batch; ``progress`` is what was passed in, for the bar's total."""
    if batch_size < 1:
        raise DistilleryError(f"batch_size is {batch_size}, but a batch holds at least one article.")
    return _stream(score_batch, articles, batch_size, progress, title)


def _stream(
    score_batch: Callable[[list[ArticleLike]], Sequence[Result]],
    articles: Iterator[ArticleLike],
    batch_size: int,
    progress: Any,
    title: str,
) -> Iterator[Result]:
    with _progress_bar(progress, title) as advance:
        for batch in batches_of(articles, batch_size):
            yield from score_batch(batch)
            advance(len(batch))


@contextmanager
def _progress_bar(articles: Any, title: str) -> Iterator[Callable[[int], None]]:
    if articles is None:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"scoring, {title}", total=len(articles) if isinstance(articles, Sized) else None)
        yield lambda n: bar.advance(task, n)
