"""Redundancy: whether dimensions measure different things."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTABLE, TOO_STRONG = 0.70, 0.85
ACCEPTED_FIRST_COMPONENT, TOO_LARGE_FIRST_COMPONENT = 0.70, 0.85
EXPLAINED = (0.90, 0.95, 0.99)
EIGENVALUE_TOLERANCE = 1e-9


def redundancy_figures(scores: NDArray[np.float64], names: list[str]) -> dict[str, Any] | None:
    """Return correlations and principal components of scores [n_articles, n_dimensions].

    Pearson's r of each pair; components of the correlation matrix; the redundancy ratio is
    ``1 - n95 / n_dimensions``. Constant dimensions are named and left out. None if fewer than two others remain.
    """
    varies = np.ptp(scores, axis=0) > 0 if len(scores) else np.zeros(len(names), dtype=bool)
    varying = [name for name, does in zip(names, varies, strict=True) if does]
    if len(varying) < 2:  # noqa: PLR2004  a pair
        return None
    correlations: NDArray[np.float64] = np.asarray(np.corrcoef(scores[:, varies], rowvar=False))
    shares = np.linalg.eigvalsh(correlations)[::-1] / len(varying)
    components = {f"{part:.0%}": _n_components(shares, part) for part in EXPLAINED}
    pairs = _pairs(correlations, varying)
    return {
        "n_articles": len(scores),
        "constant": [name for name in names if name not in varying],
        "correlations": {
            name: dict(zip(varying, row.tolist(), strict=True)) for name, row in zip(varying, correlations, strict=True)
        },
        "pairs": [pair for pair in pairs if abs(pair["r"]) > NOTABLE],
        "first_component": float(shares[0]),
        "components": components,
        "redundancy_ratio": 1 - components["95%"] / len(varying),
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
    """Return a verdict: strong correlation means redundant dimensions, moderate correlation does no harm."""
    n_too_strong = sum(strength > TOO_STRONG for strength in strengths)
    if first_component > TOO_LARGE_FIRST_COMPONENT or n_too_strong > 1:
        return "redundant: merge dimensions before training"
    if n_too_strong or first_component >= ACCEPTED_FIRST_COMPONENT:
        return "doubtful: look at the pairs before training"
    if any(strength > NOTABLE for strength in strengths):
        return "accepted: moderately correlated"
    return "distinct"
