"""Calibration of a student: isotonic maps, kept only where they help on articles they were not fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import KFold

from distillery import FilterConfig
from distillery.config import StudentConfig

N_FOLDS = 5

# A map must lower the held-out error by this share to be kept: less is noise in 500 articles.
SMALLEST_GAIN = 0.01

LOWEST, HIGHEST = 0.0, 10.0

Values = NDArray[np.float64]


@dataclass(frozen=True)
class DimensionFit:
    """The effect of one dimension's map: mean absolute error before and after, cross-validated."""

    mae_before: float
    mae_after: float

    @property
    def helps(self) -> bool:
        """Whether the map lowers the error on held-out folds by more than noise."""
        return self.mae_after < self.mae_before * (1 - SMALLEST_GAIN)


def held_out_effect(raw: Values, scores: Values, seed: int = 0) -> DimensionFit:
    """Return the error of one dimension [n] before and after maps fitted on the other folds."""
    if len(raw) < N_FOLDS:
        error = float(np.abs(raw.clip(LOWEST, HIGHEST) - scores).mean())
        return DimensionFit(mae_before=error, mae_after=error)
    mapped = np.empty_like(raw)
    for fitted, held_out in KFold(N_FOLDS, shuffle=True, random_state=seed).split(raw):
        mapped[held_out] = _isotonic(raw[fitted], scores[fitted]).predict(raw[held_out])
    before = np.abs(raw.clip(LOWEST, HIGHEST) - scores).mean()
    return DimensionFit(mae_before=float(before), mae_after=float(np.abs(mapped - scores).mean()))


def fit_calibration(config: FilterConfig, student: StudentConfig, raw: Values, scores: Values) -> dict[str, Any]:
    """Fit a map for each dimension that gains from one, on validation scores [n, n_dimensions].

    Returns the content of a calibration.json, in the predecessor's form with the effect beside it;
    its ``dimensions`` are empty if no map helps.
    """
    effects = {
        name: held_out_effect(raw[:, column], scores[:, column]) for column, name in enumerate(config.dimension_names)
    }
    maps = {}
    for column, name in enumerate(config.dimension_names):
        if effects[name].helps:
            model = _isotonic(raw[:, column], scores[:, column])
            maps[name] = {"x": model.X_thresholds_.tolist(), "y": model.y_thresholds_.tolist()}
    return {
        "method": "isotonic",
        "fitted_on": "val",
        "n_samples": len(raw),
        "filter_name": config.name,
        "filter_version": config.version,
        "weights_sha256": student.weights_sha256,
        "dtype": student.dtype,
        "preprocessing": student.preprocessing.model_dump(),
        "dimensions": maps,
        "held_out_effect": {name: vars(effect) for name, effect in effects.items()},
    }


def _isotonic(raw: Values, scores: Values) -> IsotonicRegression:
    return IsotonicRegression(out_of_bounds="clip", y_min=LOWEST, y_max=HIGHEST).fit(raw, scores)
