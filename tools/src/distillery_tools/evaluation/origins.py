"""Whether a filter learned the subject or the source: how it ranks articles of one origin among each other.

A filter that knows only sources, such as a publisher's style, ranks positives above articles of other origins and no
better than chance above those of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ..measuring.figures import Values

EVERYWHERE, WITHIN = "everywhere", "within one origin"


def origin_figures(
    predicted: Values, expected: Values, origins: list[str], positive_from: float
) -> dict[str, dict[str, Any]] | None:
    """Return the share of pairs of a positive and another article that are ranked right, over all and within origins.

    A tie counts half (the area under the ROC curve). None without a pair within an origin.
    """
    positive = expected >= positive_from
    own = np.array(origins)
    pairs = [_pairs(predicted[own == origin], positive[own == origin]) for origin in np.unique(own[positive]) if origin]
    n_pairs = sum(n for n, _ in pairs)
    if not n_pairs:
        return None
    n_all, right = _pairs(predicted, positive)
    return {
        EVERYWHERE: {"n_pairs": n_all, "share": right / n_all},
        WITHIN: {"n_pairs": n_pairs, "share": sum(right for _, right in pairs) / n_pairs},
    }


def _pairs(predicted: Values, positive: NDArray[np.bool_]) -> tuple[int, float]:
    """Return the number of pairs of a positive and another article, and how many are ranked right (Mann-Whitney U)."""
    n_positive = int(positive.sum())
    ranks = rankdata(predicted)[positive]
    return n_positive * (len(positive) - n_positive), float(ranks.sum() - n_positive * (n_positive + 1) / 2)
