"""Metrics of error and agreement between predictions and labels [..., n_articles]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from distillery.toolkit import HIGHEST, LOWEST

from .figures import Metric, Values


def mean_absolute_error(predicted: Values, expected: Values) -> Values:
    """Return the mean absolute error (MAE)."""
    return np.asarray(np.abs(predicted - expected).mean(axis=-1))


def root_mean_squared_error(predicted: Values, expected: Values) -> Values:
    """Return the root mean squared error (RMSE)."""
    return np.asarray(np.sqrt(((predicted - expected) ** 2).mean(axis=-1)))


def bias(predicted: Values, expected: Values) -> Values:
    """Return the mean difference; above 0 the predictions are higher."""
    return np.asarray((predicted - expected).mean(axis=-1))


def pearson(predicted: Values, expected: Values) -> Values:
    """Return Pearson's correlation; NaN if either is constant."""
    x, y = (values - values.mean(axis=-1, keepdims=True) for values in (predicted, expected))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((x * y).sum(axis=-1) / np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1)))


def spearman(predicted: Values, expected: Values) -> Values:
    """Return Spearman's rank correlation, ties sharing their mean rank; NaN if either is constant."""
    return pearson(rankdata(predicted, axis=-1), rankdata(expected, axis=-1))


def quadratic_weighted_kappa(predicted: Values, expected: Values) -> Values:
    """Return Cohen's kappa with quadratic weights on scores rounded, halves up, to integers 0..10.

    The squared distance expected by chance is computed from sums of whole numbers, which is exact and equals the
    result from the table of all pairs of classes. NaN if both are the same constant.
    """
    x, y = (np.floor(values.clip(LOWEST, HIGHEST) + 0.5) for values in (predicted, expected))
    n_articles = x.shape[-1]
    observed = n_articles * ((x - y) ** 2).sum(axis=-1)
    by_chance = n_articles * (x**2 + y**2).sum(axis=-1) - 2 * x.sum(axis=-1) * y.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 - observed / by_chance)


def error_within(low: float, high: float) -> Metric:
    """Return the metric: the MAE over articles whose label is at least ``low`` and below ``high``."""

    def error(predicted: Values, expected: Values) -> Values:
        inside = (expected >= low) & (expected < high)
        with np.errstate(invalid="ignore"):
            return np.asarray((np.abs(predicted - expected) * inside).sum(axis=-1) / inside.sum(axis=-1))

    return error


def spearman_within(low: float, high: float) -> Metric:
    """Return the metric: Spearman's rank correlation over articles whose label is at least ``low`` and below ``high``.

    NaN if predictions or labels are constant there.
    """

    def rank_correlation(predicted: Values, expected: Values) -> Values:
        return spearman_of(predicted, expected, (expected >= low) & (expected < high))

    return rank_correlation


def spearman_of(predicted: Values, expected: Values, chosen: NDArray[np.bool_]) -> Values:
    """Return Spearman's rank correlation over the chosen articles; NaN if either is constant there."""
    # The others come first, all tied: taking off their number leaves the ranks of the chosen ones.
    n_others = (~chosen).sum(axis=-1, keepdims=True)
    ranks = [rankdata(np.where(chosen, values, -np.inf), axis=-1) - n_others for values in (predicted, expected)]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [(rank * chosen).sum(axis=-1) / chosen.sum(axis=-1) for rank in ranks]
        x, y = ((rank - mean[..., None]) * chosen for rank, mean in zip(ranks, means, strict=True))
        return np.asarray((x * y).sum(axis=-1) / np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1)))


def gap_closed(trivial: float, oracle_mae: float) -> Metric:
    """Return the metric gap closed: (trivial MAE - MAE) / (trivial MAE - oracle MAE).

    The trivial MAE is that of the constant prediction ``trivial``; ``oracle_mae`` is the MAE of the oracle's second
    opinions against its first, taken as exact. 0 is as bad as the constant, 1 as close as the oracle is to itself.
    NaN where the constant is not worse than the oracle.
    """

    def gap(predicted: Values, expected: Values) -> Values:
        trivial_mae = np.abs(trivial - expected).mean(axis=-1)
        width = trivial_mae - oracle_mae
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(width > 0, (trivial_mae - mean_absolute_error(predicted, expected)) / width, np.nan)

    return gap


def coverage(expected: Values, low: Values, high: Values) -> Values:
    """Return the share of labels inside their interval, both ends included."""
    return np.asarray(((low <= expected) & (expected <= high)).mean(axis=-1))


def mean_width(low: Values, high: Values) -> Values:
    """Return the mean width of intervals."""
    return np.asarray((high - low).mean(axis=-1))
