"""Probabilities that the oracle puts an article in a tier or above, from the weighted average.

Each threshold has a beta calibration (Kull, Silva Filho and Flach 2017): a logistic curve in the logarithms of the
average's distances from both ends of the scale, three numbers. A prior keeps them sound where positives are few.

Why: docs/decisions/confidence.md
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from distillery import FilterConfig
from distillery.toolkit import LOWEST, BetaCurve

from .maps import Values

# With fewer articles the curves would be mostly the prior.
MIN_ARTICLES = 60

# The prior: an average at the threshold has an even chance; both slopes are about 3 (in doubt by a factor of e),
# so that in the middle of the scale a point more multiplies the odds by about 4.
PRIOR_SLOPE, LOG_SLOPE_SPREAD = 3.0, 1.0
LOG_ODDS_SPREAD = 3.0


def fit_probabilities(config: FilterConfig, averages: Values, expected: Values) -> dict[str, Any] | None:
    """Fit the curves of every tier but the lowest, and of the positives, on averages [n] and the oracle's [n].

    Returns ``probabilities`` of a calibration.json, None for too few articles. A threshold that no article reaches has
    ``n_positives`` 0: its curve is the prior, lowered by the articles below.
    """
    if len(averages) < MIN_ARTICLES:
        return None
    thresholds = {tier.at_least for tier in config.tiers if tier.at_least > LOWEST} | {config.positive_from}
    return {
        "method": "beta calibration of the weighted average",
        "n": len(averages),
        "curves": [
            {
                "at_least": threshold,
                **fit_curve(averages, expected >= threshold, threshold).to_dict(),
                "n_positives": int((expected >= threshold).sum()),
            }
            for threshold in sorted(thresholds)
        ],
    }


def fit_curve(averages: Values, positive: NDArray[np.bool_], threshold: float) -> BetaCurve:
    """Return the most likely curve under the prior.

    ``averages`` [n] are the student's, ``positive`` [n] says whether the oracle's reach the threshold.
    """

    def curve(numbers: Values) -> BetaCurve:
        slopes = PRIOR_SLOPE * np.exp(numbers[:2])
        return BetaCurve.through(threshold, float(numbers[2]), *map(float, slopes))

    def loss(numbers: Values) -> float:
        log_odds = curve(numbers).log_odds(averages)
        likelihood = np.logaddexp(0, log_odds) - positive * log_odds
        doubt = np.array([LOG_SLOPE_SPREAD, LOG_SLOPE_SPREAD, LOG_ODDS_SPREAD])
        return float(likelihood.sum() + np.square(numbers / doubt).sum() / 2)

    return curve(minimize(loss, np.zeros(3), method="BFGS").x)
