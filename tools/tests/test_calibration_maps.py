"""Candidate maps: monotone, aimed at the median, and no destroyer of ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from distillery_tools.calibration.maps import (
    CANDIDATES,
    MIN_SLOPE,
    fit_affine,
    fit_floor,
    fit_isotonic,
    fit_monotone_cubic,
    fit_none,
)

Values = NDArray[np.float64]

FITS = pytest.mark.parametrize("name", list(CANDIDATES))
MAPS = pytest.mark.parametrize("name", [name for name in CANDIDATES if name not in {"none", "floor"}])


def sample(size: int, seed: int = 0) -> tuple[Values, Values]:
    """Return outputs that are too flat, and scores in half points of which many are 0."""
    generator = np.random.default_rng(seed)
    expected = (generator.normal(2, 3, size).clip(0, 8) * 2).round() / 2
    return 2 + expected * 0.4 + generator.normal(0, 0.2, size), expected


def isotonic_error(raw: Values, scores: Values) -> float:
    """Return the least sum of absolute errors of any rising sequence, by linear programming."""
    order, n = np.argsort(raw), len(raw)
    rising = np.zeros((n - 1, 2 * n))
    rising[np.arange(n - 1), np.arange(n - 1)], rising[np.arange(n - 1), np.arange(1, n)] = 1, -1
    bounds = np.block([[np.eye(n), -np.eye(n)], [-np.eye(n), -np.eye(n)]])
    limits = np.concatenate([np.zeros(n - 1), scores[order], -scores[order]])
    cost = np.concatenate([np.zeros(n), np.ones(n)])
    return float(linprog(cost, A_ub=np.vstack([rising, bounds]), b_ub=limits, bounds=(None, None)).fun)


@FITS
@settings(max_examples=40, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(st.floats(-20, 20, width=32), st.integers(0, 20).map(lambda step: step / 2)), min_size=1, max_size=60
    )
)
def test_any_map_rises_and_stays_within_the_scale(name: str, pairs: list[tuple[float, float]]) -> None:
    """Whatever is fitted, ties and constants included, is what the core accepts."""
    raw, scores = np.array(pairs, dtype=np.float64).T

    fitted = CANDIDATES[name](raw, scores)

    assert np.isfinite(fitted.x).all()
    assert (np.diff(fitted.x) >= 0).all()
    assert (np.diff(fitted.y) >= 0).all()
    assert fitted.y.min() >= 0
    assert fitted.y.max() <= 10


@MAPS
def test_a_map_corrects_what_is_systematically_wrong(name: str) -> None:
    """On further articles of the same kind."""
    raw, scores = sample(500)
    unseen, expected = sample(500, seed=1)

    mapped = CANDIDATES[name](raw, scores).apply(unseen)

    assert np.abs(mapped - expected).mean() < 0.6 * np.abs(unseen - expected).mean()


@MAPS
def test_outputs_beyond_the_sample_keep_their_order(name: str) -> None:
    """Flat ends would tie the best articles of all."""
    raw, scores = sample(500)
    fitted = CANDIDATES[name](raw, scores)
    top = fitted.apply(np.array([raw.max() + 0.1]))[0]

    assert top < 10
    assert fitted.apply(np.array([raw.max() + 0.2]))[0] > top
    assert fitted.apply(np.array([-100.0, 100.0])).tolist() == [0, 10]


def test_a_floor_brings_what_is_nearly_0_to_0_and_leaves_the_rest() -> None:
    """Its bound is the one of the least error."""
    raw = np.concatenate([np.linspace(0.05, 0.45, 90), np.linspace(2, 9, 10)])

    fitted = fit_floor(raw, np.where(raw < 0.5, 0.0, raw))

    assert fitted.apply(raw[:90]) == pytest.approx(0, abs=0.01)
    assert fitted.apply(raw[90:]) == pytest.approx(raw[90:])


def test_none_only_clamps() -> None:
    """It is what happens without a file."""
    assert fit_none(*sample(20)).apply(np.array([-1.0, 3.3, 12.0])).tolist() == [0, 3.3, 10]


def test_the_line_is_that_of_least_absolute_deviation() -> None:
    """One wild label moves it by nothing."""
    raw = np.linspace(0, 4, 21)
    scores = 2 * raw + 1
    scores[-1] = 0

    fitted = fit_affine(raw, scores)

    assert fitted.apply(np.array([0.0, 2.0, 4.0])) == pytest.approx([1, 5, 9])


@pytest.mark.parametrize("slope", [-1.0, 0.0])
def test_the_line_never_falls(slope: float) -> None:
    """Outputs that go the wrong way are moved to the median, all but flat."""
    raw = np.linspace(0, 4, 21)

    mapped = fit_affine(raw, 5 + slope * raw).apply(raw)

    assert np.diff(mapped) == pytest.approx(np.full(20, MIN_SLOPE * 0.2))
    assert np.median(mapped) == pytest.approx(5 + slope * 2)


def test_isotonic_blocks_are_joined_at_their_centres() -> None:
    """Pools (1), (2, 3, 4) and (5) have the medians 0, 4 and 8."""
    fitted = fit_isotonic(np.array([1.0, 2, 3, 4, 5]), np.array([0.0, 6, 4, 2, 8]))

    assert fitted.apply(np.array([1.0, 2, 3, 4, 5])) == pytest.approx([0, 2, 4, 6, 8])


def test_equal_outputs_are_one_block() -> None:
    """Their order in the file is chance."""
    raw, scores = np.array([1.0, 2, 2, 2, 3]), np.array([0.0, 9, 1, 5, 10])

    assert fit_isotonic(raw, scores).apply(np.array([2.0])) == pytest.approx([5])


@pytest.mark.parametrize("seed", range(3))
def test_isotonic_levels_have_the_least_absolute_error(seed: int) -> None:
    """As a linear program finds it."""
    raw, scores = sample(60, seed)
    raw += np.random.default_rng(seed).normal(0, 1, 60)
    fitted = fit_isotonic(raw, scores)

    error = np.abs(fitted.y[None, :] - scores[np.argsort(raw)][:, None])
    best = np.zeros(len(fitted.y))
    for row in error:  # the cheapest way through rising levels
        best = np.minimum.accumulate(best) + row
    assert best.min() == pytest.approx(isotonic_error(raw, scores))


def test_the_cubic_goes_through_the_medians_of_its_bins() -> None:
    """Sixteen bins of 500 articles; the map lies near the curve between them."""
    raw = np.linspace(-1, 1, 800)

    mapped = fit_monotone_cubic(raw, 5 + 5 * raw**3).apply(raw)

    assert np.abs(mapped - (5 + 5 * raw**3))[50:-50].max() < 0.1


def test_the_cubic_does_not_split_ties_between_bins() -> None:
    """Nine of ten articles have one and the same output."""
    raw = np.concatenate([np.full(450, 1.0), np.linspace(2, 8, 50)])
    scores = np.concatenate([np.tile([0.0, 0.5, 1.0], 150), np.linspace(2, 8, 50)])

    mapped = fit_monotone_cubic(raw, scores).apply(raw)

    assert mapped[0] == pytest.approx(0.5)
    assert np.abs(mapped - scores)[450:].mean() < 0.5
