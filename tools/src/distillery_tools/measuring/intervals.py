"""The intervals of a calibrated filter: how often they contain the label, and how wide they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from distillery import Score

from .figures import Values, bootstrap
from .metrics import coverage, mean_width


def interval_figures(results: list[Score], expected: dict[str, Values]) -> dict[str, Any] | None:
    """Return coverage and mean width for each name of ``expected``, or None if the filter has no intervals."""
    stated = [score.intervals for score in results if score.intervals is not None]
    if not stated:
        return None
    figures = {}
    for name, labels in expected.items():
        low, high = np.array([intervals[name] for intervals in stated], dtype=np.float64).T
        figures[name] = {
            "coverage": bootstrap(coverage, labels, low, high).to_dict(),
            "width": bootstrap(mean_width, low, high).to_dict(),
        }
    return figures
