"""How well a filter of one dimension separates clear cases; unclear cases are left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from distillery.toolkit import HIGHEST, LOWEST

from ..measuring.figures import Values, bootstrap
from ..measuring.retrieval import f1_at, precision_at, recall_at
from .languages import ENGLISH, NOT_ENGLISH, language_groups

# At or above the first, an article clearly belongs; below the second, it clearly does not.
CLEARLY, CLEARLY_NOT = 7.0, 3.0
ALL = "all"


def separation(predicted: Values, expected: Values, languages: list[str], threshold: float) -> dict[str, Any]:
    """Return F1, precision and recall of "predicted at or above the threshold" among the clear cases."""
    masks = {ALL: np.ones(len(expected), dtype=bool), **language_groups(languages)}
    clear = (expected >= CLEARLY) | (expected < CLEARLY_NOT)
    groups = {name: masks[name] & clear for name in (ALL, ENGLISH, NOT_ENGLISH) if name in masks}
    figures = {name: _group(predicted[mask], expected[mask], threshold) for name, mask in groups.items()}
    return {"threshold": threshold, "n_dropped": int((~clear).sum()), "groups": figures}


def _group(predicted: Values, expected: Values, threshold: float) -> dict[str, Any]:
    # At the ends of the scale a clear case is on the right side of any threshold.
    sides = np.where(expected >= CLEARLY, HIGHEST, LOWEST)
    metrics = {"f1": f1_at(threshold), "precision": precision_at(threshold), "recall": recall_at(threshold)}
    figures = {name: bootstrap(metric, predicted, sides).to_dict() for name, metric in metrics.items()}
    n_positive = int((sides == HIGHEST).sum())
    return {"n_positive": n_positive, "n_negative": len(sides) - n_positive, **figures}
