"""By what the best epoch is chosen: errors, and for sparse filters also who is found."""

from __future__ import annotations

import numpy as np
import pytest
from train_cases import second_filter

from distillery import FilterConfig
from distillery_tools.measuring.topic import is_sparse
from distillery_tools.training.history import Validation
from distillery_tools.training.tasks import tasks_of

NAN = float("nan")


def scores_of(averages: list[float]) -> np.ndarray:
    """Return scores of the garden, its three dimensions alike."""
    return np.repeat(np.array(averages)[:, None], 3, axis=1)


SPARSE = scores_of([0.0] * 30 + [1.0, 2.0, 5.0, 6.0, 8.0])
VAL = scores_of([0.0] * 10 + [2.0, 8.0])


def test_a_filter_is_sparse_if_half_of_the_articles_score_0() -> None:
    """Not if the middle one of them is above it."""
    assert is_sparse(np.array([0.0, 0.0, 0.0, 5.0]))
    assert not is_sparse(np.array([0.0, 0.5, 0.5, 5.0]))


def test_a_sparse_filter_is_chosen_by_the_ranking_too(config: FilterConfig) -> None:
    """Of two predictions with the same error, the one that ranks the positive first is better."""
    validation = Validation(tasks_of([config]), SPARSE, VAL)
    right, wrong = VAL.copy(), VAL.copy()
    right[-1], wrong[-1] = 5.0, 8.0  # off by 3
    right[0], wrong[0] = 0.0, 0.0
    wrong[:10] = 0.3  # off by 3 in all
    right_figures, wrong_figures = (validation.figures(found)["garden"] for found in (right, wrong))
    assert right_figures.relative_error == pytest.approx(wrong_figures.relative_error)
    assert right_figures.ndcg == wrong_figures.ndcg == pytest.approx(1.0)
    swapped = right.copy()
    swapped[-2:] = swapped[-2:][::-1]
    found = validation.figures(swapped)["garden"]
    assert found.ndcg is not None
    assert found.ndcg < 1
    assert found.selection_error == pytest.approx((found.relative_error + 1 - found.ndcg) / 2)
    assert found.on_topic_mae == pytest.approx((3 + 6) / 2)
    assert found.average_precision == pytest.approx(1 / 2)
    assert "1 - nDCG: garden" in validation.criterion


def test_others_are_chosen_by_the_error_alone(config: FilterConfig) -> None:
    """As long as the median says something."""
    validation = Validation(tasks_of([config]), SPARSE + 1, VAL)
    figures = validation.figures(VAL + 0.5)["garden"]
    assert figures.selection_error == figures.relative_error
    assert "nDCG" not in validation.criterion


def test_each_filter_is_sparse_or_not_by_its_own_articles(config: FilterConfig) -> None:
    """Gaps are no zeros."""
    tasks = tasks_of([config, second_filter(config)])
    train = np.concatenate([SPARSE, np.full((len(SPARSE), 2), NAN)], axis=1)
    train[-4:, 3:] = 5.0
    val = np.concatenate([VAL, VAL[:, :2]], axis=1)
    criterion = Validation(tasks, train, val).criterion
    assert criterion.endswith("1 - nDCG: garden; mean over the filters")


def test_without_anything_on_topic_the_error_decides(config: FilterConfig) -> None:
    """A validation split may have no article above 0."""
    figures = Validation(tasks_of([config]), SPARSE, VAL * 0).figures(VAL)["garden"]
    assert (figures.ndcg, figures.average_precision, figures.on_topic_mae) == (None, None, None)
    assert figures.selection_error == figures.relative_error
