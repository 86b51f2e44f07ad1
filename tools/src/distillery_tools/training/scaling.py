"""Scaling: each dimension brought to mean 0 and variance 1, so that none drowns the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .tasks import Values

# Avoids division by zero for a constant dimension.
_LEAST_SCALE = 1e-6


@dataclass(frozen=True)
class Scaling:
    """The mean and the standard deviation of each output [n_outputs] over the training articles."""

    mean: Values
    scale: Values

    @classmethod
    def of(cls, scores: Values) -> Scaling:
        """Measure scores [n_articles, n_outputs], ignoring NaN."""
        return cls(np.nanmean(scores, axis=0), np.nanstd(scores, axis=0) + _LEAST_SCALE)

    def standardised(self, scores: Values) -> Values:
        """Return scores in standard deviations from the mean."""
        return (scores - self.mean) / self.scale

    def restored(self, values: Values) -> Values:
        """Return standardised values on the 0-10 scale."""
        return values * self.scale + self.mean
