"""How close the scores of a fast backend are to torch in float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import FilterBaseScorer, Score

from ..evaluation.metrics import spearman


def agreement(scorer: FilterBaseScorer, found: Sequence[Score], reference: Sequence[Score]) -> dict[str, Any]:
    """Return distances on the 0-10 scale and rank correlations of scores with a reference for the same articles."""
    both = [(one, other) for one, other in zip(found, reference, strict=True) if one.scores and other.scores]
    ours, theirs = (_columns(scores) for scores in zip(*both, strict=True))
    distance = np.abs(ours - theirs)
    correlations = spearman(ours, theirs)
    return {
        "filter": scorer.config.name,
        "backend": scorer.provenance.backend,
        "largest_difference": float(distance.max()),
        "mean_difference": float(distance.mean()),
        "spearman_of_average": float(correlations[-1]),
        "lowest_spearman": float(correlations.min()),
    }


def _columns(scores: Sequence[Score]) -> NDArray[np.float64]:
    """Return the dimensions and the weighted average [n_dimensions + 1, n_articles]."""
    rows = [[*(score.scores or {}).values(), score.weighted_average] for score in scores]
    return np.array(rows, dtype=np.float64).T
