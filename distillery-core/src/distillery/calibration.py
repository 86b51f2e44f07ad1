"""Calibration: per dimension, a monotone map from the student's output to the oracle's scale."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .config import FilterConfig, StudentConfig
from .errors import CalibrationError
from .names import normalise


@dataclass(frozen=True, slots=True)
class Breakpoints:
    """A piecewise linear map given by its corners; flat beyond both ends."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def apply(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map values of any shape, as numpy.interp does."""
        return np.asarray(np.interp(values, self.x, self.y))


class Calibration:
    """The maps of a calibration.json, old files and new."""

    def __init__(self, maps: dict[str, Breakpoints], dimensions: list[str], identifier: str) -> None:
        """Keep the maps of the filter's dimensions; the others pass through unchanged."""
        self._maps = maps
        self._dimensions = dimensions
        self.identifier = identifier

    @classmethod
    def load(cls, path: Path, config: FilterConfig, student: StudentConfig) -> Calibration:
        """Read a calibration.json; raise CalibrationError if it is malformed or not for this student.

        ``identifier`` is the first 12 hexadecimal digits of the file's sha256.
        """
        try:
            content = path.read_bytes()
            data = json.loads(content)
        except (OSError, ValueError) as error:
            raise CalibrationError(f"{path} cannot be read as JSON: {error}") from error
        if not isinstance(data, dict) or not isinstance(data.get("dimensions"), dict):
            raise CalibrationError(f"{path} has no 'dimensions'; it must map each dimension to x and y.")
        _check_origin(data, path, config, student)
        maps = {name: _breakpoints(name, entry, path) for name, entry in data["dimensions"].items()}
        if not maps.keys() & set(config.dimension_names):
            raise CalibrationError(f"{path} maps none of the dimensions {', '.join(config.dimension_names)}.")
        return cls(maps, config.dimension_names, hashlib.sha256(content).hexdigest()[:12])

    def apply(self, raw: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map raw scores [n_articles, n_dimensions], in the filter's order, to calibrated ones."""
        calibrated = np.array(raw, dtype=np.float64)
        for column, name in enumerate(self._dimensions):
            if name in self._maps:
                calibrated[:, column] = self._maps[name].apply(calibrated[:, column])
        return calibrated


def _check_origin(data: dict[str, Any], path: Path, config: FilterConfig, student: StudentConfig) -> None:
    """Refuse maps of another filter, other weights or another reading; the predecessor checked none.

    Old files say only the filter; what a file does not say is not checked.
    """
    owner = normalise(str(data.get("filter_name", config.name)))
    if owner != config.normalised_name:
        raise CalibrationError(f"{path} was fitted for filter '{owner}', not for '{config.name}'.")
    facts = {
        "weights_sha256": student.weights_sha256,
        "dtype": student.dtype,
        "preprocessing": student.preprocessing.model_dump(),
    }
    for name, present in facts.items():
        if data.get(name, present) != present:
            raise CalibrationError(
                f"{path} was fitted with {name} {data[name]}, but the student has {present}.\n"
                f"  Fit it again: distillery train does, or set the student's calibration to null."
            )


def _breakpoints(name: str, entry: Any, path: Path) -> Breakpoints:
    try:
        x, y = (np.asarray(entry[key], dtype=np.float64) for key in ("x", "y"))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CalibrationError(f"{path}: dimension '{name}' needs two lists of numbers, x and y ({error}).") from error
    if x.ndim != 1 or x.shape != y.shape or x.size == 0:
        raise CalibrationError(f"{path}: dimension '{name}' has {x.size} x for {y.size} y; they must pair up.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise CalibrationError(f"{path}: dimension '{name}' has a breakpoint that is not a finite number.")
    if (np.diff(x) < 0).any() or (np.diff(y) < 0).any():
        raise CalibrationError(f"{path}: dimension '{name}' does not rise; x and y must never fall.")
    return Breakpoints(x, y)
