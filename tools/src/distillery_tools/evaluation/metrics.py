"""Figures of quality with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

N_RESAMPLES = 2000
CONFIDENCE = 0.95

Values = NDArray[np.float64]
# Takes predictions and labels [..., n_articles]; gives one figure for each leading index.
Metric = Callable[[Values, Values], Values]


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval; None where it is not defined (no positives, say)."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def bootstrap(metric: Metric, predicted: Values, expected: Values, seed: int = 0) -> Figure:
    """Return a metric over articles [n] with its percentile bootstrap interval.

    The articles are drawn ``N_RESAMPLES`` times with replacement, the same draws for every metric
    and model of a data set. Resamples in which the metric is not defined are left out.
    """
    value = float(metric(predicted, expected))
    draws = np.random.default_rng(seed).integers(len(predicted), size=(N_RESAMPLES, len(predicted)))
    values = metric(predicted[draws], expected[draws])
    values = values[np.isfinite(values)]
    if not np.isfinite(value) or not len(values):
        return Figure(None, None, None)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Figure(value, float(low), float(high))


def mean_absolute_error(predicted: Values, expected: Values) -> Values:
    """Return the mean distance."""
    return np.asarray(np.abs(predicted - expected).mean(axis=-1))


def spearman(predicted: Values, expected: Values) -> Values:
    """Return the rank correlation, ties sharing their mean rank; not a number if either is constant."""
    x, y = (rankdata(values, axis=-1) for values in (predicted, expected))
    x, y = (ranks - ranks.mean(axis=-1, keepdims=True) for ranks in (x, y))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((x * y).sum(axis=-1) / np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1)))


def recall_at(threshold: float) -> Metric:
    """Return the metric: of the articles the oracle puts at or above the threshold, the share found."""

    def recall(predicted: Values, expected: Values) -> Values:
        return _share(predicted >= threshold, expected >= threshold)

    return recall


def precision_at(threshold: float) -> Metric:
    """Return the metric: of the articles predicted at or above the threshold, the share that belongs there."""

    def precision(predicted: Values, expected: Values) -> Values:
        return _share(expected >= threshold, predicted >= threshold)

    return precision


def precision_among_top(threshold: float) -> Metric:
    """Return the metric: the share of positives among as many top-ranked articles as there are positives."""

    def precision(predicted: Values, expected: Values) -> Values:
        positives = expected >= threshold
        n_positives = positives.sum(axis=-1, keepdims=True)
        first, last = (rankdata(-predicted, axis=-1, method=method) for method in ("min", "max"))
        # The chance to be among the top if ties are broken at random: 1 above them, 0 below.
        chances = ((n_positives - first + 1) / (last - first + 1)).clip(0.0, 1.0)
        with np.errstate(invalid="ignore"):
            return np.asarray((positives * chances).sum(axis=-1) / positives.sum(axis=-1))

    return precision


def _share(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> Values:
    with np.errstate(invalid="ignore"):
        return np.asarray((hits & among).sum(axis=-1) / among.sum(axis=-1))
