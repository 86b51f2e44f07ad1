"""Baselines: plain sklearn on plain embeddings, and the median."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from distillery import FilterConfig
from distillery.toolkit import PreprocessingConfig
from distillery_tools.data.labelled import LabelledData
from distillery_tools.evaluation.baselines import ALPHAS, KERNEL_C, predict_kernel, predict_median, predict_ridge
from distillery_tools.vectors import FrozenBase

Vectors = NDArray[np.float32]
Scores = NDArray[np.float64]
Regression = Callable[[Vectors, Scores, Vectors], Scores]


@pytest.fixture
def embedded(labelled: LabelledData, bert_base: Path, config: FilterConfig) -> tuple[Vectors, Scores, Vectors]:
    """Vectors and scores to train on, and vectors to test on."""
    settings = config.student()
    assert settings.base is not None
    base = FrozenBase(bert_base, settings.base.sha256, settings.preprocessing or PreprocessingConfig())
    train, test = labelled.splits["train"], labelled.splits["test"]
    return base.embed(train.texts), train.scores, base.embed(test.texts)


@pytest.mark.parametrize("n_dimensions", [1, 3])
def test_the_median_is_that_of_the_training_articles(labelled: LabelledData, n_dimensions: int) -> None:
    """The same for every article, each dimension its own."""
    scores = labelled.splits["train"].scores[:, :n_dimensions]

    predicted = predict_median(scores, 5)

    assert predicted.tolist() == [[float(np.median(column)) for column in scores.T]] * 5


@pytest.mark.parametrize("n_dimensions", [1, 3])
@pytest.mark.parametrize(
    ("predict", "reference"), [(predict_ridge, RidgeCV(ALPHAS)), (predict_kernel, SVR(kernel="rbf", C=KERNEL_C))]
)
def test_regressions_are_sklearns(
    embedded: tuple[Vectors, Scores, Vectors], n_dimensions: int, predict: Regression, reference: object
) -> None:
    """Each dimension alone, on scaled embeddings."""
    seen, scores, unseen = embedded
    scores = scores[:, :n_dimensions]
    columns = [make_pipeline(StandardScaler(), reference).fit(seen, column).predict(unseen) for column in scores.T]

    found = predict(seen, scores, unseen)

    assert found.shape == (len(unseen), n_dimensions)
    assert np.abs(found - np.column_stack(columns)).max() < 1e-3


@pytest.mark.parametrize("predict", [predict_ridge, predict_kernel])
def test_they_learn_what_can_be_learned(predict: Regression) -> None:
    """Scores that lie in the vectors are found again, and some noise with them."""
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(300, 8)).astype(np.float32)
    scores = (5 + vectors[:, :3] + generator.normal(0, 0.2, (300, 3))).clip(0, 10)

    predicted = predict(vectors[:200], scores[:200], vectors[200:])

    errors = (np.abs(found - scores[200:]).mean() for found in (predicted, predict_median(scores[:200], 100)))
    assert next(errors) < 0.5 * next(errors)
