"""The loss: what counts how much, what is left out, and what the order adds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from train_cases import second_filter

from distillery import FilterConfig
from distillery_tools.training.objective import MAX_DIFFERENCE, MAX_PAIRS, MIN_DIFFERENCE, Objective, ranking_loss
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.scaling import Scaling
from distillery_tools.training.tasks import Task, tasks_of

PLAIN = TrainingRecipe(loss="mse", average_weight=0.0, ranking_weight=0.0)
NAN = float("nan")


@pytest.fixture
def tasks(config: FilterConfig) -> list[Task]:
    """Two tasks, of three and of two dimensions."""
    return tasks_of([config, second_filter(config)])


@pytest.fixture
def scores() -> np.ndarray:
    """Scores of forty articles for both."""
    return np.random.default_rng(0).uniform(0, 10, (40, 5))


def loss_of(tasks: list[Task], scores: np.ndarray, recipe: TrainingRecipe, predicted: Tensor, targets: Tensor) -> float:
    """Return the loss of standardised predictions."""
    return float(Objective(tasks, scores, Scaling.of(scores), recipe, torch.float64)(predicted, targets))


def drawn(n: int = 6, seed: int = 1) -> tuple[Tensor, Tensor]:
    """Return predictions and targets of all five outputs."""
    generator = torch.Generator().manual_seed(seed)
    predicted, targets = torch.randn(2, n, 5, generator=generator, dtype=torch.float64)
    return predicted, targets


def test_tasks_count_alike(tasks: list[Task], scores: np.ndarray) -> None:
    """The mean over tasks of the mean over a task's dimensions."""
    predicted, targets = drawn()
    squares = (predicted - targets) ** 2
    wanted = (squares[:, :3].mean() + squares[:, 3:].mean()) / 2
    assert loss_of(tasks, scores, PLAIN, predicted, targets) == pytest.approx(float(wanted))


@pytest.mark.parametrize(
    "recipe",
    [PLAIN, replace(PLAIN, average_weight=0.7), replace(PLAIN, ranking_weight=0.4), TrainingRecipe(ranking_weight=0.2)],
    ids=["plain", "average", "ranking", "all"],
)
class TestGaps:
    """Articles without a label for a task."""

    def test_a_gap_changes_nothing_for_the_others(self, tasks: list[Task], scores: np.ndarray, recipe: Any) -> None:
        """A task that nobody has labelled is as if it were not there."""
        predicted, targets = drawn()
        targets[:, 3:] = NAN
        alone = loss_of(tasks[:1], scores[:, :3], recipe, predicted[:, :3], targets[:, :3])
        assert loss_of(tasks, scores, recipe, predicted, targets) == pytest.approx(alone)

    def test_what_is_predicted_in_a_gap_has_no_effect(self, tasks: list[Task], scores: np.ndarray, recipe: Any) -> None:
        """Neither on the loss nor on any gradient, which are finite."""
        predicted, targets = drawn()
        targets[::2, 3:] = NAN
        objective = Objective(tasks, scores, Scaling.of(scores), recipe, torch.float64)
        first = predicted.clone().requires_grad_()
        objective(first, targets).backward()
        assert first.grad is not None
        assert first.grad.isfinite().all()
        assert not first.grad[::2, 3:].any()
        assert first.grad[1::2, 3:].any()
        second = predicted.clone()
        second[::2, 3:] += 5
        assert float(objective(second, targets)) == float(objective(predicted, targets))

    def test_a_batch_without_labels_costs_nothing(self, tasks: list[Task], scores: np.ndarray, recipe: Any) -> None:
        """And has no gradient, instead of one that is not a number."""
        predicted, targets = drawn()
        predicted.requires_grad_()
        loss = Objective(tasks, scores, Scaling.of(scores), recipe, torch.float64)(predicted, targets * NAN)
        loss.backward()
        assert float(loss.detach()) == 0.0
        assert predicted.grad is not None
        assert not predicted.grad.any()

    def test_the_truth_has_the_smallest_loss(self, tasks: list[Task], scores: np.ndarray, recipe: Any) -> None:
        """Nothing is left of it."""
        _, targets = drawn()
        assert loss_of(tasks, scores, recipe, targets, targets) == pytest.approx(0.0, abs=1e-12)


def test_smooth_l1_is_a_parabola_up_to_its_beta_and_a_line_beyond(tasks: list[Task], scores: np.ndarray) -> None:
    """With d^2 / (2 beta) below and d - beta / 2 above."""
    recipe = replace(PLAIN, loss="smooth_l1", huber_beta=0.3)
    zeros = torch.zeros(1, 5, dtype=torch.float64)
    assert loss_of(tasks, scores, recipe, zeros + 0.1, zeros) == pytest.approx(0.1**2 / 0.6)
    assert loss_of(tasks, scores, recipe, zeros + 2.0, zeros) == pytest.approx(2.0 - 0.15)


def test_the_average_is_that_of_the_filter_in_its_own_standard_deviations(
    tasks: list[Task], scores: np.ndarray
) -> None:
    """One sd of the weighted average too high, for the first filter alone, is a loss of 1/2 over two filters."""
    scaling = Scaling.of(scores)
    averages = scores[:, :3] @ tasks[0].weights
    shifted = scores.copy()
    shifted[:, :3] += averages.std()  # the weights sum to 1
    predicted, targets = (torch.tensor(scaling.standardised(values)) for values in (shifted, scores))
    pointwise = loss_of(tasks, scores, PLAIN, predicted, targets)
    with_average = loss_of(tasks, scores, replace(PLAIN, average_weight=1.0), predicted, targets)
    assert with_average - pointwise == pytest.approx(0.5, rel=1e-4)


def test_squared_error_has_a_matrix(tasks: list[Task], scores: np.ndarray) -> None:
    """The loss of an article without gaps is e M e of its errors e."""
    predicted, targets = drawn()
    objective = Objective(tasks, scores, Scaling.of(scores), replace(PLAIN, average_weight=0.7), torch.float64)
    errors = predicted - targets
    expected = ((errors @ objective.squared_error_matrix) * errors).sum(dim=1).mean()
    assert float(objective(predicted, targets)) == pytest.approx(float(expected))


class TestRanking:
    """ranking_loss, for one task."""

    def loss(self, found: list[float], expected: list[float]) -> float:
        """Return the loss of averages in standard deviations."""
        predicted, targets = (torch.tensor(column, dtype=torch.float64)[:, None] for column in (found, expected))
        return float(ranking_loss(predicted, targets, torch.ones(len(found), 1, dtype=torch.bool)))

    def test_the_right_order_with_distance_costs_nothing(self) -> None:
        """Half the labels' distance is enough."""
        assert self.loss([0.0, 0.4], [0.0, 0.8]) == 0.0
        assert self.loss([0.0, 0.3], [0.0, 0.8]) == pytest.approx(0.1)

    def test_the_wrong_order_costs_its_distance_too(self) -> None:
        """The target is 0.4, the output -0.5."""
        assert self.loss([0.5, 0.0], [0.0, 0.8]) == pytest.approx(0.9)

    def test_no_more_than_half_a_standard_deviation_is_asked_for(self) -> None:
        """However far the labels are apart."""
        assert self.loss([0.0, 0.5], [0.0, 6.0]) == 0.0

    def test_labels_that_are_nearly_the_same_have_no_order(self) -> None:
        """Up to 0.3; without any pair there is no loss, and no division by 0."""
        assert self.loss([5.0, 0.0], [0.0, 0.3]) == 0.0
        assert self.loss([1.0], [0.0]) == 0.0

    def test_the_mean_is_over_pairs_that_count(self) -> None:
        """Of three pairs two do, and one of them costs 0.5."""
        assert self.loss([0.0, 0.0, 9.0], [0.0, 1.0, 1.0]) == pytest.approx(0.25)

    def test_articles_of_different_tasks_are_no_pair(self) -> None:
        """Each column for itself."""
        found = torch.zeros(2, 2, dtype=torch.float64)
        expected = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
        present = torch.tensor([[True, False], [False, True]])
        assert float(ranking_loss(found, expected, present)) == 0.0
        assert float(ranking_loss(found, expected, ~torch.zeros_like(present))) == pytest.approx(0.5)


class TestManyArticles:
    """ranking_loss, where articles make more than MAX_PAIRS pairs."""

    @staticmethod
    def drawn(n: int = 1500) -> tuple[Tensor, Tensor, Tensor]:
        """Return averages, their labels and who has any, for two tasks; the second has few positives."""
        generator = torch.Generator().manual_seed(1)
        found, expected = torch.randn(2, n, 2, generator=generator, dtype=torch.float64)
        expected[n // 10 :, 1] = 0.0
        assert n * (n - 1) / 2 > MAX_PAIRS
        return found, expected, torch.ones(n, 2, dtype=torch.bool)

    def test_a_sample_of_pairs_estimates_the_loss_of_all(self) -> None:
        """Within two per cent, for a hundred thousand pairs."""
        found, expected, present = self.drawn()
        distance, lead = (values[:, None] - values[None] for values in (expected, found))
        pairs = distance > MIN_DIFFERENCE
        of_all = (torch.relu(distance.clamp(max=MAX_DIFFERENCE) / 2 - lead) * pairs).sum() / pairs.sum()
        assert float(ranking_loss(found, expected, present)) == pytest.approx(float(of_all), rel=0.02)

    def test_the_pairs_are_always_the_same(self) -> None:
        """The state of torch's own generator changes nothing."""
        torch.manual_seed(1)
        first = ranking_loss(*self.drawn())
        torch.manual_seed(2)
        assert torch.equal(first, ranking_loss(*self.drawn()))

    def test_the_truth_costs_nothing(self) -> None:
        """Nothing is left of it, as with few articles."""
        _, expected, present = self.drawn()
        assert float(ranking_loss(expected, expected, present)) == 0.0


def test_scaling_comes_back() -> None:
    """Gaps are left out of mean and sd, and stay gaps."""
    scores = np.array([[1.0, 4.0], [3.0, NAN], [5.0, 8.0]])
    scaling = Scaling.of(scores)
    standardised = scaling.standardised(scores)
    assert np.nanmean(standardised, axis=0) == pytest.approx([0, 0])
    assert np.nanstd(standardised, axis=0) == pytest.approx([1, 1], rel=1e-5)
    assert np.isnan(standardised[1, 1])
    np.testing.assert_allclose(scaling.restored(standardised), scores)
