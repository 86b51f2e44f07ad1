"""The weighted average by why an article was chosen: at random, for a rare topic, or by what a model said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..measuring.figures import Metric, Values, bootstrap
from ..measuring.metrics import mean_absolute_error, spearman
from ..measuring.retrieval import average_precision_at, r_precision_at

# How the names of the ways begin; every other way looked for likely articles.
RANDOM, TOPIC, LIKELY = "random", "topic", "likely"
MEANING = {
    RANDOM: "drawn at random",
    TOPIC: "from sources of a rare topic",
    LIKELY: "likely by a model, by similarity or by keywords",
}


def sampling_group(sampling: str) -> str:
    """Return the group of a way of choosing articles, such as ``topic_nr``; empty if the way is unknown."""
    if not sampling:
        return ""
    beginning = sampling.partition("_")[0]
    return beginning if beginning in (RANDOM, TOPIC) else LIKELY


def sampling_figures(
    predicted: Values, expected: Values, samplings: list[str], positive_from: float
) -> dict[str, dict[str, Any]]:
    """Return numbers, error and ranking of the weighted averages [n_articles] for each group that has articles."""
    groups = np.array([sampling_group(sampling) for sampling in samplings])
    masks = {name: groups == name for name in MEANING}
    return {name: _group(predicted[mask], expected[mask], positive_from) for name, mask in masks.items() if mask.any()}


def _group(predicted: Values, expected: Values, positive_from: float) -> dict[str, Any]:
    metrics: dict[str, Metric] = {
        "mae": mean_absolute_error,
        "spearman": spearman,
        "r_precision": r_precision_at(positive_from),
        "average_precision": average_precision_at(positive_from),
    }
    figures = {name: bootstrap(metric, predicted, expected).to_dict() for name, metric in metrics.items()}
    positive: NDArray[np.bool_] = expected >= positive_from
    return {"n": len(expected), "n_positives": int(positive.sum()), **figures}
