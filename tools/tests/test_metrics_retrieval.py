"""Metrics of finding the best articles, held against sklearn and against plain counting."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, ndcg_score, precision_score, recall_score

from distillery_tools.measuring.figures import UNDEFINED, Metric, bootstrap
from distillery_tools.measuring.retrieval import (
    average_precision_at,
    f1_at,
    ndcg,
    overlap_at,
    precision_at,
    precision_recall_curve,
    r_precision_at,
    recall_at,
)

Values = NDArray[np.float64]

THRESHOLD = 4.0
METRICS: dict[str, Metric] = {
    "recall": recall_at(THRESHOLD),
    "precision": precision_at(THRESHOLD),
    "f1": f1_at(THRESHOLD),
    "R-precision": r_precision_at(THRESHOLD),
    "overlap": overlap_at(5),
    "average precision": average_precision_at(THRESHOLD),
    "nDCG": ndcg,
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
@pytest.mark.parametrize(
    ("metric", "reference"),
    [(recall_at, recall_score), (precision_at, precision_score), (f1_at, f1_score)],
    ids=["recall", "precision", "f1"],
)
def test_at_a_threshold_they_are_sklearns(seed: int, decimals: int, metric: object, reference: object) -> None:
    """A value at the threshold counts as above."""
    predicted, expected = sample(seed, decimals=decimals)
    wanted = reference(expected >= THRESHOLD, predicted >= THRESHOLD)  # type: ignore[operator]
    assert metric(THRESHOLD)(predicted, expected) == pytest.approx(wanted)  # type: ignore[operator]


@seeds
@pytest.mark.parametrize("decimals", [8, 0])
def test_average_precision_is_sklearns(seed: int, decimals: int) -> None:
    """Tied articles come together."""
    predicted, expected = sample(seed, decimals=decimals)
    wanted = average_precision_score(expected >= THRESHOLD, predicted)
    assert average_precision_at(THRESHOLD)(predicted, expected) == pytest.approx(wanted)


@seeds
def test_r_precision_at(seed: int) -> None:
    """Of as many best-ranked articles as there are positives, the share that is positive."""
    predicted, expected = sample(seed)
    n_positives = int((expected >= THRESHOLD).sum())
    top = np.argsort(-predicted)[:n_positives]
    wanted = float((expected[top] >= THRESHOLD).mean())
    assert r_precision_at(THRESHOLD)(predicted, expected) == pytest.approx(wanted)


@seeds
@pytest.mark.parametrize("size", [1, 20, 80, 200])
def test_overlap_at(seed: int, size: int) -> None:
    """The share of the oracle's best that is among the predicted best; of fewer articles, all are the best."""
    predicted, expected = sample(seed)
    k = min(size, len(expected))
    best = set(np.argsort(-expected)[:k]) & set(np.argsort(-predicted)[:k])
    assert overlap_at(size)(predicted, expected) == pytest.approx(len(best) / k)


@pytest.mark.parametrize("positives_first", [True, False])
@pytest.mark.parametrize("metric", [r_precision_at(THRESHOLD), overlap_at(3)])
def test_the_order_of_tied_articles_does_not_matter(metric: Metric, positives_first: bool) -> None:
    """A constant prediction finds as many of the three best as there are among all: 3 of 10."""
    expected = np.array([6.0] * 3 + [1.0] * 7)[:: 1 if positives_first else -1]
    assert metric(np.full(10, 5.0), expected) == pytest.approx(0.3)


@seeds
@pytest.mark.parametrize("metric", [r_precision_at(THRESHOLD), overlap_at(4)])
def test_places_are_shared_among_ties(metric: Metric, seed: int) -> None:
    """The figure is the mean over all ways to break the ties of the predictions."""
    generator = np.random.default_rng(seed)
    predicted, expected = sample(seed, n_articles=12, decimals=0)
    expected = expected + np.linspace(0, 0.4, 12)  # whole scores keep their order, none is tied
    orders = generator.permuted(np.tile(np.arange(12), (4000, 1)), axis=1)
    broken = metric(predicted[orders] - np.arange(12) * 1e-6, expected[orders])
    assert metric(predicted, expected) == pytest.approx(broken.mean(), abs=0.02)


@all_metrics
def test_many_samples_at_once_are_each_alone(metric: Metric) -> None:
    """Leading indices are the bootstrap's resamples."""
    pairs = [sample(seed, 20, decimals=1) for seed in range(6)]
    together = metric(np.array([p for p, _ in pairs]), np.array([e for _, e in pairs]))
    assert together.shape == (6,)
    assert together.tolist() == pytest.approx([float(metric(predicted, expected)) for predicted, expected in pairs])


@all_metrics
@seeds
def test_intervals_contain_the_value_and_lie_in_range(metric: Metric, seed: int) -> None:
    """They are ordered shares."""
    figure = bootstrap(metric, *sample(seed))
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert 0 <= figure.low <= figure.value <= figure.high <= 1
    assert figure.low < figure.high


@seeds
@pytest.mark.parametrize("decimals", [8, 0])
def test_ndcg_is_sklearns(seed: int, decimals: int) -> None:
    """With and without ties."""
    predicted, expected = sample(seed, decimals=decimals)
    assert ndcg(predicted, expected) == pytest.approx(ndcg_score(expected[None], predicted[None]))


UNDEFINED_CASES: dict[str, tuple[Metric, list[float], list[float]]] = {
    "recall without positives": (recall_at(THRESHOLD), [5, 6, 7], [1, 2, 3]),
    "precision without predicted positives": (precision_at(THRESHOLD), [1, 2, 3], [5, 6, 7]),
    "F1 with neither": (f1_at(THRESHOLD), [1, 2, 3], [3, 2, 1]),
    "R-precision none": (r_precision_at(THRESHOLD), [5, 6, 7], [1, 2, 3]),
    "nDCG of labels that are all 0": (ndcg, [5, 6, 7], [0, 0, 0]),
    "average precision without positives": (average_precision_at(THRESHOLD), [5, 6, 7], [1, 2, 3]),
}


@pytest.mark.parametrize(("metric", "predicted", "expected"), UNDEFINED_CASES.values(), ids=UNDEFINED_CASES)
def test_what_is_not_defined_is_none(metric: Metric, predicted: list[float], expected: list[float]) -> None:
    """Not NaN, which is no JSON, and without a warning."""
    assert bootstrap(metric, np.array(predicted, dtype=float), np.array(expected, dtype=float)) == UNDEFINED


@seeds
@pytest.mark.parametrize("decimals", [8, 0])
def test_the_precision_recall_curve_is_each_threshold_and_its_area_the_average_precision(
    seed: int, decimals: int
) -> None:
    """From the highest score down to that of every article."""
    predicted, expected = sample(seed, decimals=decimals)
    hits = expected >= THRESHOLD

    curve = precision_recall_curve(predicted, expected, THRESHOLD)

    for point in curve:
        found = predicted >= point["threshold"]
        assert point["precision"] == pytest.approx(precision_score(hits, found))
        assert point["recall"] == pytest.approx(recall_score(hits, found))
    assert (curve[0]["threshold"], curve[-1]["threshold"]) == (predicted.max(), predicted.min())
    recalls = np.array([0.0, *(point["recall"] for point in curve)])
    area = float((np.diff(recalls) * [point["precision"] for point in curve]).sum())
    assert area == pytest.approx(average_precision_score(hits, predicted))


def test_without_hits_there_is_no_curve() -> None:
    """Recall is undefined."""
    assert precision_recall_curve(np.array([5.0, 1.0]), np.array([3.0, 1.0]), THRESHOLD) == []
