"""Probabilities that the oracle puts an article in a tier or above: one curve over the weighted average a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..config import FilterConfig
from ..config.scale import HIGHEST, LOWEST
from ..errors import CalibrationError

# Keeps the logarithms finite at both ends of the scale; the oracle's scores have steps of a half.
MARGIN = 0.5

_NUMBERS = ("lower_slope", "upper_slope", "intercept")


@dataclass(frozen=True, slots=True)
class BetaCurve:
    """A beta calibration: the log-odds that the oracle's average reaches a threshold, rising with the student's.

    The slopes are those over the logarithms of the average's distances from the lower and the upper end of the scale,
    each 0.5 larger than it is.
    """

    lower_slope: float
    upper_slope: float
    intercept: float

    @classmethod
    def through(cls, average: float, log_odds: float, lower_slope: float, upper_slope: float) -> Self:
        """Return the curve of these slopes that has the log-odds at the average."""
        without = cls(lower_slope, upper_slope, 0.0).log_odds(np.array(average))
        return cls(lower_slope, upper_slope, log_odds - float(without))

    def log_odds(self, averages: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds for averages of any shape."""
        from_low, from_high = averages - (LOWEST - MARGIN), (HIGHEST + MARGIN) - averages
        return np.asarray(self.lower_slope * np.log(from_low) - self.upper_slope * np.log(from_high) + self.intercept)

    def apply(self, averages: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities for averages of any shape."""
        return np.exp(-np.logaddexp(0, -self.log_odds(averages)))

    def to_dict(self) -> dict[str, float]:
        """Return the curve for JSON."""
        return asdict(self)


class Probabilities(NamedTuple):
    """The probabilities of one article: of each tier or above, of a positive, and of its own tier."""

    tiers: dict[str, float]
    positive: float
    confidence: float


class TierProbabilities:
    """A filter's curves: one for each tier above the lowest, and one for the positives."""

    def __init__(self, config: FilterConfig, curves: Mapping[float, BetaCurve]) -> None:
        """Take the curve of each threshold."""
        self._tiers = [tier.name for tier in config.tiers]
        self._floors = [tier.at_least for tier in config.tiers]
        self._positive_from = config.positive_from
        self._curves = dict(sorted(curves.items()))

    def apply(self, averages: NDArray[np.float64], tiers: Sequence[str]) -> list[Probabilities]:
        """Return the probabilities for final weighted averages [n] and the tiers [n] that the articles have."""
        reached = self._reached(averages)
        certain = np.ones(len(averages))
        columns = [reached.get(floor, certain) for floor in self._floors]
        at_or_above = np.column_stack(columns)
        within = np.diff(at_or_above, axis=1, prepend=0.0)  # tiers fall, so each adds to those above
        column_of = {name: column for column, name in enumerate(self._tiers)}
        own = within[np.arange(len(averages)), [column_of[tier] for tier in tiers]]
        rows = zip(at_or_above.tolist(), reached[self._positive_from].tolist(), own.tolist(), strict=True)
        return [
            Probabilities(dict(zip(self._tiers, row, strict=True)), positive, confidence)
            for row, positive, confidence in rows
        ]

    def _reached(self, averages: NDArray[np.float64]) -> dict[float, NDArray[np.float64]]:
        """Return the probability of reaching each threshold; a higher one is never more likely than a lower one."""
        found = {}
        lowest = np.ones(len(averages))
        for threshold, curve in self._curves.items():
            lowest = found[threshold] = np.minimum(curve.apply(averages), lowest)
        return found


def read_probabilities(data: Any, config: FilterConfig, source: str) -> TierProbabilities:
    """Return the curves of a file's ``probabilities``; raise CalibrationError if one is malformed or absent."""
    try:
        curves = {float(entry["at_least"]): _curve(entry) for entry in data["curves"]}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CalibrationError(
            f"{source}: probabilities need curves with at_least, {', '.join(_NUMBERS)} ({error})."
        ) from error
    for threshold, curve in curves.items():
        slopes = curve.lower_slope, curve.upper_slope
        if not (np.isfinite([*slopes, curve.intercept]).all() and min(slopes) >= 0):
            raise CalibrationError(
                f"{source}: the probability of {threshold:g} or above must rise with the average; its curve is {curve}."
            )
    needed = {tier.at_least for tier in config.tiers if tier.at_least > LOWEST} | {config.positive_from}
    if absent := sorted(needed - curves.keys()):
        raise CalibrationError(
            f"{source} has no probability of {', '.join(f'{threshold:g}' for threshold in absent)} or above, where "
            f"tiers or positives of {config.name} start.\n  Fit it again: distillery calibrate"
        )
    return TierProbabilities(config, {threshold: curves[threshold] for threshold in needed})


def _curve(entry: Mapping[str, Any]) -> BetaCurve:
    return BetaCurve(*(float(entry[name]) for name in _NUMBERS))
