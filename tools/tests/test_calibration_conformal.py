"""Half-widths: right coverage on further articles, and narrow where the student is sure."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from distillery.toolkit import HalfWidths
from distillery_tools.calibration.conformal import fit_half_widths, group_edges, group_quantile, min_articles

Values = NDArray[np.float64]


def sample(size: int, seed: int) -> tuple[Values, Values]:
    """Return predictions and scores in half points, most of them near 0, of an error that grows with the score."""
    generator = np.random.default_rng(seed)
    predicted = generator.exponential(1.2, size).clip(0, 10)
    wanted = predicted + generator.normal(0, 0.1 + 0.4 * predicted)
    return predicted, (wanted.clip(0, 10) * 2).round() / 2


def mostly_off_topic(size: int, seed: int) -> tuple[Values, Values]:
    """Return a sample of which two thirds are at 0, as the student sees as well."""
    generator = np.random.default_rng(seed)
    predicted, wanted = sample(size // 3, seed)
    off_topic = generator.uniform(0, 0.1, size - size // 3)
    return np.concatenate([predicted, off_topic]), np.concatenate([wanted, np.zeros(len(off_topic))])


def fit(sample: tuple[Values, Values], level: float = 0.9) -> HalfWidths:
    """Fit on predictions that are the scores themselves."""
    predicted, wanted = sample
    return fit_half_widths(predicted, np.abs(predicted - wanted), level)


def covered(fitted: tuple[Values, Values], on: tuple[Values, Values], level: float) -> tuple[float, float, float]:
    """Fit on one sample; return coverage, that in the top tenth, and mean width on another."""
    predicted, wanted = on
    low, high = np.array(fit(fitted, level).around(predicted)).T
    inside = (low <= wanted) & (wanted <= high)
    top = predicted >= np.quantile(predicted, 0.9)
    return float(inside.mean()), float(inside[top].mean()), float((high - low).mean())


@pytest.mark.parametrize(("n", "level", "rank"), [(99, 0.5, 50), (60, 0.9, 57), (99, 0.9, 92), (999, 0.9, 900)])
def test_the_quantile_is_conformal_and_stable(n: int, level: float, rank: int) -> None:
    """At least the ceil((n + 1) level)-th smallest; higher where a small group would else often cover too little."""
    assert group_quantile(np.arange(n, 0.0, -1.0), level) == rank
    assert rank >= math.ceil(round((n + 1) * level, 9))


@pytest.mark.parametrize("n", [0, 1, 8])
def test_too_few_residuals_give_the_whole_scale(n: int) -> None:
    """Eight articles cannot say what nine of ten do."""
    assert group_quantile(np.zeros(n), 0.9) == 10


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_coverage_is_the_level_on_further_articles(level: float) -> None:
    """On average over many fits, or a little more, and in the top tenth as well if it is a group of its own."""
    found = [covered(sample(30 * min_articles(level), seed), sample(2000, 1000 + seed), level) for seed in range(20)]

    overall, in_top_tenth, _ = np.mean(found, axis=0)
    assert level - 0.01 < overall < level + 0.03
    assert in_top_tenth > level - 0.02


def test_most_articles_have_narrower_intervals_than_one_width_would_give() -> None:
    """Where most are far off the topic, at the same coverage; the few on topic pay for theirs."""
    fitted, unseen = mostly_off_topic(486, 0), mostly_off_topic(5000, 1)
    one = np.sort(np.abs(fitted[0] - fitted[1]))[math.ceil(487 * 0.9) - 1]

    coverage, _, _ = covered(fitted, unseen, 0.9)

    assert coverage == pytest.approx(0.91, abs=0.03)
    widths = fit(fitted).widths
    assert widths[0] < 0.5 * one < one < widths[-1]


def test_widths_grow_with_the_error() -> None:
    """Each group of this student is less sure than the one below."""
    half_widths = fit(sample(2000, 0))

    assert len(half_widths.widths) == 6
    assert all(lower < upper for lower, upper in pairwise(half_widths.widths))


def test_exact_zeros_do_not_widen_the_intervals() -> None:
    """Most labels are 0 and so are the predictions: their band is narrow, and coverage stays near the level."""
    fitted, unseen = ((p.clip(1) - 1, (w - 1).clip(0)) for p, w in (sample(486, 0), sample(5000, 1)))

    coverage, _, _ = covered(fitted, unseen, 0.9)

    assert 0.88 <= coverage <= 0.96
    assert fit(fitted).widths[0] < 0.6


def test_a_perfect_student_has_narrow_intervals() -> None:
    """No spread of 0 is divided by."""
    wanted = np.linspace(0, 10, 400)

    assert fit((wanted, wanted)).widths.max() == 0


def test_each_group_holds_half_of_what_is_left() -> None:
    """The first half, a quarter, an eighth and an eighth."""
    assert group_edges(np.linspace(0, 8, 801), 60) == pytest.approx([4, 6, 7], abs=0.02)


@pytest.mark.parametrize(("size", "n_groups"), [(20, 1), (119, 1), (120, 2), (240, 3), (480, 4), (960, 5)])
def test_no_group_has_too_few_articles(size: int, n_groups: int) -> None:
    """Small samples have fewer groups."""
    assert len(group_edges(np.linspace(0, 8, size), 60)) == n_groups - 1


@pytest.mark.parametrize("share_of_zeros", [0.5, 0.8, 0.95, 1.0])
def test_ties_are_never_split(share_of_zeros: float) -> None:
    """Clamped scores are 0 exactly; they are one group, and no group is small."""
    predicted = np.zeros(500)
    others = round(500 * (1 - share_of_zeros))
    predicted[:others] = np.linspace(1, 9, others)

    edges = group_edges(predicted, 60)

    sizes = np.bincount(np.searchsorted(edges, predicted), minlength=len(edges) + 1)
    assert (np.diff(edges) > 0).all()
    assert sizes.min() >= (60 if share_of_zeros != 0.95 else 25)
    assert len(edges) == {0.5: 3, 0.8: 1, 0.95: 1, 1.0: 0}[share_of_zeros]


def test_few_scores_above_many_zeros_have_a_width_of_their_own() -> None:
    """They would have that of the zeros; a handful of them says nothing."""
    for n_above, widest in ((40, 3.5), (8, 10.0)):
        predicted = np.concatenate([np.zeros(600), np.linspace(1, 5, n_above)])
        wanted = np.concatenate([np.zeros(600), np.linspace(1, 5, n_above) + np.linspace(-3, 3, n_above)])

        half_widths = fit((predicted, wanted))

        assert half_widths.widths[0] == 0
        assert 2 < half_widths.widths[1] <= widest


def test_ties_at_the_top_are_a_group_of_their_own() -> None:
    """A gatekeeper's cap holds many averages at one value."""
    predicted = np.concatenate([np.linspace(0, 2.9, 200), np.full(300, 3.0)])

    edges = group_edges(predicted, 60)

    assert edges[-1] < 3
    assert (np.searchsorted(edges, predicted[200:]) == len(edges)).all()


def test_few_articles_still_have_intervals() -> None:
    """As wide as the scale: nothing is known."""
    half_widths = fit((np.array([1.0, 5.0]), np.array([1.0, 5.0])))

    assert half_widths.edges.size == 0
    assert half_widths.around(np.array([3.0])) == [(0.0, 10.0)]


@pytest.mark.parametrize(("level", "expected"), [(0.8, 25), (0.9, 60), (0.95, 122), (0.99, 700)])
def test_so_many_articles_make_the_coverage_stable(level: float, expected: int) -> None:
    """Simulated: in nine of ten calibrations the share outside is at most 1.5 times the stated one."""
    n_articles = min_articles(level)
    assert n_articles == expected

    generator = np.random.default_rng(0)
    residuals = np.sort(generator.uniform(size=(20_000, n_articles)), axis=1)
    rank = math.ceil(round((n_articles + 1) * level, 9))
    coverage = residuals[:, rank - 1]  # of a uniform variable below it
    assert (coverage >= 1 - 1.5 * (1 - level)).mean() >= 0.89
