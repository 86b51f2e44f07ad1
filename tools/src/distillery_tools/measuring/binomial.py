"""Clopper-Pearson bounds of a share (Clopper and Pearson 1934), exact for every sample size."""

from __future__ import annotations

from scipy.stats import beta

from .figures import CONFIDENCE


def upper_bound(n_hits: int, n_trials: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided upper bound of a share; 1 without trials."""
    return 1.0 if n_hits >= n_trials else float(beta.ppf(confidence, n_hits + 1, n_trials - n_hits))


def two_sided_interval(n_hits: int, n_trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the two-sided interval of a share; 0 to 1 without trials."""
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, n_hits, n_trials - n_hits + 1)) if n_hits else 0.0
    return low, upper_bound(n_hits, n_trials, 1 - tail)
