"""Half-widths by groups of the predicted score, each from its own residuals (Mondrian split conformal).

Residuals are those of articles that a map has not seen. Each group's half-width is a quantile of its own residuals, so
coverage holds within every group, the highest scores included, and not only over all articles (Vovk 2012, "Conditional
validity of inductive conformal predictors").
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from distillery.toolkit import HIGHEST, HalfWidths

from .maps import Values

Sizes = NDArray[np.int64] | int

# Intervals are only worth writing if, with this probability over the choice of the articles, the share of scores
# outside is at most this many times the stated one: 15 % instead of 10 % for a level of 0.9.
STABILITY = 0.9
MISS_FACTOR = 1.5

# The quantile of a group is high enough for a stricter factor, as a small group would else often cover too little.
GROUP_MISS_FACTOR = 1.25


def min_articles(level: float) -> int:
    """Return how many articles a group needs for intervals of a level.

    The coverage of split-conformal intervals from n articles is Beta(k, n + 1 - k) distributed, k = ceil((n + 1) level)
    (Vovk 2012). From the returned number on, it is at least 1 - 1.5 (1 - level) with probability 0.9: 60 articles for
    a level of 0.9, 122 for 0.95.
    """
    # A normal approximation of the Beta distribution gives about 7 level / (1 - level).
    sizes = np.arange(1, math.ceil(20 / (1 - level)))
    ranks = _conformal_rank(sizes, level)
    coverage = np.where(ranks <= sizes, _lower_coverage(np.minimum(ranks, sizes), sizes), 0.0)
    return int(sizes[coverage < 1 - MISS_FACTOR * (1 - level)].max(initial=0)) + 1


def fit_half_widths(scores: Values, residuals: Values, level: float) -> HalfWidths:
    """Return the half-widths by groups of scores [n] that cover the share ``level`` of absolute residuals [n]."""
    edges = group_edges(scores, min_articles(level))
    groups = np.searchsorted(edges, scores, side="left")
    widths = [group_quantile(residuals[groups == group], level) for group in range(len(edges) + 1)]
    return HalfWidths(edges, np.array(widths).clip(max=HIGHEST))


def group_edges(scores: Values, size: int) -> Values:
    """Return the upper edges of all groups but the highest: each group is half of what is left above the ones below.

    Most articles score near 0, so the groups get smaller towards the high scores; none has fewer than ``size``
    articles, but the one above the lowest score where most articles have exactly that. Equal scores share a group.
    """
    edges: list[float] = []
    left = scores
    while (edge := _middle_edge(left, size)) is not None:
        edges.append(edge)
        left = left[left > edge]
    if _are_mostly_lowest(left):
        edges.append(float(left.min()))  # else the width of the few above would be that of the many at the bottom
    return np.array(edges)


def _are_mostly_lowest(scores: Values) -> bool:
    """Say whether more than half of the scores, but not all, are the lowest of them."""
    n_lowest = int((scores == scores.min(initial=HIGHEST)).sum())
    return len(scores) / 2 < n_lowest < len(scores)


def _middle_edge(scores: Values, size: int) -> float | None:
    """Return the score that cuts the scores most evenly into two groups of at least ``size``; None if none does."""
    values, counts = np.unique(scores, return_counts=True)
    below = counts.cumsum()
    possible = (below >= size) & (len(scores) - below >= size)
    if not possible.any():
        return None
    return float(values[possible][np.abs(2 * below[possible] - len(scores)).argmin()])


def group_quantile(residuals: Values, level: float) -> float:
    """Return the residual of the lowest rank that a further one is within with probability ``level``, and stably so.

    The rank is at least ceil((n + 1) level), and high enough that the share of further residuals beyond it is at most
    1.25 times the stated one with probability 0.9. Too few residuals for the level give the whole scale.
    """
    n = len(residuals)
    ranks = np.arange(1, n + 1)
    stable = ranks[
        (ranks >= _conformal_rank(n, level)) & (_lower_coverage(ranks, n) >= 1 - GROUP_MISS_FACTOR * (1 - level))
    ]
    return float(np.sort(residuals)[stable[0] - 1]) if len(stable) else HIGHEST


def _conformal_rank(sizes: Sizes, level: float) -> Sizes:
    """Return ceil((n + 1) level): 0.9 * 10 is 9, not a little more."""
    return np.ceil(np.round((np.asarray(sizes) + 1) * level, 9)).astype(np.int64)


def _lower_coverage(ranks: Sizes, sizes: Sizes) -> Values:
    """Return the coverage that the residual of a rank among so many reaches with probability ``STABILITY``."""
    return np.asarray(beta.ppf(1 - STABILITY, ranks, sizes + 1 - ranks))
