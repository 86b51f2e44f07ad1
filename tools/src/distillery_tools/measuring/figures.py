"""Figure: a number with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_RESAMPLES = 2000
CONFIDENCE = 0.95

Values = NDArray[np.float64]
# Takes arrays [..., n_articles], usually predictions and labels; returns one number per leading index.
Metric = Callable[..., Values]


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval; None where it is undefined (such as recall without hits)."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    def to_dict(self) -> dict[str, float | None]:
        """Return the figure for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, float | None]) -> Figure:
        """Return a figure from its JSON form."""
        return cls(data["value"], data["low"], data["high"])


UNDEFINED = Figure(None, None, None)


def bootstrap(metric: Metric, *values: NDArray[Any], seed: int = 0, n_resamples: int = N_RESAMPLES) -> Figure:
    """Return a metric over arrays of articles [n] with its percentile bootstrap interval.

    The articles are drawn ``n_resamples`` times with replacement, with the same draws for every metric and model of
    a data set. Resamples in which the metric is undefined are left out.
    """
    if not len(values[0]):
        return UNDEFINED
    value = float(metric(*values))
    draws = _draws(len(values[0]), n_resamples, seed)
    resampled = metric(*(array[draws] for array in values))
    resampled = resampled[np.isfinite(resampled)]
    if not np.isfinite(value) or not len(resampled):
        return UNDEFINED
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Figure(value, float(low), float(high))


@lru_cache(maxsize=4)
def _draws(n_articles: int, n_resamples: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(n_articles, size=(n_resamples, n_articles))
