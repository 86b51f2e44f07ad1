"""The headline: how near a model's weighted averages are to the oracle's, and how well it finds the best."""

from __future__ import annotations

from typing import Any

from .figures import Metric, bootstrap
from .judged import Judged
from .metrics import mean_absolute_error, quadratic_weighted_kappa, root_mean_squared_error, share_closed, spearman
from .retrieval import average_precision_at, f1_at, precision_among_top, precision_at, recall_among_top, recall_at

# From here on an article counts as a find, in every filter alike: the predecessor's MEDIUM.
MEDIUM = 4.0
TOP = 20

FINDING: dict[str, Metric] = {
    "recall": recall_at(MEDIUM),
    "precision": precision_at(MEDIUM),
    "f1": f1_at(MEDIUM),
    "precision_among_top": precision_among_top(MEDIUM),
    "recall_among_top_20": recall_among_top(TOP),
    "average_precision": average_precision_at(MEDIUM),
}
AGREEMENT: dict[str, Metric] = {
    "weighted_average_mae": mean_absolute_error,
    "weighted_average_rmse": root_mean_squared_error,
    "spearman": spearman,
    "kappa": quadratic_weighted_kappa,
}


def headline(found: Judged, wanted: Judged, names: list[str]) -> dict[str, Any]:
    """Return the figures of the weighted average, and the error of each dimension, for JSON."""
    figures = {
        name: bootstrap(metric, found.averages, wanted.averages).to_dict()
        for name, metric in (AGREEMENT | FINDING).items()
    }
    errors = {
        name: bootstrap(mean_absolute_error, found.scores[:, column], wanted.scores[:, column]).to_dict()
        for column, name in enumerate(names)
    }
    return {**figures, "dimension_mae": errors}


def closed(found: Judged, wanted: Judged, trivial: float, noise: float) -> dict[str, float | None]:
    """Return the share of the distance from a trivial average to the oracle's noise that is closed, for JSON."""
    return bootstrap(share_closed(trivial, noise), found.averages, wanted.averages).to_dict()
