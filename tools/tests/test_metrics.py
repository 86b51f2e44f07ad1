"""Metrics of distance, held against sklearn and scipy, and the bootstrap intervals of all metrics."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import cohen_kappa_score
from sklearn.metrics import mean_absolute_error as sklearn_mae
from sklearn.metrics import root_mean_squared_error as sklearn_rmse

from distillery_tools.measuring import figures
from distillery_tools.measuring.figures import UNDEFINED, Figure, Metric, bootstrap
from distillery_tools.measuring.metrics import (
    bias,
    coverage,
    error_within,
    gap_closed,
    mean_absolute_error,
    mean_width,
    pearson,
    quadratic_weighted_kappa,
    root_mean_squared_error,
    spearman,
    spearman_within,
)
from distillery_tools.measuring.retrieval import recall_at

Values = NDArray[np.float64]

THRESHOLD = 4.0
METRICS: dict[str, Metric] = {
    "mae": mean_absolute_error,
    "rmse": root_mean_squared_error,
    "pearson": pearson,
    "spearman": spearman,
    "kappa": quadratic_weighted_kappa,
    "error within a band": error_within(2.0, 6.0),
    "rank correlation within a band": spearman_within(2.0, 6.0),
    "gap closed": gap_closed(3.0, 0.3),
    "recall": recall_at(THRESHOLD),
}
all_metrics = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
seeds = pytest.mark.parametrize("seed", range(5))


def sample(seed: int, n_articles: int = 80, decimals: int = 8) -> tuple[Values, Values]:
    """Return predictions and labels that go together roughly; few decimals make ties."""
    generator = np.random.default_rng(seed)
    expected = generator.uniform(0, 8, n_articles)
    predicted = expected + generator.normal(0, 1.5, n_articles)
    return predicted.round(decimals), expected.round(decimals)


@seeds
@pytest.mark.parametrize("decimals", [8, 0])
class TestAgainstLibraries:
    """Each figure is what the libraries compute, with and without ties."""

    def test_mean_absolute_error(self, seed: int, decimals: int) -> None:
        """As sklearn's."""
        predicted, expected = sample(seed, decimals=decimals)
        assert mean_absolute_error(predicted, expected) == pytest.approx(sklearn_mae(expected, predicted))

    def test_root_mean_squared_error(self, seed: int, decimals: int) -> None:
        """As sklearn's."""
        predicted, expected = sample(seed, decimals=decimals)
        assert root_mean_squared_error(predicted, expected) == pytest.approx(sklearn_rmse(expected, predicted))

    def test_spearman(self, seed: int, decimals: int) -> None:
        """scipy's, ties sharing their mean rank."""
        predicted, expected = sample(seed, decimals=decimals)
        assert spearman(predicted, expected) == pytest.approx(spearmanr(predicted, expected).statistic)

    def test_pearson(self, seed: int, decimals: int) -> None:
        """As scipy's."""
        predicted, expected = sample(seed, decimals=decimals)
        assert pearson(predicted, expected) == pytest.approx(pearsonr(predicted, expected).statistic)

    def test_kappa(self, seed: int, decimals: int) -> None:
        """sklearn's, on scores clipped and rounded to the eleven classes."""
        predicted, expected = sample(seed, decimals=decimals)
        classes = [np.floor(values.clip(0, 10) + 0.5).astype(int) for values in (expected, predicted)]
        wanted = cohen_kappa_score(*classes, labels=list(range(11)), weights="quadratic")
        assert quadratic_weighted_kappa(predicted, expected) == pytest.approx(wanted)


def test_bias_has_a_direction() -> None:
    """Above 0 where the predictions are too high."""
    assert bias(np.array([3.0, 5.0]), np.array([1.0, 6.0])) == 0.5


def test_halves_round_up_for_kappa() -> None:
    """A half and the whole above it are one class; the whole below is another."""
    scores = np.array([0.0, 0.5, 1.5, 2.5, 9.5])
    assert quadratic_weighted_kappa(scores, np.array([0.0, 1.0, 2.0, 3.0, 10.0])) == 1.0
    assert quadratic_weighted_kappa(scores, np.array([0.0, 0.0, 1.0, 2.0, 9.0])) < 1.0


@seeds
def test_a_constant_prediction_has_no_kappa_at_all(seed: int) -> None:
    """Zero to the last digit, in every resample."""
    _, expected = sample(seed)
    assert bootstrap(quadratic_weighted_kappa, np.full(80, 2.0), expected) == Figure(0.0, 0.0, 0.0)


def test_the_error_within_a_band_counts_its_lower_bound_only() -> None:
    """By the label, wherever the prediction lies."""
    predicted, expected = np.array([9.0, 2.5, 5.0, 0.0]), np.array([1.9, 2.0, 4.0, 3.0])
    assert error_within(2.0, 4.0)(predicted, expected) == pytest.approx((0.5 + 3.0) / 2)


@seeds
@pytest.mark.parametrize("decimals", [8, 0])
def test_the_rank_correlation_within_a_band_is_that_of_its_articles(seed: int, decimals: int) -> None:
    """As if there were no others."""
    predicted, expected = sample(seed, decimals=decimals)
    inside = (expected >= 2.0) & (expected < 6.0)
    alone = spearman(predicted[inside], expected[inside])
    assert spearman_within(2.0, 6.0)(predicted, expected) == pytest.approx(float(alone))


@pytest.mark.parametrize(("closeness", "share"), [(0.0, 0.0), (0.5, 0.5), (0.9, 0.9), (1.0, 1.0)])
def test_the_gap_closed_runs_from_the_constant_to_the_noise(closeness: float, share: float) -> None:
    """A prediction that goes part of the way from constant error to noise has closed that part."""
    expected = np.array([0.0, 2.0, 6.0, 8.0])  # the constant 4 is off by 3 on average
    noise = 1.0
    predicted = expected + (3.0 - closeness * (3.0 - noise))
    assert gap_closed(4.0, noise)(predicted, expected) == pytest.approx(share)


@pytest.mark.parametrize("noise", [3.0, 3.5, math.nan])
def test_without_a_way_to_go_nothing_is_closed(noise: float) -> None:
    """An oracle as noisy as a constant, or of unknown noise, gives no share."""
    expected = np.array([0.0, 2.0, 6.0, 8.0])
    assert bootstrap(gap_closed(4.0, noise), expected, expected).value is None


def test_coverage_counts_both_ends() -> None:
    """A label on the border is inside."""
    low, high = np.array([1.0, 1.0, 1.0, 1.0]), np.array([2.0, 2.0, 3.0, 2.0])
    assert coverage(np.array([1.0, 2.0, 2.5, 2.1]), low, high) == 0.75
    assert mean_width(low, high) == 1.25


@all_metrics
def test_many_samples_at_once_are_each_alone(metric: Metric) -> None:
    """Leading indices are the bootstrap's resamples."""
    pairs = [sample(seed, 20) for seed in range(6)]
    together = metric(np.array([p for p, _ in pairs]), np.array([e for _, e in pairs]))
    assert together.shape == (6,)
    assert together.tolist() == pytest.approx([float(metric(predicted, expected)) for predicted, expected in pairs])


UNDEFINED_CASES: dict[str, tuple[Metric, list[float], list[float]]] = {
    "correlation with constant labels": (pearson, [1, 2, 3], [3, 3, 3]),
    "rank correlation of a constant prediction": (spearman, [3, 3, 3], [1, 2, 3]),
    "rank correlation with constant labels": (spearman, [1, 2, 3], [3, 3, 3]),
    "rank correlation of one article": (spearman, [1], [2]),
    "kappa of one and the same class": (quadratic_weighted_kappa, [1, 1, 1], [1, 1, 1]),
    "rank correlation within an empty band": (spearman_within(8.0, 10.0), [5, 6, 7], [1, 2, 3]),
    "error within an empty band": (error_within(8.0, 10.0), [5, 6, 7], [1, 2, 3]),
    "error of no article": (mean_absolute_error, [], []),
}


@pytest.mark.parametrize(("metric", "predicted", "expected"), UNDEFINED_CASES.values(), ids=UNDEFINED_CASES)
def test_what_is_not_defined_is_none(metric: Metric, predicted: list[float], expected: list[float]) -> None:
    """Not NaN, which is no JSON, and without a warning."""
    figure = bootstrap(metric, np.array(predicted, dtype=float), np.array(expected, dtype=float))
    assert figure == UNDEFINED
    assert str(figure) == "-"


@pytest.mark.parametrize("figure", [Figure(0.5, 0.25, 0.75), UNDEFINED])
def test_figures_come_back_from_json(figure: Figure) -> None:
    """As they were."""
    assert Figure.from_dict(json.loads(json.dumps(figure.to_dict()))) == figure


def test_figures_read_with_their_interval() -> None:
    """Three decimals each."""
    assert str(Figure(0.61249, 0.5, 0.7)) == "0.612 (0.500 to 0.700)"


@all_metrics
@seeds
def test_intervals_contain_the_value_and_lie_in_range(metric: Metric, seed: int) -> None:
    """They are ordered and finite."""
    figure = bootstrap(metric, *sample(seed))
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert 0 <= figure.low <= figure.value <= figure.high
    assert figure.low < figure.high


@all_metrics
def test_intervals_are_reproducible(metric: Metric) -> None:
    """One seed, one interval; another seed moves it a little."""
    first = bootstrap(metric, *sample(0))
    assert first == bootstrap(metric, *sample(0))
    other = bootstrap(metric, *sample(0), seed=1)
    assert other != first
    assert other.value == first.value
    assert other.low == pytest.approx(first.low, abs=0.05)
    assert other.high == pytest.approx(first.high, abs=0.05)


def test_models_are_compared_on_the_same_draws() -> None:
    """A prediction that is off by 1 more is off by 1 more in both ends of the interval."""
    predicted, expected = sample(0)
    above = np.maximum(predicted, expected)
    first, second = (bootstrap(mean_absolute_error, above + shift, expected) for shift in (0, 1))
    assert second.low == pytest.approx((first.low or 0) + 1)
    assert second.high == pytest.approx((first.high or 0) + 1)


def test_the_interval_of_a_sure_thing_has_no_width() -> None:
    """A perfect prediction is perfect in every resample."""
    expected = np.linspace(0, 9, 40)
    assert bootstrap(mean_absolute_error, expected, expected) == Figure(0.0, 0.0, 0.0)
    assert bootstrap(recall_at(THRESHOLD), expected, expected) == Figure(1.0, 1.0, 1.0)


def test_resamples_without_a_positive_are_left_out() -> None:
    """A third of the resamples lack the only positive of twenty; the others decide."""
    expected = np.array([9.0] + [1.0] * 19)
    assert bootstrap(recall_at(THRESHOLD), expected, expected) == Figure(1.0, 1.0, 1.0)


def test_the_interval_is_that_of_plain_resampling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Percentiles of the mean error over articles drawn with replacement."""
    monkeypatch.setattr(figures, "N_RESAMPLES", 20_000)
    errors = np.random.default_rng(3).exponential(1.0, 100)
    figure = bootstrap(mean_absolute_error, errors, np.zeros(100))
    half = 1.96 * errors.std() / math.sqrt(100)
    assert figure.low == pytest.approx(errors.mean() - half, abs=0.03)
    assert figure.high == pytest.approx(errors.mean() + half, abs=0.03)


def test_intervals_cover_the_truth_about_as_often_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 samples of 100 articles, about 95 % give an interval around the true mean error."""
    monkeypatch.setattr(figures, "N_RESAMPLES", 400)
    generator = np.random.default_rng(4)
    truth = math.sqrt(2 / math.pi)
    covered = 0
    for _ in range(200):
        figure = bootstrap(mean_absolute_error, generator.normal(size=100), np.zeros(100))
        covered += (figure.low or 0) <= truth <= (figure.high or 0)
    assert 0.88 <= covered / 200 <= 0.99
