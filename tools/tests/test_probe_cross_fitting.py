"""Cross-fitting: a linear map from all articles, estimates that have not seen theirs, and the promise they carry."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from distillery import ProbeError
from distillery_tools.probe.cross_fitting import cross_fit
from distillery_tools.probe.guarantee import choose_threshold

WIDTH = 8
SHIFT = np.array([2.0, -1.0, 0.5, *[0.0] * (WIDTH - 3)])


def drawn(n: int, seed: int, noise: float = 0.5) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_]]:
    """Return vectors of two classes, a score of 6 or 1 with noise, and which are positive."""
    numbers = np.random.default_rng(seed)
    positive = np.arange(n) % 4 == 0
    vectors = (numbers.standard_normal((n, WIDTH)) + positive[:, None] * SHIFT).astype(np.float32)
    scores = np.where(positive, 6.0, 1.0)[:, None] + noise * numbers.standard_normal((n, 1))
    return vectors, scores, positive


def test_linear_scores_are_found() -> None:
    vectors = np.random.default_rng(0).standard_normal((200, WIDTH)).astype(np.float32)
    weight, bias = np.random.default_rng(1).standard_normal((3, WIDTH)), np.array([1.0, 2.0, 3.0])
    scores = vectors @ weight.T + bias

    fitted = cross_fit(vectors, scores, scores[:, 0] > 1, range(200))

    np.testing.assert_allclose(fitted.weight, weight, atol=0.1)
    np.testing.assert_allclose(fitted.bias, bias, atol=0.1)
    np.testing.assert_allclose(fitted.held_out, scores, atol=0.5)


def test_held_out_estimates_have_not_seen_their_article() -> None:
    vectors, scores, positive = drawn(120, seed=0)
    before = cross_fit(vectors, scores, positive, range(120))
    scores[7] += 1000.0

    after = cross_fit(vectors, scores, positive, range(120))

    assert after.alphas != before.alphas  # the fits have changed, but not that of the article itself
    np.testing.assert_array_equal(after.held_out[7], before.held_out[7])
    assert (np.abs(after.held_out - before.held_out)[:, 0] > 1e-3).sum() > 100


def test_near_duplicates_are_held_out_together() -> None:
    vectors, scores, positive = drawn(120, seed=0)
    groups = list(range(120))
    groups[8] = groups[7]
    before = cross_fit(vectors, scores, positive, groups)
    scores[8] += 1000.0

    after = cross_fit(vectors, scores, positive, groups)

    np.testing.assert_array_equal(after.held_out[7], before.held_out[7])


def test_fits_are_the_same_again() -> None:
    one, two = (cross_fit(*drawn(80, seed=2), range(80)) for _ in range(2))

    np.testing.assert_array_equal(one.weight, two.weight)
    np.testing.assert_array_equal(one.held_out, two.held_out)


def test_too_few_positives_are_refused() -> None:
    vectors, scores, _ = drawn(80, seed=0)

    with pytest.raises(ProbeError, match="4 positives are too few"):
        cross_fit(vectors, scores, np.arange(80) < 4, range(80))


def test_promise_is_kept_by_the_whole_probe() -> None:
    """The classes are Gaussian, so that the share that a threshold misses is known and not estimated.

    benchmarks/guarantee.py does the same in earnest.
    """
    broken, n_trials = 0, 10
    for trial in range(n_trials):
        vectors, scores, positive = drawn(240, seed=trial)
        fitted = cross_fit(vectors, scores, positive, range(240))
        threshold = choose_threshold(fitted.held_out[positive, 0], 0.1, 0.95, ceiling=10.0)
        centre, spread = fitted.weight[0] @ SHIFT + fitted.bias[0], np.linalg.norm(fitted.weight[0])
        broken += norm.cdf(threshold.value, centre, spread) > 0.1

    assert broken <= 3  # of ten; more have a chance of one in a thousand
