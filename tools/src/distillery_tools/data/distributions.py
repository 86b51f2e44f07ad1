"""Distributions of scores over the scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery.toolkit import HIGHEST

BAND_BORDERS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
BANDS = tuple(f"{low:g}-{high:g}" for low, high in pairwise(BAND_BORDERS))
QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)


def distribution(values: NDArray[np.float64]) -> dict[str, Any]:
    """Return mean, standard deviation, quantiles, share of zeros and numbers by band of scores [n_articles]."""
    quantiles = np.quantile(values, QUANTILES).tolist()
    return {
        "mean": float(values.mean()),
        "standard_deviation": float(values.std()),
        "quantiles": {f"{part:.0%}": value for part, value in zip(QUANTILES, quantiles, strict=True)},
        "zeros": float((values == 0).mean()),
        "bands": dict(zip(BANDS, band_counts(values), strict=True)),
    }


def band_counts(values: NDArray[np.float64]) -> list[int]:
    """Count scores by band; a border belongs to the band above it, the end of the scale to the last."""
    counts: list[int] = np.histogram(values, bins=[*BAND_BORDERS[:-1], np.nextafter(HIGHEST, np.inf)])[0].tolist()
    return counts


def tier_counts(tiers: Sequence[str], order: Sequence[str]) -> dict[str, int]:
    """Count articles by tier, in the filter's order."""
    found = Counter(tiers)
    return {tier: found[tier] for tier in order}
