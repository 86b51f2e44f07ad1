"""The filter's own verdict on the oracle's scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import FilterConfig
from distillery.scoring.postfilter import Outcome, Postfilter


def outcomes_of(scores: NDArray[np.float64], config: FilterConfig) -> list[Outcome]:
    """Judge scores [n_articles, n_dimensions] as the filter does: gatekeepers, then the tier."""
    return Postfilter(config).apply(scores.reshape(-1, len(config.dimensions)))


def tiers_of(records: Sequence[dict[str, Any]], config: FilterConfig) -> list[str]:
    """Return the tier's name of each sound label record."""
    rows = [[float(record["scores"][name]) for name in config.dimension_names] for record in records]
    return [outcome.tier.name for outcome in outcomes_of(np.array(rows), config)]
