"""Trainer: it learns, keeps the best epoch, writes down each, and can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from invented import strict_json
from safetensors.numpy import load_file
from train_cases import (
    LONGER,
    QUICK,
    disjoint_tasks,
    fit,
    one_task,
    reading_for,
    student_trainer,
    two_tasks,
    without_time,
)

from distillery import DistilleryError, FilterConfig
from distillery.students.network import load_network
from distillery.toolkit import (
    ADAPTER_CONFIG_FILE,
    ADAPTER_FILE,
    TOKENIZER_FILE,
    HeadTailTokenizer,
    Postfilter,
    TorchBackend,
    load_encoder,
    padded,
)
from distillery_tools.data.labelled import LabelledData
from distillery_tools.training import trainer as trainer_module
from distillery_tools.training.history import HISTORY_FILE, mean_of
from distillery_tools.training.plot import PLOT_FILE
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.saving import HEADS_FILE, save_encoder
from distillery_tools.training.trainer import Trainer

NewTrainer = Callable[..., Trainer]


@pytest.fixture
def new_trainer(
    config: FilterConfig, labelled: LabelledData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_plots: None
) -> NewTrainer:
    """A function that makes trainers; they compute in float32 on any CPU, and draw nothing."""
    monkeypatch.setattr(trainer_module, "training_dtype", lambda _device: torch.float32)

    def make(recipe: TrainingRecipe = QUICK, run: str = "run", config: FilterConfig = config) -> Trainer:
        return student_trainer(config, one_task(config, labelled), recipe, tmp_path / run)

    return make


def raw_scores(config: FilterConfig, base: Path, adapter: Path, texts: list[str]) -> np.ndarray:
    """Return what the core predicts from an adapter's files alone."""
    network = load_network(base, adapter, "mean", len(config.dimensions))
    rows = HeadTailTokenizer(base / TOKENIZER_FILE, reading_for(config).preprocessing).encode(texts)
    return TorchBackend(network, "cpu").run(*padded(rows))


def test_it_learns_what_can_be_learned(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """The scores are counts of words: the loss falls, and unseen articles are ranked right."""
    trainer = new_trainer(LONGER)

    best = fit(trainer)

    losses = [epoch.train_loss for epoch in trainer.history]
    assert losses[-1] < 0.5 * losses[0]
    assert best.val_spearman is not None
    assert best.val_spearman > 0.5
    assert best.val_mae < np.abs(labelled.splits["val"].scores - labelled.splits["train"].scores.mean(axis=0)).mean()


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "mse"},
        {"ranking_weight": 0.5},
        {"average_weight": 0.0},
        {"sampling": "balanced", "balance": 3.0},
        {"moving_average": 0.9},
        {"lowest_layer": 1},
    ],
    ids=str,
)
def test_every_choice_learns(new_trainer: NewTrainer, changes: dict[str, Any]) -> None:
    """Whatever is chosen, the student is better than the training median."""
    assert fit(new_trainer(replace(LONGER, **changes))).val_relative_error < 0.85


def test_the_best_epoch_has_the_smallest_error_of_the_average(new_trainer: NewTrainer) -> None:
    """Epochs are numbered from 1; with one filter, relative and absolute error agree on the best."""
    trainer = new_trainer(LONGER)

    best = fit(trainer)

    errors = [epoch.val_weighted_average_mae for epoch in trainer.history]
    assert best is trainer.best
    assert best.number == int(np.argmin(errors)) + 1
    assert [epoch.number for epoch in trainer.history] == list(range(1, LONGER.epochs + 1))


@pytest.mark.parametrize("moving_average", [0.0, 0.9])
def test_the_saved_adapter_is_that_of_the_best_epoch(
    new_trainer: NewTrainer, labelled: LabelledData, config: FilterConfig, bert_base: Path, moving_average: float
) -> None:
    """The core, from the files alone, makes the validation error that the history states."""
    val = labelled.splits["val"]
    val.scores[:] = 10 - val.scores  # what is learned makes it worse, so the last epoch is not the best
    trainer = new_trainer(replace(LONGER, moving_average=moving_average))
    best = fit(trainer)
    assert best.number < LONGER.epochs

    predicted = raw_scores(config, bert_base, trainer.adapter_folder, val.texts)

    found, expected = (
        [outcome.weighted_average for outcome in Postfilter(config).apply(s)] for s in (predicted, val.scores)
    )
    assert np.abs(np.subtract(found, expected)).mean() == pytest.approx(best.val_weighted_average_mae, abs=1e-4)
    assert np.abs(predicted.clip(0, 10) - val.scores).mean() == pytest.approx(best.val_mae, abs=1e-4)
    assert np.abs(predicted - trainer.best_predictions).max() < 1e-4


def test_the_relative_error_is_that_of_the_training_medians(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """1 is as good as no student."""
    trainer = new_trainer()
    val, train = labelled.splits["val"].scores, labelled.splits["train"].scores
    medians = np.tile(np.median(train, axis=0), (len(val), 1))
    assert mean_of(trainer.validation.figures(medians), "relative_error") == 1.0
    assert trainer.validation.selection_error(val) == 0.0


class TestManyTasks:
    """One network for two filters that share most of their articles."""

    @pytest.fixture
    def trainer(
        self,
        config: FilterConfig,
        labelled: LabelledData,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        without_plots: None,  # noqa: ARG002
    ) -> Trainer:
        """A trainer of an encoder for both."""
        monkeypatch.setattr(trainer_module, "training_dtype", lambda _device: torch.float32)
        return Trainer(reading_for(config), two_tasks(config, labelled), LONGER, tmp_path, save_encoder)

    def test_both_are_learned_and_count_alike(self, trainer: Trainer) -> None:
        """The best epoch is that with the smallest mean selection error, here the relative error."""
        best = fit(trainer)
        assert list(best.filters) == ["garden", "lawn"]
        assert all(figures.relative_error < 0.85 for figures in best.filters.values())
        means = [np.mean([figures.relative_error for figures in epoch.filters.values()]) for epoch in trainer.history]
        assert best.number == int(np.argmin(means)) + 1
        assert best.val_relative_error == pytest.approx(min(means))

    def test_filters_that_share_no_article_are_learned(
        self, config: FilterConfig, labelled: LabelledData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In batches so small that many have no article of one filter; each is validated on its own articles."""
        monkeypatch.setattr(trainer_module, "training_dtype", lambda _device: torch.float32)
        recipe = replace(LONGER, batch_size=2, sampling="balanced")
        trainer = Trainer(reading_for(config), disjoint_tasks(config, labelled), recipe, tmp_path, save_encoder)
        best = fit(trainer)
        assert trainer.history[-1].train_loss < trainer.history[0].train_loss
        assert np.isfinite(best.val_loss)
        assert all(np.isfinite(figures.relative_error) for figures in best.filters.values())

    def test_adapter_and_heads_give_the_predictions(
        self, trainer: Trainer, bert_base: Path, labelled: LabelledData
    ) -> None:
        """The core's encoder, without a head, and the heads beside it on the 0-10 scale."""
        fit(trainer)
        val = labelled.splits["val"]
        preprocessing = trainer.preprocessing
        rows = HeadTailTokenizer(bert_base / TOKENIZER_FILE, preprocessing).encode(val.texts)
        vectors = TorchBackend(load_encoder(bert_base, trainer.adapter_folder, "mean"), "cpu").run(*padded(rows))
        heads = load_file(trainer.run / HEADS_FILE)
        assert set(heads) == {"garden.weight", "garden.bias", "lawn.weight", "lawn.bias"}
        found = np.hstack([vectors @ heads[f"{n}.weight"].T + heads[f"{n}.bias"] for n in ("garden", "lawn")])
        assert np.abs(found - trainer.best_predictions).max() < 1e-4
        assert found.std(axis=0).min() > 0.1


def test_what_a_crash_leaves(config: FilterConfig, labelled: LabelledData, tmp_path: Path) -> None:
    """After each epoch: history, picture, adapter."""
    trainer = student_trainer(config, one_task(config, labelled), QUICK, tmp_path / "run")
    seen: list[int] = []

    def on_epoch(epoch: Any) -> None:
        written = strict_json((trainer.run / HISTORY_FILE).read_text(encoding="utf-8"))
        assert written == [asdict(past) for past in trainer.history]
        assert (trainer.run / PLOT_FILE).read_bytes().startswith(b"\x89PNG")
        assert {path.name for path in trainer.adapter_folder.iterdir()} == {ADAPTER_FILE, ADAPTER_CONFIG_FILE}
        seen.append(epoch.number)

    trainer.fit(lambda *_: None, on_epoch)

    assert seen == [1, 2]


@pytest.mark.parametrize("sampling", ["natural", "balanced"])
@pytest.mark.parametrize(("batch_size", "n_steps"), [(8, 5), (36, 1), (100, 1), (7, 6)])
def test_each_step_is_reported(new_trainer: NewTrainer, batch_size: int, n_steps: int, sampling: str) -> None:
    """For the progress bar: which of how many, over all epochs."""
    steps: list[tuple[int, int]] = []
    trainer = new_trainer(replace(QUICK, batch_size=batch_size, sampling=sampling))

    trainer.fit(lambda step, total, _: steps.append((step, total)), lambda _: None)

    assert steps == [(step + 1, 2 * n_steps) for step in range(2 * n_steps)]


def test_it_stops_when_it_no_longer_gets_better(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """Two epochs without a better one, and no more."""
    val = labelled.splits["val"]
    val.scores[:] = 10 - val.scores
    trainer = new_trainer(replace(LONGER, patience=2))
    best = fit(trainer)
    assert len(trainer.history) == best.number + 2 < LONGER.epochs


def test_one_seed_one_history(new_trainer: NewTrainer) -> None:
    """And one adapter, to the byte; another seed gives another."""

    def run(name: str, seed: int) -> tuple[list[dict[str, Any]], bytes]:
        trainer = new_trainer(replace(QUICK, seed=seed), run=name)
        fit(trainer)
        return without_time(trainer.history), (trainer.adapter_folder / ADAPTER_FILE).read_bytes()

    first, again, other = run("first", 0), run("again", 0), run("other", 1)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_a_dimension_without_variance_is_no_obstacle(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """A dimension that the oracle always puts at 0 is predicted at 0."""
    for split in labelled.splits.values():
        split.scores[:, 1] = 0.0
    trainer = new_trainer(replace(QUICK, least_scale=0.0))
    fit(trainer)
    assert np.abs(trainer.best_predictions[:, 1]).max() < 1e-3


@pytest.mark.parametrize("always_capped", [True, False])
def test_a_rank_correlation_that_is_not_defined_is_none(
    new_trainer: NewTrainer, labelled: LabelledData, config: FilterConfig, always_capped: bool
) -> None:
    """Where all averages are at the cap, or one article validates, history.json is JSON all the same."""
    if always_capped:
        gate = config.gatekeepers[0].model_copy(update={"below": 10.0, "cap": 0.0})
        config = config.model_copy(update={"gatekeepers": [gate]})
    else:
        labelled.splits["val"] = labelled.splits["val"].head(1)
    trainer = new_trainer(config=config)

    fit(trainer)

    history = strict_json((trainer.run / HISTORY_FILE).read_text(encoding="utf-8"))
    assert [epoch["val_spearman"] for epoch in history] == [None, None]


def test_training_that_diverges_is_an_error(new_trainer: NewTrainer) -> None:
    """A student of NaN must not be the best epoch, nor reach a filter's folder."""
    with pytest.raises(DistilleryError, match="learning rate"):
        fit(new_trainer(replace(QUICK, learning_rate=1e30)))


@pytest.mark.parametrize(
    ("tokens", "fault"), [({"head_tokens": 400}, "head_tokens"), ({"lowest_layer": 2}, "2 layers")]
)
def test_what_the_base_cannot_do_is_refused(new_trainer: NewTrainer, tokens: dict[str, Any], fault: str) -> None:
    """As the core refuses it, and before the hours of training."""
    with pytest.raises(DistilleryError, match=fault):
        new_trainer(replace(QUICK, **tokens))


def test_the_recipe_says_how_much_is_read(new_trainer: NewTrainer) -> None:
    """A part that it does not state is as configured."""
    trainer = new_trainer(replace(QUICK, head_tokens=3))
    assert trainer.preprocessing.model_dump() == {"head_tokens": 3, "tail_tokens": 16}
    assert max(map(len, trainer._rows)) == 3 + 16 + 2
