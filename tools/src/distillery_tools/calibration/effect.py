"""The effect of a calibration on articles that it was neither fitted nor chosen on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distillery import FilterConfig
from distillery.toolkit import AVERAGE, Calibration, Interval

from ..measuring.metrics import coverage, mean_width
from .average import with_average
from .maps import Values
from .selection import Effect


@dataclass(frozen=True)
class CalibrationEffect:
    """Error and ranks without and with the map; coverage and width of the intervals, None without intervals."""

    before: Effect
    after: Effect
    coverage: float | None
    width: float | None


def calibration_effects(
    config: FilterConfig, calibration: Calibration, raw: Values, scores: Values
) -> dict[str, CalibrationEffect]:
    """Measure a calibration on raw outputs and scores [n, n_dimensions], by dimension, then of the weighted average."""
    calibrated = calibration.apply(raw)
    before, after, expected = (with_average(config, values) for values in (raw, calibrated, scores))
    intervals = calibration.intervals(calibrated, after[:, -1])
    effects = {}
    for column, name in enumerate([*config.dimension_names, AVERAGE]):
        effects[name] = CalibrationEffect(
            Effect.of(before[:, column], expected[:, column]),
            Effect.of(after[:, column], expected[:, column]),
            *_interval_figures([article[name] for article in intervals or ()], expected[:, column]),
        )
    return effects


def _interval_figures(intervals: Sequence[Interval], expected: Values) -> tuple[float | None, float | None]:
    """Return coverage and mean width, None without intervals."""
    if not intervals:
        return None, None
    low, high = np.array(intervals, dtype=np.float64).T
    return float(coverage(expected, low, high)), float(mean_width(low, high))
