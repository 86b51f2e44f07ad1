"""How close a backend's scores are to torch in float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import FilterBaseScorer, Score

from ..measuring.metrics import spearman


def agreement(scorer: FilterBaseScorer, found: Sequence[Score], reference: Sequence[Score]) -> dict[str, Any]:
    """Return differences on the 0-10 scale and rank correlations with reference scores of the same articles.

    Dimensions are ranked by raw scores: after calibration and clamping many articles share a zero.
    """
    both = [(one, other) for one, other in zip(found, reference, strict=True) if one.scores and other.scores]
    ours, theirs = zip(*both, strict=True)
    distance = np.abs(_final(ours) - _final(theirs))
    return {
        "filter": scorer.config.name,
        "backend": scorer.provenance.backend,
        "largest_difference": float(distance.max()),
        "mean_difference": float(distance.mean()),
        "spearman_of_average": float(spearman(_final(ours)[-1], _final(theirs)[-1])),
        "lowest_spearman": float(spearman(_raw(ours), _raw(theirs)).min()),
    }


def _final(scores: Sequence[Score]) -> NDArray[np.float64]:
    """Return the dimensions and the weighted average [n_dimensions + 1, n_articles]."""
    rows = [[*(score.scores or {}).values(), score.weighted_average] for score in scores]
    return np.array(rows, dtype=np.float64).T


def _raw(scores: Sequence[Score]) -> NDArray[np.float64]:
    """Return the raw scores [n_dimensions, n_articles]."""
    return np.array([list((score.raw_scores or {}).values()) for score in scores], dtype=np.float64).T
