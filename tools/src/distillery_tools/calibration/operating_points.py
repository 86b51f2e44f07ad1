"""Operating points: thresholds of the weighted average, chosen on validation articles.

A filter has few positives there, so the best F1 among the articles themselves is mostly luck. The thresholds are chosen
by what the calibrated probabilities expect instead, which are smooth; what the articles give is stated beside, with its
bootstrap interval.

Why: docs/decisions/operating-points.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import FilterConfig
from distillery.toolkit import HIGHEST, LOWEST, Calibration, Postfilter

from ..measuring.figures import Figure, bootstrap
from ..measuring.retrieval import f1_at, precision_at, recall_at
from .maps import Values

BALANCED, RECALL_80, PRECISION_80 = "balanced", "recall-80", "precision-80"
TARGET = 0.8
# Aimed at beyond the target: validation flatters a student whose checkpoint and penalty were chosen on it.
MARGIN = 0.05

# With fewer positives the figures of any threshold mean nothing.
MIN_POSITIVES = 5
# A precision is stated of at least so many articles.
MIN_FOUND = 5
DECIMALS = 3

_MIDDLE = (LOWEST + HIGHEST) / 2


def choose_operating_points(
    config: FilterConfig, calibration: Calibration, raw: Values, scores: Values
) -> dict[str, Any]:
    """Return ``operating_points`` of a config.yaml, from raw outputs and scores [n, n_dimensions], without its origin.

    ``points`` holds threshold and figures by name, ``missing`` why there is no point of a name.
    """
    postfilter = Postfilter(config)
    averages = postfilter.averages(calibration.apply(raw))
    positive = postfilter.averages(scores) >= config.positive_from
    n_positives = int(positive.sum())
    facts = {"positive_from": config.positive_from, "n_articles": len(averages), "n_positives": n_positives}
    reason = _no_points(config, calibration, n_positives)
    if reason is not None:
        return {**facts, "points": {}, "missing": dict.fromkeys(_CHOICES, reason)}
    expected = _Expected(averages, _positive_probabilities(calibration, averages, config))
    chosen = {name: choose(expected) for name, choose in _CHOICES.items()}
    points = {
        name: {"threshold": threshold, **_figures(averages, positive, threshold)}
        for name, threshold in chosen.items()
        if threshold is not None
    }
    missing = {name: _UNREACHABLE[name] for name, threshold in chosen.items() if threshold is None}
    return {**facts, "points": points, "missing": missing}


def point_figures(averages: Values, positive: NDArray[np.bool_], threshold: float) -> dict[str, Figure]:
    """Return precision, recall and F1 of "at the threshold or above" among articles [n], with bootstrap intervals."""
    found = np.where(averages >= threshold, HIGHEST, LOWEST)
    wanted = np.where(positive, HIGHEST, LOWEST)
    metrics = {"precision": precision_at(_MIDDLE), "recall": recall_at(_MIDDLE), "f1": f1_at(_MIDDLE)}
    return {name: bootstrap(metric, found, wanted) for name, metric in metrics.items()}


class _Expected:
    """What the probabilities expect at each possible threshold, from the highest on."""

    def __init__(self, averages: Values, probabilities: Values) -> None:
        order = np.argsort(-averages, kind="stable")
        is_last = np.append(np.diff(averages[order]) < 0, True)  # equal averages are found together
        found = probabilities[order].cumsum()[is_last]
        self.n_found = np.arange(1, len(averages) + 1)[is_last]
        self.precision = found / self.n_found
        self.recall = found / probabilities.sum()
        self.f1 = 2 * found / (self.n_found + probabilities.sum())
        self._edges = np.append(averages[order][is_last], LOWEST)
        self._is_above_lowest = self._edges[:-1] > LOWEST

    def best(self, allowed: NDArray[np.bool_]) -> float | None:
        """Return the allowed threshold with the highest F1, None if none is allowed; one that all reach never is."""
        allowed = allowed & self._is_above_lowest
        return self._threshold(int(np.where(allowed, self.f1, -1.0).argmax())) if allowed.any() else None

    def _threshold(self, place: int) -> float:
        """Return a threshold that finds the articles down to a place and no others: in the middle of the gap there."""
        return round(float(self._edges[place : place + 2].mean()), DECIMALS)


def _balanced(expected: _Expected) -> float | None:
    return expected.best(np.ones(len(expected.f1), dtype=bool))


def _recall_80(expected: _Expected) -> float | None:
    return expected.best(expected.recall >= TARGET + MARGIN)


def _precision_80(expected: _Expected) -> float | None:
    return expected.best((expected.precision >= TARGET + MARGIN) & (expected.n_found >= MIN_FOUND))


_CHOICES: Mapping[str, Callable[[_Expected], float | None]] = {
    BALANCED: _balanced,
    RECALL_80: _recall_80,
    PRECISION_80: _precision_80,
}

_UNREACHABLE = {
    BALANCED: "every validation article scores 0",
    RECALL_80: f"no threshold above 0 promises a recall of {TARGET:g}: too many positives score 0",
    PRECISION_80: f"no threshold that {MIN_FOUND} validation articles reach promises a precision of {TARGET:g}",
}


def _no_points(config: FilterConfig, calibration: Calibration, n_positives: int) -> str | None:
    """Return why a filter has no operating points at all, None if it has."""
    if len(config.tiers) == 1:
        return "the filter has a single tier"
    if n_positives < MIN_POSITIVES:
        return f"{n_positives} positives among the validation articles are too few, {MIN_POSITIVES} are needed"
    if calibration.probabilities is None:
        return "the validation articles are too few for probabilities"
    return None


def _positive_probabilities(calibration: Calibration, averages: Values, config: FilterConfig) -> Values:
    if calibration.probabilities is None:
        return np.empty(0)
    tiers = [config.tiers[-1].name] * len(averages)
    return np.array([found.positive for found in calibration.probabilities.apply(averages, tiers)])


def _figures(averages: Values, positive: NDArray[np.bool_], threshold: float) -> dict[str, list[float]]:
    figures = point_figures(averages, positive, threshold)
    return {name: [round(value or 0.0, 3) for value in _numbers(figure)] for name, figure in figures.items()}


def _numbers(figure: Figure) -> tuple[float | None, float | None, float | None]:
    return figure.value, figure.low, figure.high
