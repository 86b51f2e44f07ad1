"""Metrics of distance and agreement between predictions and labels [..., n_articles]."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from distillery.scoring.postfilter import HIGHEST, LOWEST

from .figures import Metric, Values


def mean_absolute_error(predicted: Values, expected: Values) -> Values:
    """Return the mean distance."""
    return np.asarray(np.abs(predicted - expected).mean(axis=-1))


def root_mean_squared_error(predicted: Values, expected: Values) -> Values:
    """Return the square root of the mean squared distance."""
    return np.asarray(np.sqrt(((predicted - expected) ** 2).mean(axis=-1)))


def bias(predicted: Values, expected: Values) -> Values:
    """Return the mean difference; above 0 the predictions are the higher ones."""
    return np.asarray((predicted - expected).mean(axis=-1))


def pearson(predicted: Values, expected: Values) -> Values:
    """Return the linear correlation; not a number if either is constant."""
    x, y = (values - values.mean(axis=-1, keepdims=True) for values in (predicted, expected))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((x * y).sum(axis=-1) / np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1)))


def spearman(predicted: Values, expected: Values) -> Values:
    """Return the rank correlation, ties sharing their mean rank; not a number if either is constant."""
    return pearson(rankdata(predicted, axis=-1), rankdata(expected, axis=-1))


def quadratic_weighted_kappa(predicted: Values, expected: Values) -> Values:
    """Return Cohen's kappa with quadratic weights on scores rounded, halves up, to integers 0..10.

    The chance-expected squared distance is written through sums, all whole numbers and so exact, which gives
    what the table of all pairs of classes would. Not a number if both are one and the same constant.
    """
    x, y = (np.floor(values.clip(LOWEST, HIGHEST) + 0.5) for values in (predicted, expected))
    n_articles = x.shape[-1]
    observed = n_articles * ((x - y) ** 2).sum(axis=-1)
    by_chance = n_articles * (x**2 + y**2).sum(axis=-1) - 2 * x.sum(axis=-1) * y.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 - observed / by_chance)


def error_within(low: float, high: float) -> Metric:
    """Return the metric: the mean distance over articles whose label is from ``low`` to below ``high``."""

    def error(predicted: Values, expected: Values) -> Values:
        inside = (expected >= low) & (expected < high)
        with np.errstate(invalid="ignore"):
            return np.asarray((np.abs(predicted - expected) * inside).sum(axis=-1) / inside.sum(axis=-1))

    return error


def share_closed(trivial: float, noise: float) -> Metric:
    """Return the metric: how much of the way from a constant's error to the oracle's own is made good.

    0 is as far from the labels as the constant ``trivial``, 1 as close as the oracle is to itself
    (``noise``, its mean absolute error, taken as certain). Not a number where there is no such way.
    """

    def share(predicted: Values, expected: Values) -> Values:
        start = np.abs(trivial - expected).mean(axis=-1)
        way = start - noise
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(way > 0, (start - mean_absolute_error(predicted, expected)) / way, np.nan)

    return share


def coverage(expected: Values, low: Values, high: Values) -> Values:
    """Return the share of labels inside their interval, both ends counted."""
    return np.asarray(((low <= expected) & (expected <= high)).mean(axis=-1))


def mean_width(low: Values, high: Values) -> Values:
    """Return the mean width of intervals."""
    return np.asarray((high - low).mean(axis=-1))
