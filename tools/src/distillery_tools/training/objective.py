"""Objective: the training loss, on standardised scores with gaps.

Why: docs/decisions/training-objective.md
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .recipe import SMOOTH_L1, TrainingRecipe
from .scaling import Scaling
from .tasks import Task, Values, n_outputs_of

# In standard deviations: smaller differences are noise, larger ones need no larger margin.
MIN_DIFFERENCE = 0.3
MAX_DIFFERENCE = 1.0
# All pairs of 447 articles.
MAX_PAIRS = 100_000
# Below the weight of a single label.
_LEAST_WEIGHT = 1e-6


class Objective:
    """The mean distance over dimensions, plus those of weighted averages and of their order.

    Tasks count alike, however many dimensions they have, and the dimensions of a task count alike. What is
    not labelled is left out. The order's part is, over pairs of articles whose averages differ by more than
    ``MIN_DIFFERENCE``, how much the predictions' difference lacks to half the labels'.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        scores: Values,
        scaling: Scaling,
        recipe: TrainingRecipe,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Measure the averages' spread on the training scores [n_articles, n_outputs]."""
        self._recipe = recipe
        self._shares = torch.tensor(_shares(tasks), dtype=dtype)
        self._averaging = torch.tensor(_averaging(tasks, scores, scaling, recipe.least_scale), dtype=dtype)
        self._first_columns = [task.columns.start for task in tasks]

    @property
    def squared_error_matrix(self) -> Tensor:
        """The matrix M [n_outputs, n_outputs] of the loss e M e of an article's errors e, if all of it were squared."""
        averages = self._averaging @ self._averaging.T / len(self._first_columns)
        return torch.diag(self._shares) + self._recipe.average_weight * averages

    def __call__(self, predicted: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of predictions [n, n_outputs] on targets, which are not a number where unlabelled."""
        labelled = targets.isfinite()
        targets = targets.nan_to_num()
        loss = _mean(self._distance(predicted, targets), labelled * self._shares)
        if not (self._recipe.average_weight or self._recipe.ranking_weight):
            return loss
        found, expected = predicted @ self._averaging, targets @ self._averaging
        present = labelled[:, self._first_columns]  # an article has all labels of a task, or none
        if self._recipe.average_weight:
            loss = loss + self._recipe.average_weight * _mean(self._distance(found, expected), present)
        if self._recipe.ranking_weight:
            loss = loss + self._recipe.ranking_weight * ranking_loss(found, expected, present)
        return loss

    def _distance(self, predicted: Tensor, targets: Tensor) -> Tensor:
        if self._recipe.loss == SMOOTH_L1:
            return nn.functional.smooth_l1_loss(predicted, targets, reduction="none", beta=self._recipe.huber_beta)
        return nn.functional.mse_loss(predicted, targets, reduction="none")


def ranking_loss(found: Tensor, expected: Tensor, present: Tensor) -> Tensor:
    """Return the mean margin loss over pairs of articles, for averages [n, n_tasks] in standard deviations.

    More articles than ``MAX_PAIRS`` pairs can be made of are compared in that many pairs, drawn at random with
    replacement, and always the same ones: the loss stays a function of the predictions alone.
    """
    one, other = _pairs(len(found))
    difference = expected[one] - expected[other]
    lead = (found[one] - found[other]) * difference.sign()
    counted = (difference.abs() > MIN_DIFFERENCE) & present[one] & present[other]
    shortfall = torch.relu(difference.abs().clamp(max=MAX_DIFFERENCE) / 2 - lead)
    return (shortfall * counted).sum() / counted.sum().clamp(min=1)


def _pairs(n: int) -> Tensor:
    """Return the indices of both articles of each pair [2, n_pairs]."""
    if n * (n - 1) // 2 <= MAX_PAIRS:
        return torch.triu_indices(n, n, 1)
    return torch.randint(n, (2, MAX_PAIRS), generator=torch.Generator().manual_seed(0))


def _mean(losses: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted mean; 0 if nothing has a weight, as in a batch without labels."""
    return (losses * weights).sum() / weights.to(losses.dtype).sum().clamp(min=_LEAST_WEIGHT)


def _shares(tasks: Sequence[Task]) -> Values:
    """Return how much each output counts [n_outputs]."""
    return np.concatenate([np.full(len(task.weights), 1 / len(task.weights) / len(tasks)) for task in tasks])


def _averaging(tasks: Sequence[Task], scores: Values, scaling: Scaling, least_scale: float) -> Values:
    """Return the matrix [n_outputs, n_tasks] from standardised scores to standardised weighted averages."""
    matrix = np.zeros((n_outputs_of(tasks), len(tasks)))
    for number, task in enumerate(tasks):
        spread = Scaling.of(scores[:, task.columns] @ task.weights, least_scale).scale
        matrix[task.columns, number] = task.weights * scaling.scale[task.columns] / spread
    return matrix
