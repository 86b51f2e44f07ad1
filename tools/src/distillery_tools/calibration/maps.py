"""Candidate maps from a student's output to the oracle's scale.

Students learn means, but errors are measured as absolute ones: every map aims at the median.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from sklearn.linear_model import QuantileRegressor

from distillery.toolkit import HIGHEST, LOWEST, Breakpoints

NONE, FLOOR = "none", "floor"

# A line may be almost flat, but must keep outputs distinct.
MIN_SLOPE = 0.01

# Bounds that a floor may have.
BOUNDS = np.linspace(0.1, 2.0, 20)

# Bins of the cubic: as many as possible with this many articles each, up to a maximum.
BIN_SIZE = 20
MAX_BINS = 16

# Grid steps between two corners of the cubic; numpy.interp is linear in between.
STEPS = 4

Values = NDArray[np.float64]
Fit = Callable[[Values, Values], Breakpoints]


def fit_none(raw: Values, scores: Values) -> Breakpoints:  # noqa: ARG001  the signature of a fit
    """Return the map that only clamps."""
    return Breakpoints(np.array([LOWEST, HIGHEST]), np.array([LOWEST, HIGHEST]))


def fit_floor(raw: Values, scores: Values) -> Breakpoints:
    """Fit the bound up to which the score is 0; from twice the bound on, outputs stay as they are."""
    floors = [
        Breakpoints(np.array([bound, 2 * bound, HIGHEST]), np.array([LOWEST, 2 * bound, HIGHEST])) for bound in BOUNDS
    ]
    return min(floors, key=lambda floor: float(np.abs(floor.apply(raw) - scores).mean()))


def fit_affine(raw: Values, scores: Values) -> Breakpoints:
    """Fit the rising line of least absolute deviation."""
    line = QuantileRegressor(quantile=0.5, alpha=0.0).fit(raw[:, None], scores)
    slope = max(float(line.coef_[0]), MIN_SLOPE)
    intercept = float(np.median(scores - slope * raw))
    ends = np.array([LOWEST, HIGHEST])
    return Breakpoints((ends - intercept) / slope, ends)


def fit_monotone_cubic(raw: Values, scores: Values) -> Breakpoints:
    """Fit a monotone cubic (PCHIP) through the medians of quantile bins, evaluated on a grid."""
    n_bins = min(MAX_BINS, max(len(raw) // BIN_SIZE, 1))
    edges = np.unique(np.quantile(raw, np.linspace(0, 1, n_bins + 1)[1:-1]))
    x, y = _rising(_groups(np.searchsorted(edges, raw)), raw, scores)
    if len(x) < 2:  # noqa: PLR2004  a curve needs two corners
        return _through(x, y)
    grid = np.concatenate([*(np.linspace(a, b, STEPS, endpoint=False) for a, b in pairwise(x)), x[-1:]])
    return _through(grid, np.maximum.accumulate(PchipInterpolator(x, y)(grid)))


def fit_isotonic(raw: Values, scores: Values) -> Breakpoints:
    """Fit the isotonic median, with straight lines between the centres of its blocks.

    Centring keeps the ranks that a step function would merge (Oron and Flournoy 2017).
    """
    return _through(*_rising(_groups(np.unique(raw, return_inverse=True)[1]), raw, scores))


# Simplest first: of equally good candidates the first one wins. The floor only replaces one that cannot stay.
CANDIDATES: dict[str, Fit] = {
    NONE: fit_none,
    FLOOR: fit_floor,
    "affine": fit_affine,
    "monotone_cubic": fit_monotone_cubic,
    "isotonic": fit_isotonic,
}


def _groups(labels: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return the indices of each label, in the order of the labels."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _rising(groups: Sequence[NDArray[np.intp]], raw: Values, scores: Values) -> tuple[Values, Values]:
    """Pool adjacent groups until their median scores increase strictly; return an output and the median of each pool.

    The output is the pool's mean. For a pool at the bottom of the scale it is the maximum: the oracle gives most
    articles exactly that score, so the whole pool gets it, and its ranks are noise.
    """
    pools: list[tuple[NDArray[np.intp], float]] = []
    for group in groups:
        pool, level = group, float(np.median(scores[group]))
        while pools and pools[-1][1] >= level:
            pool = np.concatenate([pools.pop()[0], pool])
            level = float(np.median(scores[pool]))
        pools.append((pool, level))
    outputs = [raw[pool].max() if level <= LOWEST else raw[pool].mean() for pool, level in pools]
    return np.array(outputs), np.array([level for _, level in pools])


def _through(x: Values, y: Values) -> Breakpoints:
    """Connect the corners by lines and continue with slope one to both ends of the scale, which keeps ranks there."""
    x = np.concatenate([[x[0] - (y[0] - LOWEST)], x, [x[-1] + (HIGHEST - y[-1])]])
    x, first = np.unique(x, return_index=True)
    return Breakpoints(x, np.concatenate([[LOWEST], y, [HIGHEST]])[first])
