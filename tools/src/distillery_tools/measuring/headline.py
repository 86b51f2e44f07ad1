"""The headline: how close a model's weighted averages are to the oracle's, and how well it finds the positives."""

from __future__ import annotations

from typing import Any

from .figures import Metric, bootstrap
from .final_scores import FinalScores
from .metrics import gap_closed, mean_absolute_error, quadratic_weighted_kappa, root_mean_squared_error, spearman
from .retrieval import average_precision_at, f1_at, ndcg, overlap_at, precision_at, r_precision_at, recall_at
from .topic import ON_TOPIC_METRICS

TOP = 20

AGREEMENT: dict[str, Metric] = {
    "weighted_average_mae": mean_absolute_error,
    "weighted_average_rmse": root_mean_squared_error,
    "spearman": spearman,
    "kappa": quadratic_weighted_kappa,
    **ON_TOPIC_METRICS,
}


def retrieval(positive_from: float) -> dict[str, Metric]:
    """Return the metrics of how a model finds the positives, which the oracle puts at ``positive_from`` or above."""
    return {
        "recall": recall_at(positive_from),
        "precision": precision_at(positive_from),
        "f1": f1_at(positive_from),
        "r_precision": r_precision_at(positive_from),
        "overlap_at_20": overlap_at(TOP),
        "average_precision": average_precision_at(positive_from),
        "ndcg": ndcg,
    }


def headline(found: FinalScores, expected: FinalScores, names: list[str], positive_from: float) -> dict[str, Any]:
    """Return the figures of the weighted average, and the MAE of each dimension, for JSON."""
    figures = {
        name: bootstrap(metric, found.averages, expected.averages).to_dict()
        for name, metric in (AGREEMENT | retrieval(positive_from)).items()
    }
    errors = {
        name: bootstrap(mean_absolute_error, found.scores[:, column], expected.scores[:, column]).to_dict()
        for column, name in enumerate(names)
    }
    return {**figures, "dimension_mae": errors}


def gap_closed_figure(
    found: FinalScores, expected: FinalScores, trivial: float, oracle_mae: float
) -> dict[str, float | None]:
    """Return the gap closed between a trivial average and the oracle's MAE against itself, for JSON."""
    return bootstrap(gap_closed(trivial, oracle_mae), found.averages, expected.averages).to_dict()
