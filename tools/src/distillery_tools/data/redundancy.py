"""Redundancy: whether dimensions measure different things."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTABLE, TOO_ALIKE = 0.70, 0.85
ACCEPTED_FIRST_COMPONENT, TOO_LARGE_FIRST_COMPONENT = 0.70, 0.85
EXPLAINED = (0.90, 0.95, 0.99)
EIGENVALUE_TOLERANCE = 1e-9


def redundancy_figures(scores: NDArray[np.float64], names: list[str]) -> dict[str, Any] | None:
    """Return correlations and principal components of scores [n_articles, n_dimensions].

    Pearson's r of each pair; components of the standardised scores, that is of the matrix of correlations; the
    redundancy ratio is ``1 - n95 / n_dimensions``. Dimensions that never change are named and left out. None if
    fewer than two others are left.
    """
    varies = np.ptp(scores, axis=0) > 0 if len(scores) else np.zeros(len(names), dtype=bool)
    kept = [name for name, does in zip(names, varies, strict=True) if does]
    if len(kept) < 2:  # noqa: PLR2004  a pair
        return None
    correlations: NDArray[np.float64] = np.asarray(np.corrcoef(scores[:, varies], rowvar=False))
    shares = np.linalg.eigvalsh(correlations)[::-1] / len(kept)
    components = {f"{part:.0%}": _n_components(shares, part) for part in EXPLAINED}
    pairs = _pairs(correlations, kept)
    return {
        "n_articles": len(scores),
        "constant": [name for name in names if name not in kept],
        "correlations": {
            name: dict(zip(kept, row.tolist(), strict=True)) for name, row in zip(kept, correlations, strict=True)
        },
        "pairs": [pair for pair in pairs if abs(pair["r"]) > NOTABLE],
        "first_component": float(shares[0]),
        "components": components,
        "redundancy_ratio": 1 - components["95%"] / len(kept),
        "verdict": _verdict([abs(pair["r"]) for pair in pairs], float(shares[0])),
    }


def _n_components(shares: NDArray[np.float64], part: float) -> int:
    """Return how many of the largest components explain a part of the variance."""
    return int(np.searchsorted(np.cumsum(shares), part - EIGENVALUE_TOLERANCE)) + 1


def _pairs(correlations: NDArray[np.float64], names: list[str]) -> list[dict[str, Any]]:
    """Return the correlation of each pair, the strongest first."""
    pairs = [
        {"first": names[a], "second": names[b], "r": float(correlations[a, b])}
        for a, b in combinations(range(len(names)), 2)
    ]
    return sorted(pairs, key=lambda pair: -abs(pair["r"]))


def _verdict(strengths: list[float], first_component: float) -> str:
    """Judge by the bounds that have proved themselves: moderate correlation does no harm."""
    n_too_alike = sum(strength > TOO_ALIKE for strength in strengths)
    if first_component > TOO_LARGE_FIRST_COMPONENT or n_too_alike > 1:
        return "redundant: merge dimensions before training"
    if n_too_alike or first_component >= ACCEPTED_FIRST_COMPONENT:
        return "doubtful: look at the pairs before training"
    if any(strength > NOTABLE for strength in strengths):
        return "accepted: moderately correlated"
    return "distinct"
