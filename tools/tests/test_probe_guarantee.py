"""The guarantee: as many misses as the bound allows, none where it allows none, and kept in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from distillery import ProbeError
from distillery_tools.measuring.binomial import two_sided_interval, upper_bound
from distillery_tools.probe.guarantee import (
    choose_threshold,
    misses_allowed,
    positives_needed,
    smallest_miss_rate,
)

NO_CEILING = 10.0


@pytest.mark.parametrize(
    ("n_positives", "miss_rate", "allowed"),
    [(58, 0.05, None), (59, 0.05, 0), (92, 0.05, 0), (93, 0.05, 1), (124, 0.05, 2), (299, 0.01, 0), (28, 0.10, None)],
)
def test_misses_allowed_are_those_of_the_tables(n_positives: int, miss_rate: float, allowed: int | None) -> None:
    assert misses_allowed(n_positives, miss_rate, 0.95) == allowed


@pytest.mark.parametrize(("n_misses", "n_positives"), [(0, 20), (1, 43), (5, 60), (20, 20)])
def test_bounds_are_scipys(n_misses: int, n_positives: int) -> None:
    test = binomtest(n_misses, n_positives)

    assert upper_bound(n_misses, n_positives, 0.95) == pytest.approx(
        binomtest(n_misses, n_positives, alternative="less").proportion_ci(0.95).high
    )
    assert two_sided_interval(n_misses, n_positives) == pytest.approx(tuple(test.proportion_ci(0.95)))


def test_without_positives_nothing_is_known() -> None:
    assert two_sided_interval(0, 0) == (0.0, 1.0)
    assert smallest_miss_rate(0, 0.95) == 1.0
    assert misses_allowed(0, 0.05, 0.95) is None


def test_threshold_is_the_order_statistic() -> None:
    estimates = np.random.default_rng(0).permutation(np.arange(124.0))

    threshold = choose_threshold(estimates, 0.05, 0.95, 1000.0)

    assert (threshold.value, threshold.n_misses, threshold.n_positives) == (2.0, 2, 124)
    assert threshold.bound == upper_bound(2, 124, 0.95) <= 0.05


def test_ceiling_lowers_the_threshold_and_the_bound() -> None:
    threshold = choose_threshold(np.arange(124.0), 0.05, 0.95, 0.5)

    assert (threshold.value, threshold.n_misses) == (0.5, 1)
    assert threshold.bound == upper_bound(1, 124, 0.95)


def test_tied_estimates_are_not_missed() -> None:
    threshold = choose_threshold(np.repeat(1.5, 124), 0.05, 0.95, NO_CEILING)

    assert (threshold.value, threshold.n_misses) == (1.5, 0)


def test_refusal_says_what_the_positives_can_carry() -> None:
    with pytest.raises(ProbeError, match=r"58 held-out(.|\n)*guarantee 0\.050.*\n.*at least 59 positives"):
        choose_threshold(np.arange(58.0), 0.05, 0.95, NO_CEILING)


@pytest.mark.parametrize("n_positives", [60, 124, 242])
def test_promise_is_kept_however_often_it_is_made(n_positives: int) -> None:
    n_trials, miss_rate, confidence = 20_000, 0.05, 0.95
    allowed = misses_allowed(n_positives, miss_rate, confidence)
    drawn = np.random.default_rng(1).standard_normal((n_trials, n_positives))

    thresholds = np.sort(drawn, axis=1)[:, allowed]
    broken = (norm.cdf(thresholds) > miss_rate).mean()

    assert choose_threshold(drawn[0], miss_rate, confidence, NO_CEILING).value == thresholds[0]
    assert broken <= 1 - confidence + 4 * np.sqrt(0.05 * 0.95 / n_trials)


@pytest.mark.parametrize("miss_rate", [0.02, 0.05, 0.1])
def test_positives_needed_are_enough_and_no_more(miss_rate: float) -> None:
    needed = positives_needed(miss_rate, 0.95)

    assert smallest_miss_rate(needed, 0.95) <= miss_rate < smallest_miss_rate(needed - 1, 0.95)
    assert misses_allowed(needed, miss_rate, 0.95) == 0
    assert misses_allowed(needed - 1, miss_rate, 0.95) is None
