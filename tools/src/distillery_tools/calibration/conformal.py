"""Split-conformal half-widths that are wider where the student errs more.

The residuals of articles that a map has not seen are divided by the spread of their band of the score; one
quantile of these ratios times the spread is the band's half-width (normalised conformal regression;
Papadopoulos, Gammerman and Vovk 2008). Coverage is right over all articles; it is not of each band by itself.
"""

from __future__ import annotations

import math

import numpy as np

from distillery.calibration.intervals import HalfWidths
from distillery.scoring.postfilter import HIGHEST

from .maps import Values

# Most articles score near 0: each band holds half of those that the ones below it leave.
MOST_BANDS = 4

# With fewer articles a band's spread is mostly chance.
BAND_SIZE = 50

# Added to each spread: where all residuals are 0, a tenth of the step in which the oracle scores.
SMALLEST_SPREAD = 0.05


def fit_half_widths(predicted: Values, scores: Values, level: float) -> HalfWidths:
    """Return the half-widths that hold the share ``level`` of the scores [n] around predictions [n]."""
    residuals = np.abs(predicted - scores)
    edges = band_edges(predicted)
    bands = np.searchsorted(edges, predicted, side="left")
    quantiles = [conformal_quantile(residuals[bands == band], level) for band in range(len(edges) + 1)]
    spreads = np.array(quantiles) + SMALLEST_SPREAD
    widths = spreads * conformal_quantile(residuals / spreads[bands], level)
    return HalfWidths(edges, widths.clip(max=HIGHEST))


def band_edges(predicted: Values) -> Values:
    """Return the upper edges of all bands but the last, for as many bands as have enough articles."""
    for n_bands in range(MOST_BANDS, 1, -1):
        edges = np.unique(np.quantile(predicted, 1 - 0.5 ** np.arange(1, n_bands)))
        sizes = np.bincount(np.searchsorted(edges, predicted, side="left"), minlength=len(edges) + 1)
        if sizes.min() >= BAND_SIZE:
            return edges
    return np.empty(0)


def conformal_quantile(residuals: Values, level: float) -> float:
    """Return the ceil((n + 1) level)-th smallest residual, which one more stays within with that probability.

    Too few residuals for the level give the whole scale.
    """
    rank = math.ceil(round((len(residuals) + 1) * level, 9))  # 0.9 * 10 is 9, not a little more
    return float(np.sort(residuals)[rank - 1]) if rank <= len(residuals) else HIGHEST
