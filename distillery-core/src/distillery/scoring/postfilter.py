"""Postfilter: clamp -> weighted average -> gatekeepers -> tier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..config import FilterConfig, TierConfig

LOWEST, HIGHEST = 0.0, 10.0

# Six weights of 0.1 steps do not add up exactly in binary: all dimensions at 4.0 must be 4.0.
AVERAGE_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Outcome:
    """One article's verdict: clamped scores, average after the gatekeepers, and its tier."""

    scores: dict[str, float]
    weighted_average: float
    tier: TierConfig
    gatekeeper_applied: bool


class Postfilter:
    """A filter's arithmetic from calibrated scores to a tier; the same for every stage."""

    def __init__(self, config: FilterConfig) -> None:
        """Read weights, tiers and gatekeepers."""
        self._dimensions = config.dimension_names
        self._weights = np.asarray(config.weights, dtype=np.float64)
        self._tiers = config.tiers
        self._gatekeepers = config.gatekeepers

    def apply(self, scores: NDArray[np.floating]) -> list[Outcome]:
        """Judge finite calibrated scores [n_articles, n_dimensions], in the filter's order."""
        clamped = np.clip(np.asarray(scores, dtype=np.float64), LOWEST, HIGHEST)
        averages = np.round(clamped @ self._weights, AVERAGE_DECIMALS)
        return [self._judge(row, average) for row, average in zip(clamped.tolist(), averages.tolist(), strict=True)]

    def _judge(self, row: list[float], average: float) -> Outcome:
        scores = dict(zip(self._dimensions, row, strict=True))
        caps = [gate.cap for gate in self._gatekeepers if scores[gate.dimension] < gate.below]
        capped = min([average, *caps])
        return Outcome(
            scores=scores,
            weighted_average=capped,
            tier=self.tier_of(capped),
            gatekeeper_applied=capped < average,
        )

    def tier_of(self, average: float) -> TierConfig:
        """Return the highest tier whose floor the average reaches."""
        return next((tier for tier in self._tiers if average >= tier.at_least), self._tiers[-1])
