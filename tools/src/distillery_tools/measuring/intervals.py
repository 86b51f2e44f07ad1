"""The intervals of a calibrated filter: how often they contain the label, among which scores, and how wide they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import Score
from distillery.toolkit import AVERAGE

from .figures import Values, bootstrap
from .metrics import coverage, mean_width

# Groups of articles by the rank of their score, as shares counted from the lowest.
GROUPS = {"lowest half": (0.0, 0.5), "next quarter": (0.5, 0.75), "next 15 %": (0.75, 0.9), "top tenth": (0.9, 1.0)}

Mask = NDArray[np.bool_]


def interval_figures(
    results: list[Score], expected: dict[str, Values], languages: Mapping[str, Mask]
) -> dict[str, Any] | None:
    """Return coverage and mean width for each name of ``expected``, or None if the filter has no intervals.

    Both also for groups of articles by their score, and the coverage for ``languages``, masks [n_articles].
    """
    if not results or any(score.intervals is None for score in results):
        return None
    return {name: _figures(name, results, labels, languages) for name, labels in expected.items()}


def _figures(name: str, results: list[Score], labels: Values, languages: Mapping[str, Mask]) -> dict[str, Any]:
    low, high = np.array([(score.intervals or {})[name] for score in results], dtype=np.float64).T
    groups = _groups(np.array([_value(score, name) for score in results]))

    def covered(part: NDArray[Any]) -> dict[str, Any]:
        return {"n": len(labels[part]), **bootstrap(coverage, labels[part], low[part], high[part]).to_dict()}

    return {
        "coverage": bootstrap(coverage, labels, low, high).to_dict(),
        "width": bootstrap(mean_width, low, high).to_dict(),
        "groups": {
            group: {**covered(part), "width": float(mean_width(low[part], high[part]))}
            for group, part in groups.items()
        },
        "languages": {language: covered(mask) for language, mask in languages.items()},
    }


def _groups(scores: Values) -> dict[str, NDArray[np.intp]]:
    """Return the indices of the articles in each group; groups without articles are left out."""
    order = np.argsort(scores, kind="stable")
    groups = {name: order[round(low * len(order)) : round(high * len(order))] for name, (low, high) in GROUPS.items()}
    return {name: part for name, part in groups.items() if len(part)}


def _value(score: Score, name: str) -> float:
    return float((score.weighted_average or 0.0) if name == AVERAGE else (score.scores or {})[name])
