"""Metrics of finding the articles that matter, for predictions and labels [..., n_articles]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from .figures import Metric, Values


def recall_at(threshold: float) -> Metric:
    """Return the metric: of the articles the oracle puts at or above the threshold, the share found."""

    def recall(predicted: Values, expected: Values) -> Values:
        hits = (predicted >= threshold) & (expected >= threshold)
        return _ratio(hits.sum(axis=-1), (expected >= threshold).sum(axis=-1))

    return recall


def precision_at(threshold: float) -> Metric:
    """Return the metric: of the articles predicted at or above the threshold, the share that belongs there."""

    def precision(predicted: Values, expected: Values) -> Values:
        hits = (predicted >= threshold) & (expected >= threshold)
        return _ratio(hits.sum(axis=-1), (predicted >= threshold).sum(axis=-1))

    return precision


def f1_at(threshold: float) -> Metric:
    """Return the metric: the harmonic mean of recall and precision; not a number if nothing is above."""

    def f1(predicted: Values, expected: Values) -> Values:
        found, wanted = predicted >= threshold, expected >= threshold
        return _ratio(2 * (found & wanted).sum(axis=-1), found.sum(axis=-1) + wanted.sum(axis=-1))

    return f1


def precision_among_top(threshold: float) -> Metric:
    """Return the metric: the share of positives among as many top-ranked articles as there are positives."""

    def precision(predicted: Values, expected: Values) -> Values:
        positives = expected >= threshold
        n_positives = positives.sum(axis=-1, keepdims=True)
        return _ratio((positives * _chances_among_top(predicted, n_positives)).sum(axis=-1), n_positives[..., 0])

    return precision


def recall_among_top(size: int) -> Metric:
    """Return the metric: of the oracle's top ``size`` articles, the share among the predicted top ``size``.

    With fewer articles than ``size``, all are the top.
    """

    def recall(predicted: Values, expected: Values) -> Values:
        n_top = min(size, expected.shape[-1])
        shared = _chances_among_top(predicted, n_top) * _chances_among_top(expected, n_top)
        return np.asarray(shared.sum(axis=-1) / n_top)

    return recall


def average_precision_at(threshold: float) -> Metric:
    """Return the metric: precision down to each positive of the ranking, averaged; tied articles come together."""

    def average_precision(predicted: Values, expected: Values) -> Values:
        positives = expected >= threshold
        order = np.argsort(-predicted, axis=-1, kind="stable")
        n_found = np.take_along_axis(positives, order, axis=-1).cumsum(axis=-1)
        depth = rankdata(-predicted, axis=-1, method="max").astype(np.intp)
        precisions = np.take_along_axis(n_found, depth - 1, axis=-1) / depth
        return _ratio((precisions * positives).sum(axis=-1), positives.sum(axis=-1))

    return average_precision


def _chances_among_top(values: Values, size: NDArray[np.integer] | int) -> Values:
    """Return each article's chance to be among the ``size`` highest if ties are broken at random."""
    first, last = (rankdata(-values, axis=-1, method=method) for method in ("min", "max"))
    # 1 above the tie that the border runs through, 0 below.
    return np.asarray(((size - first + 1) / (last - first + 1)).clip(0.0, 1.0))


def _ratio(part: NDArray[np.number], whole: NDArray[np.number]) -> Values:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole)
