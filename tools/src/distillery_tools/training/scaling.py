"""Scaling: each dimension brought to mean 0 and variance 1, so that none drowns the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .tasks import Values

# Avoids division by zero for a constant dimension.
_NOT_ZERO = 1e-6


@dataclass(frozen=True)
class Scaling:
    """The mean and the standard deviation of each output [n_outputs] over the training articles."""

    mean: Values
    scale: Values

    @classmethod
    def of(cls, scores: Values, least_scale: float = 0.0) -> Scaling:
        """Measure scores [n_articles, n_outputs], ignoring NaN; no deviation counts less than ``least_scale``."""
        scale = np.maximum(np.nanstd(scores, axis=0), least_scale)
        return cls(np.nanmean(scores, axis=0), scale + _NOT_ZERO)

    def standardised(self, scores: Values) -> Values:
        """Return scores in standard deviations from the mean."""
        return (scores - self.mean) / self.scale

    def restored(self, values: Values) -> Values:
        """Return standardised values on the 0-10 scale."""
        return values * self.scale + self.mean
