"""Which articles are on a filter's topic, and which filters have so few of them that errors say little."""

from __future__ import annotations

import numpy as np

from distillery.toolkit import LOWEST

from .figures import Metric, Values
from .metrics import error_within, spearman_within

# An article is on topic from this weighted average on, by the oracle.
ON_TOPIC = 1.0

ON_TOPIC_METRICS: dict[str, Metric] = {
    "on_topic_mae": error_within(ON_TOPIC, np.inf),
    "on_topic_spearman": spearman_within(ON_TOPIC, np.inf),
    "off_topic_mae": error_within(LOWEST, ON_TOPIC),
}


def is_sparse(averages: Values) -> bool:
    """Return whether a filter is sparse: at least half of its training articles have the weighted average 0.

    The median, 0 for every article, is then a strong predictor: how far a model's error is below the median's says
    little about which articles it finds.
    """
    return bool(np.median(averages) <= 0)
