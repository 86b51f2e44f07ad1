"""Ways to score, timed in turns: on a shared machine only ratios within a round are meaningful."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """One way to score articles with some filters, run over ``n_articles``.

    ``n_encodings`` is how often each article goes through an encoder, in ``precision``; 0 if some do not.
    """

    name: str
    n_filters: int
    n_articles: int
    n_encodings: int
    precision: str
    run: Callable[[], object]


def timed_in_turns(ways: Sequence[Way], rounds: int, between: Callable[[], None]) -> dict[str, list[float]]:
    """Return the seconds per article of each way in each round, after a warm-up.

    ``between`` runs once per round.
    """
    for way in ways:
        way.run()
    seconds: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            started = time.perf_counter()
            way.run()
            seconds[way.name].append((time.perf_counter() - started) / way.n_articles)
        between()
    return seconds


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return how many times as fast one way is as another: the median over the rounds."""
    return statistics.median(one / other for one, other in zip(slow, fast, strict=True))
