"""Figures of quality, held against sklearn and scipy, and their bootstrap intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error as sklearn_mae
from sklearn.metrics import precision_score, recall_score

from distillery_tools.evaluation import metrics
from distillery_tools.evaluation.metrics import (
    Figure,
    Metric,
    bootstrap,
    mean_absolute_error,
    precision_among_top,
    precision_at,
    recall_at,
    spearman,
)

Values = NDArray[np.float64]

THRESHOLD = 4.0
METRICS: dict[str, Metric] = {
    "mae": mean_absolute_error,
    "spearman": spearman,
    "recall": recall_at(THRESHOLD),
    "precision": precision_at(THRESHOLD),
    "among top": precision_among_top(THRESHOLD),
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

    def test_spearman(self, seed: int, decimals: int) -> None:
        """scipy's, ties sharing their mean rank."""
        predicted, expected = sample(seed, decimals=decimals)
        assert spearman(predicted, expected) == pytest.approx(spearmanr(predicted, expected).statistic)

    def test_recall(self, seed: int, decimals: int) -> None:
        """sklearn's, a value at the threshold counting as above."""
        predicted, expected = sample(seed, decimals=decimals)
        wanted = recall_score(expected >= THRESHOLD, predicted >= THRESHOLD)
        assert recall_at(THRESHOLD)(predicted, expected) == pytest.approx(wanted)

    def test_precision(self, seed: int, decimals: int) -> None:
        """sklearn's, a value at the threshold counting as above."""
        predicted, expected = sample(seed, decimals=decimals)
        wanted = precision_score(expected >= THRESHOLD, predicted >= THRESHOLD)
        assert precision_at(THRESHOLD)(predicted, expected) == pytest.approx(wanted)


@seeds
def test_precision_among_top(seed: int) -> None:
    """Of as many best-ranked articles as there are positives, the share that is positive."""
    predicted, expected = sample(seed)
    n_positives = int((expected >= THRESHOLD).sum())
    top = np.argsort(-predicted)[:n_positives]
    wanted = float((expected[top] >= THRESHOLD).mean())
    assert precision_among_top(THRESHOLD)(predicted, expected) == pytest.approx(wanted)


@pytest.mark.parametrize("positives_first", [True, False])
def test_precision_among_top_does_not_depend_on_the_order_of_tied_articles(positives_first: bool) -> None:
    """A constant prediction finds as many positives as there are among all: 3 of 10."""
    expected = np.array([6.0] * 3 + [1.0] * 7)[:: 1 if positives_first else -1]
    assert precision_among_top(THRESHOLD)(np.full(10, 5.0), expected) == pytest.approx(0.3)


@seeds
def test_precision_among_top_shares_places_among_ties(seed: int) -> None:
    """The figure is the mean over all ways to break the ties."""
    generator = np.random.default_rng(seed)
    predicted, expected = sample(seed, n_articles=12, decimals=0)
    metric = precision_among_top(THRESHOLD)
    orders = [generator.permutation(12) for _ in range(4000)]
    broken = [metric(predicted[order] - np.arange(12) * 1e-6, expected[order]) for order in orders]
    assert metric(predicted, expected) == pytest.approx(np.mean(broken), abs=0.02)


@all_metrics
def test_many_samples_at_once_are_each_alone(metric: Metric) -> None:
    """Leading indices are the bootstrap's resamples."""
    pairs = [sample(seed, 20) for seed in range(6)]
    together = metric(np.array([p for p, _ in pairs]), np.array([e for _, e in pairs]))
    assert together.shape == (6,)
    assert together.tolist() == pytest.approx([float(metric(predicted, expected)) for predicted, expected in pairs])


UNDEFINED: dict[str, tuple[Metric, list[float], list[float]]] = {
    "rank correlation of a constant prediction": (spearman, [3, 3, 3], [1, 2, 3]),
    "rank correlation with constant labels": (spearman, [1, 2, 3], [3, 3, 3]),
    "rank correlation of one article": (spearman, [1], [2]),
    "recall without positives": (recall_at(THRESHOLD), [5, 6, 7], [1, 2, 3]),
    "precision without predicted positives": (precision_at(THRESHOLD), [1, 2, 3], [5, 6, 7]),
    "precision among the top none": (precision_among_top(THRESHOLD), [5, 6, 7], [1, 2, 3]),
}


@pytest.mark.parametrize(("metric", "predicted", "expected"), UNDEFINED.values(), ids=UNDEFINED)
def test_what_is_not_defined_is_none(metric: Metric, predicted: list[float], expected: list[float]) -> None:
    """Not NaN, which is no JSON, and without a warning."""
    figure = bootstrap(metric, np.array(predicted, dtype=float), np.array(expected, dtype=float))
    assert figure == Figure(None, None, None)
    assert str(figure) == "-"


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
    assert figure.high <= 1 or metric is mean_absolute_error


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
    monkeypatch.setattr(metrics, "N_RESAMPLES", 20_000)
    errors = np.random.default_rng(3).exponential(1.0, 100)
    figure = bootstrap(mean_absolute_error, errors, np.zeros(100))
    half = 1.96 * errors.std() / math.sqrt(100)
    assert figure.low == pytest.approx(errors.mean() - half, abs=0.03)
    assert figure.high == pytest.approx(errors.mean() + half, abs=0.03)


def test_intervals_cover_the_truth_about_as_often_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 samples of 100 articles, about 95 % give an interval around the true mean error."""
    monkeypatch.setattr(metrics, "N_RESAMPLES", 400)
    generator = np.random.default_rng(4)
    truth = math.sqrt(2 / math.pi)
    covered = 0
    for _ in range(200):
        figure = bootstrap(mean_absolute_error, generator.normal(size=100), np.zeros(100))
        covered += (figure.low or 0) <= truth <= (figure.high or 0)
    assert 0.88 <= covered / 200 <= 0.99
