"""How far scores moved: rank correlation, mean and largest shift of each dimension and of the average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from distillery.toolkit import AVERAGE

from ..measuring.figures import bootstrap
from ..measuring.metrics import bias, mean_absolute_error, spearman
from .pairs import Pairs
from .results import Result


def shift_figures(pairs: Pairs) -> dict[str, Any]:
    """Return the figures of each common dimension and of the weighted average, new minus old, for JSON."""
    keys = list(pairs.scored)
    found = {}
    for name, (old, new) in pairs.columns().items():
        largest = int(np.abs(new - old).argmax())
        found[name] = {
            "spearman": bootstrap(spearman, new, old).to_dict(),
            "mean_shift": bootstrap(bias, new, old).to_dict(),
            "mean_absolute_shift": bootstrap(mean_absolute_error, new, old).to_dict(),
            "largest_shift": float(new[largest] - old[largest]),
            "largest_shift_id": keys[largest],
        }
    return found


def largest_move(pairs: Pairs) -> tuple[float, str]:
    """Return the largest distance between two numbers that users get, and which number of which article that is."""
    moves = [
        (distance, f"{name} of {key}")
        for key, (old, new) in pairs.scored.items()
        for name, distance in _distances(old, new).items()
    ]
    return max(moves)


def _distances(old: Result, new: Result) -> Mapping[str, float]:
    """Return by how much each number moved; one that only one version has moved by as much as it is."""
    before, after = old.numbers(), new.numbers()
    return {name: abs(after.get(name, 0.0) - before.get(name, 0.0)) for name in {**before, **after}}


def mean_shift(pairs: Pairs) -> float:
    """Return by how much the mean of the weighted average moved."""
    old, new = pairs.columns()[AVERAGE]
    return float(bias(new, old))
