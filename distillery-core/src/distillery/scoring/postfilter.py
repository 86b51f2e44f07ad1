"""Postfilter: clamp -> weighted average -> gatekeepers -> tier.

Why an operating point moves one tier's floor: docs/decisions/operating-points.md
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..config import FilterConfig, TierConfig
from ..config.scale import HIGHEST, LOWEST

# Six weights of 0.1 steps do not add up exactly in binary: all dimensions at 4.0 must be 4.0.
AVERAGE_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Outcome:
    """One article's clamped scores, its average after the gatekeepers, and its tier."""

    scores: dict[str, float]
    weighted_average: float
    tier: TierConfig
    gatekeeper_applied: bool


class Postfilter:
    """A filter's arithmetic from calibrated scores to a tier; the same for every stage.

    With a ``threshold``, an average that reaches it is at least in the tier of the positives, and any other is below.
    """

    def __init__(self, config: FilterConfig, threshold: float | None = None) -> None:
        """Read weights, tiers and gatekeepers; ``threshold`` is that of an operating point."""
        self._dimensions = config.dimension_names
        self._weights = np.asarray(config.weights, dtype=np.float64)
        self._tiers = config.tiers
        self._gatekeepers = config.gatekeepers
        self._threshold = threshold
        self._positive_rank = self._rank_of(config.positive_from)

    def apply(self, scores: NDArray[np.floating]) -> list[Outcome]:
        """Return the outcomes of finite calibrated scores [n_articles, n_dimensions], in the filter's order."""
        clamped = self._clamp(scores)
        averages = self._weigh(clamped)
        capped = self._cap(averages, clamped)
        return [self._outcome(*row) for row in zip(clamped.tolist(), averages.tolist(), capped.tolist(), strict=True)]

    def averages(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the weighted averages [n_articles] after the gatekeepers of scores [n_articles, n_dimensions]."""
        clamped = self._clamp(scores)
        return self._cap(self._weigh(clamped), clamped)

    def _clamp(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.clip(np.asarray(scores, dtype=np.float64), LOWEST, HIGHEST)

    def _weigh(self, clamped: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(clamped @ self._weights, AVERAGE_DECIMALS)

    def _cap(self, averages: NDArray[np.float64], clamped: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the averages [n_articles], lowered to a gatekeeper's cap where its dimension is too low."""
        for gatekeeper in self._gatekeepers:
            is_low = clamped[:, self._dimensions.index(gatekeeper.dimension)] < gatekeeper.below
            averages = np.where(is_low, np.minimum(averages, gatekeeper.cap), averages)
        return averages

    def _outcome(self, row: list[float], average: float, capped: float) -> Outcome:
        return Outcome(
            scores=dict(zip(self._dimensions, row, strict=True)),
            weighted_average=capped,
            tier=self.tier_of(capped),
            gatekeeper_applied=capped < average,
        )

    def tier_of(self, average: float) -> TierConfig:
        """Return the highest tier whose floor the average reaches, as the operating point allows."""
        rank = self._rank_of(average)
        if self._threshold is None:
            return self._tiers[rank]
        if average >= self._threshold:
            return self._tiers[min(rank, self._positive_rank)]
        return self._tiers[min(max(rank, self._positive_rank + 1), len(self._tiers) - 1)]

    def _rank_of(self, average: float) -> int:
        """Return the place of the highest tier whose floor the average reaches; 0 is the highest."""
        ranks = (rank for rank, tier in enumerate(self._tiers) if average >= tier.at_least)
        return next(ranks, len(self._tiers) - 1)
