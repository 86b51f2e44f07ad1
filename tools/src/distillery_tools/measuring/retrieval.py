"""Retrieval metrics, for predictions and labels [..., n_articles]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from .figures import Metric, Values


def recall_at(threshold: float) -> Metric:
    """Return the metric: the share of the oracle's hits that are predicted at or above the threshold."""

    def recall(predicted: Values, expected: Values) -> Values:
        hits = (predicted >= threshold) & (expected >= threshold)
        return _ratio(hits.sum(axis=-1), (expected >= threshold).sum(axis=-1))

    return recall


def precision_at(threshold: float) -> Metric:
    """Return the metric: the share of hits among the articles predicted at or above the threshold."""

    def precision(predicted: Values, expected: Values) -> Values:
        hits = (predicted >= threshold) & (expected >= threshold)
        return _ratio(hits.sum(axis=-1), (predicted >= threshold).sum(axis=-1))

    return precision


def f1_at(threshold: float) -> Metric:
    """Return the metric: the harmonic mean of recall and precision; NaN if nothing is above."""

    def f1(predicted: Values, expected: Values) -> Values:
        found, hits = predicted >= threshold, expected >= threshold
        return _ratio(2 * (found & hits).sum(axis=-1), found.sum(axis=-1) + hits.sum(axis=-1))

    return f1


def r_precision_at(threshold: float) -> Metric:
    """Return the metric R-precision: the share of hits among the R top-ranked articles, R being the number of hits."""

    def precision(predicted: Values, expected: Values) -> Values:
        positives = expected >= threshold
        n_positives = positives.sum(axis=-1, keepdims=True)
        return _ratio((positives * _chances_in_top(predicted, n_positives)).sum(axis=-1), n_positives[..., 0])

    return precision


def overlap_at(size: int) -> Metric:
    """Return the metric overlap@size: the share of the oracle's top ``size`` articles in the predicted top ``size``.

    With fewer articles than ``size``, all are in the top.
    """

    def recall(predicted: Values, expected: Values) -> Values:
        n_top = min(size, expected.shape[-1])
        shared = _chances_in_top(predicted, n_top) * _chances_in_top(expected, n_top)
        return np.asarray(shared.sum(axis=-1) / n_top)

    return recall


def average_precision_at(threshold: float) -> Metric:
    """Return the metric: precision down to each hit of the ranking, averaged; tied articles share a rank."""

    def average_precision(predicted: Values, expected: Values) -> Values:
        positives = expected >= threshold
        order = np.argsort(-predicted, axis=-1, kind="stable")
        n_found = np.take_along_axis(positives, order, axis=-1).cumsum(axis=-1)
        depth = rankdata(-predicted, axis=-1, method="max").astype(np.intp)
        precisions = np.take_along_axis(n_found, depth - 1, axis=-1) / depth
        return _ratio((precisions * positives).sum(axis=-1), positives.sum(axis=-1))

    return average_precision


def precision_recall_curve(predicted: Values, expected: Values, threshold: float) -> list[dict[str, float]]:
    """Return precision and recall of the hits at predicted scores [n_articles], from the highest down.

    Scores at which the curve only goes straight on are left out. Empty without hits.
    """
    from sklearn.metrics import precision_recall_curve as curve

    hits = expected >= threshold
    if not hits.any():
        return []
    *columns, scores = curve(hits, predicted, drop_intermediate=True)
    # The library adds the point of no articles, which has no threshold.
    points = list(zip(scores, *(column[:-1] for column in columns), strict=True))
    return [
        {"threshold": float(score), "precision": float(precision), "recall": float(recall)}
        for score, precision, recall in reversed(points)
    ]


def ndcg(predicted: Values, expected: Values) -> Values:
    """Return the normalised discounted cumulative gain of the whole ranking, an article's gain being its label.

    Tied articles share the mean of their discounts (McSherry and Najork 2008). NaN if all labels are 0.
    """
    discounts = 1 / np.log2(np.arange(expected.shape[-1]) + 2)
    sums = np.concatenate([[0.0], discounts.cumsum()])
    first, last = (rankdata(-predicted, axis=-1, method=method).astype(np.intp) for method in ("min", "max"))
    shared = (sums[last] - sums[first - 1]) / (last - first + 1)
    return _ratio((expected * shared).sum(axis=-1), (-np.sort(-expected, axis=-1) * discounts).sum(axis=-1))


def _chances_in_top(values: Values, size: NDArray[np.integer] | int) -> Values:
    """Return each article's chance to be among the ``size`` highest when ties are broken at random."""
    first, last = (rankdata(-values, axis=-1, method=method) for method in ("min", "max"))
    # 1 above the tie at the border, 0 below it.
    return np.asarray(((size - first + 1) / (last - first + 1)).clip(0.0, 1.0))


def _ratio(part: NDArray[np.number], whole: NDArray[np.number]) -> Values:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole)
