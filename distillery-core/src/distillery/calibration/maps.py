"""Calibration: per dimension, a monotone map from an output to the oracle's scale; intervals and probabilities."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import FilterConfig
from ..config.scale import AVERAGE, HIGHEST, LOWEST
from ..errors import CalibrationError
from .intervals import HalfWidths, Interval, read_half_widths
from .origin import CalibrationOrigin
from .probabilities import TierProbabilities, read_probabilities


@dataclass(frozen=True, slots=True)
class Breakpoints:
    """A piecewise linear map given by its corners; flat beyond both ends."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def apply(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map values of any shape, as numpy.interp does."""
        return np.asarray(np.interp(values, self.x, self.y))


class Calibration:
    """The maps, half-widths and probabilities of a calibration.json; older files have no probabilities."""

    def __init__(
        self,
        maps: Mapping[str, Breakpoints],
        half_widths: Mapping[str, HalfWidths] | None,
        dimensions: list[str],
        identifier: str,
        probabilities: TierProbabilities | None = None,
    ) -> None:
        """Keep the maps of the filter's dimensions; those without a map pass through unchanged."""
        self._maps = maps
        self._half_widths = half_widths
        self._dimensions = dimensions
        self.identifier = identifier
        self.probabilities = probabilities

    @classmethod
    def load(cls, path: Path, config: FilterConfig, origin: CalibrationOrigin) -> Calibration:
        """Read a calibration.json; raise CalibrationError if it is malformed or of another origin.

        ``identifier`` is the first 12 hexadecimal digits of the file's sha256.
        """
        try:
            content = path.read_bytes()
            data = json.loads(content)
        except (OSError, ValueError) as error:
            raise CalibrationError(f"{path} cannot be read as JSON: {error}") from error
        if not isinstance(data, dict) or not isinstance(data.get("dimensions"), dict):
            raise CalibrationError(f"{path} has no 'dimensions'; it must map each dimension to x and y.")
        origin.check(data, path, config)
        return cls.parse(data, config, source=str(path), identifier=hashlib.sha256(content).hexdigest()[:12])

    @classmethod
    def parse(
        cls, data: dict[str, Any], config: FilterConfig, *, source: str, identifier: str = "unsaved"
    ) -> Calibration:
        """Read the content of a calibration.json without a check of its origin; raise CalibrationError if malformed."""
        maps = {name: _breakpoints(name, entry, source) for name, entry in data["dimensions"].items()}
        intervals = data.get("intervals")
        half_widths = read_half_widths(intervals, config.dimension_names, source) if intervals is not None else None
        stated = data.get("probabilities")
        probabilities = read_probabilities(stated, config, source) if stated is not None else None
        known = maps.keys() & set(config.dimension_names)
        if not known and (maps or "intervals" not in data):
            raise CalibrationError(f"{source} maps none of the dimensions {', '.join(config.dimension_names)}.")
        return cls(maps, half_widths, config.dimension_names, identifier, probabilities)

    def apply(self, raw: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map raw scores [n_articles, n_dimensions], in the filter's order, to calibrated ones."""
        calibrated = np.array(raw, dtype=np.float64)
        for column, name in enumerate(self._dimensions):
            if name in self._maps:
                calibrated[:, column] = self._maps[name].apply(calibrated[:, column])
        return calibrated

    def intervals(
        self, calibrated: NDArray[np.floating], averages: NDArray[np.float64]
    ) -> list[dict[str, Interval]] | None:
        """Return each article's intervals by dimension, in order, then of its average; None if the file has none.

        ``calibrated`` are scores [n_articles, n_dimensions], ``averages`` the final weighted ones [n_articles].
        """
        if self._half_widths is None:
            return None
        scores = np.column_stack([np.clip(np.asarray(calibrated, dtype=np.float64), LOWEST, HIGHEST), averages])
        names = [*self._dimensions, AVERAGE]
        columns = [self._half_widths[name].around(column) for name, column in zip(names, scores.T, strict=True)]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _breakpoints(name: str, entry: Any, source: str) -> Breakpoints:
    try:
        x, y = (np.asarray(entry[key], dtype=np.float64) for key in ("x", "y"))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CalibrationError(
            f"{source}: dimension '{name}' needs two lists of numbers, x and y ({error})."
        ) from error
    if x.ndim != 1 or x.shape != y.shape or x.size == 0:
        raise CalibrationError(f"{source}: dimension '{name}' has {x.size} x for {y.size} y; they must pair up.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise CalibrationError(f"{source}: dimension '{name}' has a breakpoint that is not a finite number.")
    if (np.diff(x) < 0).any() or (np.diff(y) < 0).any():
        raise CalibrationError(f"{source}: dimension '{name}' does not rise; x and y must never fall.")
    return Breakpoints(x, y)
