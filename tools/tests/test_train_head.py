"""A head on frozen vectors: fitted, chosen and saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from distillery import FilterConfig
from distillery.toolkit import ADAPTER_FILE, Head
from distillery_tools.training.head import STRENGTHS, Embedded, _Fitting, fit_head
from distillery_tools.training.objective import Objective
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.saving import save_head
from distillery_tools.training.scaling import Scaling
from distillery_tools.training.tasks import Task, tasks_of

RECIPE = TrainingRecipe()
WIDTH = 24


@pytest.fixture
def task(config: FilterConfig) -> Task:
    """The garden without its gatekeeper, so that its averages are linear."""
    return tasks_of([config.model_copy(update={"gatekeepers": []})])[0]


def embedded(n_articles: int, noise: float, seed: int) -> Embedded:
    """Return vectors of unequal spread whose scores are linear in them, up to noise."""
    truth = np.random.default_rng(0)
    weight, spread, centre = truth.normal(size=(3, WIDTH)), truth.uniform(0.1, 10, WIDTH), truth.normal(size=WIDTH)
    generator = np.random.default_rng(seed)
    directions = generator.normal(size=(n_articles, WIDTH))
    scores = 5 + directions @ weight.T / WIDTH**0.5 + noise * generator.normal(size=(n_articles, 3))
    return Embedded((directions * spread + centre).astype(np.float32), scores)


def raw_scores(head: object, vectors: np.ndarray) -> np.ndarray:
    """Return what the core makes of a fitted head."""
    return Head(head.weight.numpy(), head.bias.numpy()).apply(vectors)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "recipe",
    [RECIPE, replace(RECIPE, loss="mse"), replace(RECIPE, ranking_weight=0.1), replace(RECIPE, average_weight=0.0)],
    ids=["smooth_l1", "mse", "ranking", "no average"],
)
def test_what_is_linear_is_found(task: Task, recipe: TrainingRecipe) -> None:
    """On the 0-10 scale, for vectors as they are."""
    val = embedded(100, 0.0, seed=2)
    head = fit_head(embedded(200, 0.0, seed=1), val, task, recipe)
    assert np.abs(raw_scores(head, val.vectors) - val.scores).max() < 0.05
    assert head.figures.relative_error < 0.01


def test_a_squared_loss_alone_is_ridge_regression(task: Task) -> None:
    """The closed form of scikit-learn, at the strength that was chosen."""
    from sklearn.linear_model import Ridge

    train, val = embedded(60, 1.0, seed=1), embedded(60, 1.0, seed=2)
    head = fit_head(train, val, task, replace(RECIPE, loss="mse", average_weight=0.0))
    centre, spread = train.vectors.mean(axis=0, dtype=np.float64), train.vectors.std(axis=0, dtype=np.float64)
    targets = (train.scores - train.scores.mean(axis=0)) / train.scores.std(axis=0)
    ridge = Ridge(head.strength * len(targets)).fit((train.vectors - centre) / spread, targets)
    expected = ridge.predict((val.vectors - centre) / spread) * train.scores.std(axis=0) + train.scores.mean(axis=0)
    assert np.abs(raw_scores(head, val.vectors) - expected).max() < 0.01


@pytest.mark.parametrize("average_weight", [0.0, 0.7])
def test_squared_error_needs_no_step(task: Task, average_weight: float) -> None:
    """Where the fit starts, the gradient of the objective with its penalty is 0."""
    train = embedded(60, 1.0, seed=1)
    recipe = replace(RECIPE, loss="mse", average_weight=average_weight)
    scaling, inputs = (Scaling.of(values.astype(np.float64)) for values in (train.scores, train.vectors))
    objective = Objective([task], train.scores, scaling, recipe, torch.float64)
    vectors, targets = (
        torch.tensor(part.standardised(values.astype(np.float64)))
        for part, values in ((inputs, train.vectors), (scaling, train.scores))
    )
    weight = _Fitting(vectors, targets, objective)._of_squared_error(0.3).requires_grad_()

    loss = objective(vectors @ weight.T, targets) + 0.3 * weight.square().sum() / len(weight)
    loss.backward()

    assert weight.grad is not None
    assert weight.grad.abs().max() < 1e-8


def test_articles_without_a_label_are_left_out(task: Task) -> None:
    """Not a number stands for a label that is missing."""
    train, val = embedded(60, 1.0, seed=1), embedded(60, 1.0, seed=2)
    incomplete = Embedded(train.vectors, np.where(np.arange(60)[:, None] < 40, train.scores, np.nan))
    fewer = Embedded(train.vectors[:40], train.scores[:40])

    assert torch.equal(fit_head(incomplete, val, task, RECIPE).weight, fit_head(fewer, val, task, RECIPE).weight)


def test_the_strength_is_chosen_by_validation(task: Task) -> None:
    """Few articles and much noise need a strong pull, many and none need none."""
    noisy = fit_head(embedded(30, 3.0, seed=1), embedded(300, 3.0, seed=2), task, RECIPE)
    clean = fit_head(embedded(300, 0.0, seed=1), embedded(300, 0.0, seed=2), task, RECIPE)
    assert noisy.strength > 10 * clean.strength
    assert {noisy.strength, clean.strength} <= set(STRENGTHS)


def test_the_figures_are_those_of_the_head(task: Task) -> None:
    """What is returned is what was measured."""
    val = embedded(100, 1.0, seed=2)
    head = fit_head(embedded(100, 1.0, seed=1), val, task, RECIPE)
    found, expected = (task.averages(scores) for scores in (raw_scores(head, val.vectors), val.scores))
    assert head.figures.weighted_average_mae == pytest.approx(np.abs(found - expected).mean(), abs=1e-4)


def test_fitting_again_gives_the_same_numbers(task: Task) -> None:
    """Nothing is drawn."""
    first, again = (fit_head(embedded(50, 1.0, seed=1), embedded(50, 1.0, seed=2), task, RECIPE) for _ in range(2))
    assert torch.equal(first.weight, again.weight)
    assert torch.equal(first.bias, again.bias)


def test_the_core_reads_what_is_saved(tmp_path: Path) -> None:
    """The head alone, in PEFT's names."""
    from safetensors.torch import load_file

    weight, bias = torch.arange(6.0).reshape(2, 3), torch.tensor([7.0, 8.0])
    save_head(weight, bias, tmp_path / "head")
    assert set(load_file(tmp_path / "head" / ADAPTER_FILE)) == {
        "base_model.model.classifier.weight",
        "base_model.model.classifier.bias",
    }
    head = Head.load(tmp_path / "head", 2, 3)
    assert np.array_equal(head.weight, weight.numpy())
    assert np.array_equal(head.bias, bias.numpy())
