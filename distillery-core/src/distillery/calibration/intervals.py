"""Intervals around a score in which the oracle's score lies: split-conformal half-widths by bands of the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config.scale import AVERAGE, HIGHEST, LOWEST
from ..errors import CalibrationError

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class HalfWidths:
    """The half-width of each band of the score.

    Band i holds the scores above ``edges[i - 1]`` up to and with ``edges[i]``; ``widths`` has one more.
    """

    edges: NDArray[np.float64]
    widths: NDArray[np.float64]

    def around(self, scores: NDArray[np.float64]) -> list[Interval]:
        """Return the interval around each score [n] from 0 to 10, cut at both ends of the scale."""
        widths = self.widths[np.searchsorted(self.edges, scores, side="left")]
        low, high = (scores - widths).clip(min=LOWEST), (scores + widths).clip(max=HIGHEST)
        return list(zip(low.tolist(), high.tolist(), strict=True))


def read_half_widths(data: Any, dimensions: Sequence[str], source: str) -> dict[str, HalfWidths]:
    """Return the half-widths of every dimension, in order, and of the average, from a file's ``intervals``.

    Raises CalibrationError for a name that is absent or malformed; other names are ignored.
    """
    try:
        edges, widths = dict(data["edges"]), dict(data["half_widths"])
    except (KeyError, TypeError, ValueError) as error:
        raise CalibrationError(f"{source}: intervals need edges and half_widths by dimension ({error}).") from error
    return {name: _half_widths(name, edges, widths, source) for name in (*dimensions, AVERAGE)}


def _half_widths(name: str, edges: Mapping[str, Any], widths: Mapping[str, Any], source: str) -> HalfWidths:
    try:
        found = HalfWidths(*(np.asarray(values[name], dtype=np.float64) for values in (edges, widths)))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CalibrationError(f"{source}: intervals of '{name}' need two lists of numbers ({error}).") from error
    if found.edges.ndim != 1 or found.widths.shape != (found.edges.size + 1,):
        raise CalibrationError(
            f"{source}: intervals of '{name}' have {found.widths.size} half_widths for {found.edges.size} edges; "
            f"there must be one more."
        )
    if not (np.isfinite(found.edges).all() and (np.diff(found.edges) > 0).all()):
        raise CalibrationError(f"{source}: intervals of '{name}' have edges that are not rising, finite numbers.")
    if not (np.isfinite(found.widths).all() and (found.widths >= 0).all()):
        raise CalibrationError(f"{source}: intervals of '{name}' have a half-width that is negative or not finite.")
    return found
