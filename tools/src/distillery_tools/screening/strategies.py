"""Strategies: why an article is chosen, and how many of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from distillery import Article

RANDOM, HIGH, UNCERTAIN, SIMILAR, KEYWORDS = "random", "high", "uncertain", "similar", "keywords"
STRATEGIES = (RANDOM, HIGH, UNCERTAIN, SIMILAR, KEYWORDS)

# What is drawn at random keeps the labels like the stream that the filter will meet, and finds what no other
# strategy looks for. A set without it teaches a student that the world is full of positives.
DEFAULT_RANDOM = 0.3
LEAST_RANDOM = 0.1

Values = NDArray[np.float64]


class Signal(Protocol):
    """Gives each article a figure for one or more strategies."""

    def values(self, articles: Sequence[Article]) -> dict[str, Values]:
        """Return figures [n_articles] by strategy, not a number for an article that it cannot choose."""
        ...


def default_shares(available: Sequence[str]) -> dict[str, float]:
    """Return the shares if none are given: the random one, and what is left in equal parts for those available."""
    others = [name for name in STRATEGIES if name in available and name != RANDOM]
    if not others:
        return {RANDOM: 1.0}
    return {RANDOM: DEFAULT_RANDOM, **dict.fromkeys(others, (1 - DEFAULT_RANDOM) / len(others))}


def quotas(shares: Mapping[str, float], number: int) -> dict[str, int]:
    """Return how many articles each strategy is to choose, together ``number``; the largest remainders round up."""
    exact = {name: share * number for name, share in shares.items()}
    whole = {name: int(value + 1e-9) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: whole[name] - exact[name])
    for name in by_remainder[: number - sum(whole.values())]:
        whole[name] += 1
    return whole


def sampling_of(strategy: str, filter_name: str) -> str:
    """Return what a chosen article carries as ``sampling``."""
    return strategy if strategy in {RANDOM, KEYWORDS} else f"{filter_name}_{strategy}"
