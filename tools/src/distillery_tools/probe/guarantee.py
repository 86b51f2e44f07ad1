"""A threshold with a guarantee: at most a stated share of the positives is below it.

The estimates of held-out positives, drawn like future ones, are sorted; the threshold is the k-th lowest, so that
k - 1 of them are missed. How many may be missed follows from their number alone, before any estimate is looked at:
so the share of all positives below the threshold is Beta(k, n - k + 1) distributed, or smaller where estimates are
tied, whatever their distribution (Wilks 1941, "Determination of sample sizes for setting
tolerance limits"; for conformal prediction Vovk 2012, "Conditional validity of inductive conformal predictors"). The
upper quantile of that is the Clopper-Pearson bound of k - 1 misses among n. A lower threshold misses fewer, so a
ceiling does no harm.

Why: docs/decisions/stage1-guarantee.md
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distillery import ProbeError

from ..measuring.binomial import upper_bound


@dataclass(frozen=True)
class Threshold:
    """A threshold, and the upper bound of the miss rate given the misses among held-out positives."""

    value: float
    n_positives: int
    n_misses: int
    bound: float


def choose_threshold(estimates: NDArray[np.float64], miss_rate: float, confidence: float, ceiling: float) -> Threshold:
    """Return the highest threshold up to the ceiling that misses at most ``miss_rate``, with ``confidence``.

    ``estimates`` are those of held-out positives [n]. Raises ProbeError, naming what is possible, if they are too few
    for the guarantee even without a miss.
    """
    allowed = misses_allowed(len(estimates), miss_rate, confidence)
    if allowed is None:
        raise ProbeError(_refusal(len(estimates), miss_rate, confidence))
    value = min(float(np.sort(estimates)[allowed]), ceiling)
    n_misses = int((estimates < value).sum())
    return Threshold(value, len(estimates), n_misses, upper_bound(n_misses, len(estimates), confidence))


def misses_allowed(n_positives: int, miss_rate: float, confidence: float) -> int | None:
    """Return how many of the positives may be missed; None if even zero misses are too many."""
    n_allowed = sum(upper_bound(n_misses, n_positives, confidence) <= miss_rate for n_misses in range(n_positives))
    return n_allowed - 1 if n_allowed else None


def smallest_miss_rate(n_positives: int, confidence: float) -> float:
    """Return the smallest miss rate that so many positives can guarantee, without a miss."""
    return float(1 - (1 - confidence) ** (1 / n_positives)) if n_positives else 1.0


def positives_needed(miss_rate: float, confidence: float) -> int:
    """Return how many positives without a miss guarantee a miss rate."""
    return math.ceil(math.log(1 - confidence) / math.log(1 - miss_rate))


def _refusal(n_positives: int, miss_rate: float, confidence: float) -> str:
    return (
        f"{n_positives} held-out positives are too few for a miss rate of {miss_rate:g} with {confidence:g} "
        f"confidence: without a single miss they guarantee {smallest_miss_rate(n_positives, confidence):.3f}.\n"
        f"  Ask for that (--miss), or label more: at least {positives_needed(miss_rate, confidence)} positives are "
        "needed."
    )
