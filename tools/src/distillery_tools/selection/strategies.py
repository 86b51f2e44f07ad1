"""Strategies: why an article is selected, and how many articles each strategy selects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from distillery import Article

RANDOM, HIGH, UNCERTAIN, SIMILAR, KEYWORDS = "random", "high", "uncertain", "similar", "keywords"
STRATEGIES = (RANDOM, HIGH, UNCERTAIN, SIMILAR, KEYWORDS)

# Random articles keep the labels representative of the stream that the filter will score, and find what no other
# strategy looks for. Without them a student learns to rate everything as a hit.
DEFAULT_RANDOM = 0.3
MIN_RANDOM = 0.1

Values = NDArray[np.float64]


class Signal(Protocol):
    """Computes a figure per article for one or more strategies."""

    def values(self, articles: Sequence[Article]) -> dict[str, Values]:
        """Return figures [n_articles] by strategy, NaN for an article that the strategy cannot select."""
        ...


def default_shares(available: Sequence[str]) -> dict[str, float]:
    """Return the default shares: a fixed one for random, the rest split evenly among the available strategies."""
    others = [name for name in STRATEGIES if name in available and name != RANDOM]
    if not others:
        return {RANDOM: 1.0}
    return {RANDOM: DEFAULT_RANDOM, **dict.fromkeys(others, (1 - DEFAULT_RANDOM) / len(others))}


def quotas(shares: Mapping[str, float], number: int) -> dict[str, int]:
    """Return how many articles each strategy selects, in total ``number``; the largest remainders round up."""
    exact = {name: share * number for name, share in shares.items()}
    whole = {name: int(value + 1e-9) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: whole[name] - exact[name])
    for name in by_remainder[: number - sum(whole.values())]:
        whole[name] += 1
    return whole


def sampling_of(strategy: str, filter_name: str) -> str:
    """Return the value of a selected article's field ``sampling``."""
    return strategy if strategy in {RANDOM, KEYWORDS} else f"{filter_name}_{strategy}"
