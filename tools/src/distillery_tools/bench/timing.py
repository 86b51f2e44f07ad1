"""Ways to score, timed in turns: on a shared machine only ratios within a round mean anything."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """One way to score articles with some filters, run over ``n_articles``.

    ``n_readings`` is how often every article goes through an encoder, in ``precision``; 0 where some do not.
    """

    name: str
    n_filters: int
    n_articles: int
    n_readings: int
    precision: str
    run: Callable[[], object]


def timed_in_turns(ways: Sequence[Way], rounds: int, between: Callable[[], None]) -> dict[str, list[float]]:
    """Return the seconds an article of each way in each round, after a first one that warms up.

    ``between`` is run once a round.
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
