"""Ways to score, timed in turns: on a shared machine only ratios within a round are meaningful."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


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


@dataclass(frozen=True)
class Turns:
    """The seconds per article of one way in each round: by the clock, and of all threads' work."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


def ways_in_turns(ways: Sequence[Way], rounds: int, between: Callable[[], None] | None = None) -> dict[str, Turns]:
    """Return what each way took, by its name, after a warm-up; ``between`` runs once per round."""
    for way in ways:
        way.run()
    turns = {way.name: Turns() for way in ways}
    for _ in range(rounds):
        for way in ways:
            started, cpu_started = time.perf_counter(), time.process_time()
            way.run()
            turns[way.name].seconds.append((time.perf_counter() - started) / way.n_articles)
            turns[way.name].cpu_seconds.append((time.process_time() - cpu_started) / way.n_articles)
        if between is not None:
            between()
    return turns


def timed_in_turns(
    ways: Sequence[Way], rounds: int, between: Callable[[], None] | None = None
) -> dict[str, list[float]]:
    """Return the seconds per article of each way in each round, as `ways_in_turns` does."""
    return {name: turns.seconds for name, turns in ways_in_turns(ways, rounds, between).items()}


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return how many times as fast one way is as another: the median over the rounds."""
    return statistics.median(one / other for one, other in zip(slow, fast, strict=True))
