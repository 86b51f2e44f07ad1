"""What a calibration does on articles that it was neither fitted nor chosen on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distillery import FilterConfig
from distillery.calibration.intervals import AVERAGE
from distillery.calibration.maps import Calibration
from distillery.scoring.postfilter import HIGHEST, LOWEST, Postfilter

from ..evaluation.metrics import coverage, mean_width
from .maps import Values
from .selection import Effect


@dataclass(frozen=True)
class CalibrationEffect:
    """Error and ranks without and with the map, and how often and how narrowly the intervals hold the scores."""

    before: Effect
    after: Effect
    coverage: float
    width: float


def calibration_effects(
    config: FilterConfig, calibration: Calibration, raw: Values, scores: Values
) -> dict[str, CalibrationEffect]:
    """Measure a calibration with intervals on raw outputs and scores [n, n_dimensions].

    The result is by dimension, then of the weighted average.
    """
    calibrated = calibration.apply(raw)
    before, after, wanted = (_with_average(config, values) for values in (raw, calibrated, scores))
    intervals = calibration.intervals(calibrated, after[:, -1]) or []
    effects = {}
    for column, name in enumerate([*config.dimension_names, AVERAGE]):
        low, high = np.array([article[name] for article in intervals]).T
        effects[name] = CalibrationEffect(
            Effect.of(before[:, column], wanted[:, column]),
            Effect.of(after[:, column], wanted[:, column]),
            float(coverage(wanted[:, column], low, high)),
            float(mean_width(low, high)),
        )
    return effects


def _with_average(config: FilterConfig, scores: Values) -> Values:
    """Return clamped scores with the final weighted average as a further column."""
    return np.column_stack([scores.clip(LOWEST, HIGHEST), Postfilter(config).averages(scores)])
