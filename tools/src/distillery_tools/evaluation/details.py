"""The student dimension by dimension: agreement, error along the scale, reliability."""

from __future__ import annotations

from typing import Any

import numpy as np

from distillery.toolkit import HIGHEST

from ..measuring.figures import Values, bootstrap
from ..measuring.metrics import (
    error_within,
    mean_absolute_error,
    quadratic_weighted_kappa,
    root_mean_squared_error,
    spearman,
)

METRICS = {
    "mae": mean_absolute_error,
    "rmse": root_mean_squared_error,
    "spearman": spearman,
    "kappa": quadratic_weighted_kappa,
}
# The last band includes the end of the scale.
BANDS = {"0-2": (0.0, 2.0), "2-4": (2.0, 4.0), "4-6": (4.0, 6.0), "6-8": (6.0, 8.0), "8-10": (8.0, np.inf)}
# Edges of the bins of the predicted score.
RELIABILITY_EDGES = np.arange(0.0, HIGHEST + 1)


def details(predicted: Values, expected: Values) -> dict[str, Any]:
    """Return all figures of one dimension's predictions and labels [n_articles], for JSON."""
    figures = {name: bootstrap(metric, predicted, expected).to_dict() for name, metric in METRICS.items()}
    bands = {name: _band(predicted, expected, *bounds) for name, bounds in BANDS.items()}
    return {**figures, "bands": bands, "reliability": reliability(predicted, expected)}


def reliability(predicted: Values, expected: Values) -> list[dict[str, float]]:
    """Return, for each whole point of the predicted score, mean prediction, mean label and number of articles."""
    bins = np.digitize(predicted, RELIABILITY_EDGES[1:-1])
    return [
        {
            "predicted": float(predicted[bins == index].mean()),
            "expected": float(expected[bins == index].mean()),
            "n": int((bins == index).sum()),
        }
        for index in np.unique(bins)
    ]


def _band(predicted: Values, expected: Values, low: float, high: float) -> dict[str, Any]:
    inside = (expected >= low) & (expected < high)
    return {"n": int(inside.sum()), "mae": bootstrap(error_within(low, high), predicted, expected).to_dict()}
