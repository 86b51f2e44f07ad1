"""A head fitted to the vectors of a frozen encoder: seconds instead of minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..vectors import Vectors
from .history import Figures, Validation
from .objective import Objective
from .recipe import TrainingRecipe
from .scaling import Scaling
from .tasks import Task, Values

# Candidate strengths of the ridge penalty, strongest first.
STRENGTHS = tuple(float(value) for value in np.logspace(1, -5, 13))
# The objective is convex: more steps change nothing.
MAX_STEPS = 200


@dataclass(frozen=True)
class Embedded:
    """Vectors of articles [n_articles, width] and their scores [n_articles, n_dimensions]."""

    vectors: Vectors
    scores: Values


@dataclass(frozen=True)
class FittedHead:
    """Weight [n_dimensions, width] and bias [n_dimensions] on the 0-10 scale, and how they were chosen."""

    weight: Tensor
    bias: Tensor
    strength: float
    figures: Figures


def fit_head(
    train: Embedded, val: Embedded, task: Task, recipe: TrainingRecipe, strengths: Sequence[float] = STRENGTHS
) -> FittedHead:
    """Fit a linear head by the recipe's objective plus a ridge penalty, its strength chosen by ``val``.

    The vectors are standardised first, so that the penalty is the same in all directions. Articles without a label of
    the filter are left out.
    """
    labelled = task.labelled(train.scores)
    train = Embedded(train.vectors[labelled], train.scores[labelled])
    targets = Scaling.of(train.scores, recipe.least_scale)
    vectors = train.vectors.astype(np.float64)
    inputs = Scaling.of(vectors)
    objective = Objective([task], train.scores, targets, recipe, torch.float64)
    fitting = _Fitting(
        torch.tensor(inputs.standardised(vectors)), torch.tensor(targets.standardised(train.scores)), objective
    )
    validation = Validation([task], train.scores, val.scores)
    fits = []
    for strength in strengths:
        weight, bias = _unscaled(*fitting.fit(strength), inputs, targets)
        raw = val.vectors @ weight.numpy().T + bias.numpy()
        fits.append(FittedHead(weight.float(), bias.float(), strength, validation.figures(raw)[task.name]))
    return min(fits, key=lambda fit: fit.figures.selection_error)


class _Fitting:
    """Full-batch L-BFGS on standardised vectors and targets.

    Each fit starts at the solution for squared error, which has a closed form: that objective needs no step from there.
    """

    def __init__(self, vectors: Tensor, targets: Tensor, objective: Objective) -> None:
        self._vectors, self._targets, self._objective = vectors, targets, objective
        # In these eigenbases of the vectors and of the errors, the weights are independent of each other.
        self._spreads, self._directions = torch.linalg.eigh(vectors.T @ vectors / len(vectors))
        self._costs, self._errors = torch.linalg.eigh(objective.squared_error_matrix)
        self._slopes = self._errors.T @ (targets.T @ vectors / len(vectors)) @ self._directions

    def fit(self, strength: float) -> tuple[Tensor, Tensor]:
        """Return weight and bias for a strength of the penalty."""
        weight = self._of_squared_error(strength).requires_grad_()
        bias = torch.zeros(len(weight), dtype=weight.dtype, requires_grad=True)
        optimizer = torch.optim.LBFGS([weight, bias], max_iter=MAX_STEPS, line_search_fn="strong_wolfe")

        def loss() -> float:
            optimizer.zero_grad()
            penalty = strength * weight.square().sum() / len(weight)
            value = self._objective(self._vectors @ weight.T + bias, self._targets) + penalty
            value.backward()  # type: ignore[no-untyped-call]
            return value.item()

        optimizer.step(loss)  # type: ignore[no-untyped-call]
        return weight.detach(), bias.detach()

    def _of_squared_error(self, strength: float) -> Tensor:
        """Return the weight that minimises the squared error plus the penalty; the bias is then 0."""
        costs = self._costs[:, None]
        turned = costs * self._slopes / (costs * self._spreads + strength / len(self._slopes))
        weight: Tensor = self._errors @ turned @ self._directions.T
        return weight


def _unscaled(weight: Tensor, bias: Tensor, inputs: Scaling, targets: Scaling) -> tuple[Tensor, Tensor]:
    """Return the head for unscaled vectors and scores on the 0-10 scale."""
    scale, mean = torch.tensor(targets.scale), torch.tensor(targets.mean)
    unscaled = weight * scale[:, None] / torch.tensor(inputs.scale)
    return unscaled, bias * scale + mean - unscaled @ torch.tensor(inputs.mean)
