"""A threshold with a guarantee: at most so many of the articles that count lie below it.

The estimates of held-out positives, drawn like those to come, are ordered; the threshold is one of them, the
k-th lowest but for the k - 1 that may be missed. How many may be missed follows from their number alone, before any
estimate is looked at: so the share of all positives below the threshold is Beta(k, n - k + 1) distributed, or
smaller where estimates are tied, whatever their distribution (Wilks 1941, "Determination of sample sizes for setting
tolerance limits"; for conformal prediction Vovk 2012, "Conditional validity of inductive conformal predictors"). The
upper quantile of that is the Clopper-Pearson bound of k - 1 misses among n. Lowering the threshold misses fewer, so
a ceiling does no harm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from distillery import ProbeError


@dataclass(frozen=True)
class Threshold:
    """A threshold, and the bound of the miss rate that the misses among held-out positives bear out."""

    value: float
    n_positives: int
    n_misses: int
    bound: float


def choose_threshold(estimates: NDArray[np.float64], miss_rate: float, confidence: float, ceiling: float) -> Threshold:
    """Return the highest threshold up to the ceiling that misses at most ``miss_rate``, with ``confidence``.

    ``estimates`` are those of held-out positives [n]. Raises ProbeError, with what would do, where so few of
    them cannot carry the promise even without a miss.
    """
    allowed = misses_allowed(len(estimates), miss_rate, confidence)
    if allowed is None:
        raise ProbeError(_refusal(len(estimates), miss_rate, confidence))
    value = min(float(np.sort(estimates)[allowed]), ceiling)
    n_misses = int((estimates < value).sum())
    return Threshold(value, len(estimates), n_misses, miss_bound(n_misses, len(estimates), confidence))


def misses_allowed(n_positives: int, miss_rate: float, confidence: float) -> int | None:
    """Return how many of the positives may be missed, None if not even none."""
    counts = np.arange(n_positives)
    within = beta.ppf(confidence, counts + 1, n_positives - counts) <= miss_rate
    return int(within.sum()) - 1 if within.any() else None


def miss_bound(n_misses: int, n_positives: int, confidence: float) -> float:
    """Return the one-sided upper bound of the miss rate (Clopper and Pearson 1934)."""
    if n_misses >= n_positives:
        return 1.0
    return float(beta.ppf(confidence, n_misses + 1, n_positives - n_misses))


def miss_interval(n_misses: int, n_positives: int) -> tuple[float, float]:
    """Return the two-sided 95 % interval of the miss rate (Clopper and Pearson 1934), 0 to 1 without positives."""
    n_found = n_positives - n_misses
    low = float(beta.ppf(0.025, n_misses, n_found + 1)) if n_misses else 0.0
    return low, float(beta.ppf(0.975, n_misses + 1, n_found)) if n_found else 1.0


def smallest_miss_rate(n_positives: int, confidence: float) -> float:
    """Return the smallest miss rate that so many positives can promise, none of them missed."""
    return float(1 - (1 - confidence) ** (1 / n_positives)) if n_positives else 1.0


def positives_needed(miss_rate: float, confidence: float) -> int:
    """Return how many positives, none of them missed, promise a miss rate."""
    return math.ceil(math.log(1 - confidence) / math.log(1 - miss_rate))


def _refusal(n_positives: int, miss_rate: float, confidence: float) -> str:
    return (
        f"{n_positives} held-out positives cannot promise a miss rate of {miss_rate:g} with {confidence:g} confidence: "
        f"without a single miss they promise {smallest_miss_rate(n_positives, confidence):.3f} at best.\n"
        f"  Ask for that (--miss), or label more: {positives_needed(miss_rate, confidence)} positives are the least."
    )
