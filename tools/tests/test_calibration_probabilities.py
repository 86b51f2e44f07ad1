"""Probabilities: right on further articles, sound where positives are few, monotone always."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from distillery import FilterConfig
from distillery_tools.calibration.probabilities import MIN_ARTICLES, fit_curve, fit_probabilities
from distillery_tools.measuring.confidence import reliability_error

Values = NDArray[np.float64]


def sample(size: int, seed: int) -> tuple[Values, Values]:
    """Return a student's averages, drawn towards the middle, and the oracle's; most are low."""
    generator = np.random.default_rng(seed)
    averages = generator.exponential(1.2, size).clip(0, 10)
    return averages, (1.3 * averages + generator.normal(0, 0.2 + 0.2 * averages)).clip(0, 10)


@pytest.mark.parametrize("threshold", [2.0, 4.0])
def test_probabilities_hold_on_further_articles(threshold: float) -> None:
    """On average over samples of the size that filters have."""
    unseen, expected = sample(20_000, 99)
    errors = []
    for seed in range(10):
        averages, oracle = sample(700, seed)
        found = fit_curve(averages, oracle >= threshold, threshold).apply(unseen)
        errors.append(reliability_error(found, expected >= threshold))

    assert np.mean(errors) < 0.02


def test_a_curve_rises_even_against_the_articles() -> None:
    """Where the few positives lie at the bottom by chance."""
    averages = np.linspace(0, 6, 200)
    curve = fit_curve(averages, averages < 0.1, 4.0)

    assert (np.diff(curve.apply(np.linspace(0, 10, 50))) > 0).all()


def test_without_positives_the_prior_speaks() -> None:
    """Unlikely where articles are, and still possible beyond them."""
    averages, _ = sample(700, 0)
    curve = fit_curve(averages, np.zeros(700, dtype=bool), 7.0)

    assert curve.apply(averages).sum() < 1
    assert 0.3 < curve.apply(np.array(9.9)) < 1


def test_every_tier_and_the_positives_have_a_curve(config: FilterConfig) -> None:
    """With the number of positives that it stands on."""
    averages, oracle = sample(300, 0)
    stated = config.model_copy(update={"stated_positive_from": 2.5})

    content = fit_probabilities(stated, averages, oracle)

    assert content is not None
    floors = {tier.at_least for tier in config.tiers if tier.at_least > 0}
    assert [curve["at_least"] for curve in content["curves"]] == sorted(floors | {2.5})
    for curve in content["curves"]:
        assert curve["n_positives"] == (oracle >= curve["at_least"]).sum()


def test_few_articles_have_no_probabilities(config: FilterConfig) -> None:
    averages, oracle = sample(MIN_ARTICLES, 0)

    assert fit_probabilities(config, averages[1:], oracle[1:]) is None
    assert fit_probabilities(config, averages, oracle) is not None
