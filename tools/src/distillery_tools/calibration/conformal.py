"""Split-conformal half-widths that are wider where the student errs more.

The residuals of articles that a map has not seen are divided by the spread of their band of the score; one
quantile of these ratios times the spread is the band's half-width (normalised conformal regression;
Papadopoulos, Gammerman and Vovk 2008). Coverage holds over all articles, not for each band by itself.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import beta

from distillery.toolkit import HIGHEST, HalfWidths

from .maps import Values

# Most articles score near 0: each band has half of the articles above the bands below it.
MAX_BANDS = 4

# With fewer articles a band's spread is mostly chance.
BAND_SIZE = 50

# Intervals are only worth writing if, with this probability over the choice of the articles, the share of scores
# outside is at most this many times the stated one: 15 % instead of 10 % for a level of 0.9.
STABILITY = 0.9
MISS_FACTOR = 1.5

# Added to each spread for bands where all residuals are 0: a tenth of the step of the oracle's scores.
MIN_SPREAD = 0.05


def min_articles(level: float) -> int:
    """Return how many articles intervals of a level need.

    The coverage of split-conformal intervals from n articles is Beta(k, n + 1 - k) distributed, k = ceil((n + 1) level)
    (Vovk 2012, "Conditional validity of inductive conformal predictors"). From the returned number on, it is at least
    1 - 1.5 (1 - level) with probability 0.9: 60 articles for a level of 0.9, 122 for 0.95.
    """
    # A normal approximation of the Beta distribution gives about 7 level / (1 - level).
    sizes = np.arange(1, math.ceil(20 / (1 - level)))
    ranks = np.ceil(np.round((sizes + 1) * level, 9))
    possible = ranks <= sizes
    coverage = np.where(possible, beta.ppf(1 - STABILITY, ranks, np.maximum(sizes + 1 - ranks, 1)), 0.0)
    return int(sizes[coverage < 1 - MISS_FACTOR * (1 - level)].max(initial=0)) + 1


def fit_half_widths(predicted: Values, scores: Values, level: float) -> HalfWidths:
    """Return the half-widths that cover the share ``level`` of the scores [n] around predictions [n]."""
    residuals = np.abs(predicted - scores)
    edges = band_edges(predicted)
    bands = np.searchsorted(edges, predicted, side="left")
    quantiles = [conformal_quantile(residuals[bands == band], level) for band in range(len(edges) + 1)]
    spreads = np.array(quantiles) + MIN_SPREAD
    widths = spreads * conformal_quantile(residuals / spreads[bands], level)
    return HalfWidths(edges, widths.clip(max=HIGHEST))


def band_edges(predicted: Values) -> Values:
    """Return the upper edges of all bands but the last, for as many bands as have enough articles."""
    for n_bands in range(MAX_BANDS, 1, -1):
        edges = np.unique(np.quantile(predicted, 1 - 0.5 ** np.arange(1, n_bands)))
        sizes = np.bincount(np.searchsorted(edges, predicted, side="left"), minlength=len(edges) + 1)
        if sizes.min() >= BAND_SIZE:
            return edges
    return np.empty(0)


def conformal_quantile(residuals: Values, level: float) -> float:
    """Return the ceil((n + 1) level)-th smallest residual; a further one is within it with that probability.

    Too few residuals for the level give the whole scale.
    """
    rank = math.ceil(round((len(residuals) + 1) * level, 9))  # 0.9 * 10 is 9, not a little more
    return float(np.sort(residuals)[rank - 1]) if rank <= len(residuals) else HIGHEST
