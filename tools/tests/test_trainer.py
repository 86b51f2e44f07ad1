"""Trainer: it learns, keeps the best epoch, writes down each, and can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from invented import strict_json

from distillery import DistilleryError, FilterConfig
from distillery.backends.torch_backend import TorchBackend
from distillery.base_models import TOKENIZER_FILE
from distillery.config import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from distillery.network import load_network
from distillery.postfilter import Postfilter
from distillery.student import Student
from distillery.tokens import HeadTailTokenizer
from distillery_tools.data.labelled import LabelledData
from distillery_tools.training import trainer as trainer_module
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.trainer import HISTORY_FILE, Epoch, Trainer

QUICK = TrainingRecipe(rank=4, learning_rate=0.02, epochs=2, batch_size=8)
LONGER = replace(QUICK, learning_rate=0.01, epochs=12, batch_size=4)

NewTrainer = Callable[..., Trainer]


@pytest.fixture
def new_trainer(config: FilterConfig, bert_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewTrainer:
    """A maker of trainers that compute in float32 whatever this CPU can do."""
    monkeypatch.setattr(trainer_module, "autocast_dtype", lambda: torch.float32)

    def make(recipe: TrainingRecipe = QUICK, run: str = "run", config: FilterConfig = config) -> Trainer:
        (tmp_path / run).mkdir()
        return Trainer(config, "compact", bert_base, recipe, tmp_path / run)

    return make


def fit(trainer: Trainer, data: LabelledData) -> Epoch:
    """Train without watching."""
    return trainer.fit(data, lambda *_: None, lambda _: None)


def without_time(history: Sequence[Epoch]) -> list[dict[str, Any]]:
    """Return what two runs must share."""
    return [{name: value for name, value in asdict(epoch).items() if name != "seconds"} for epoch in history]


def saved_student(trainer: Trainer, config: FilterConfig, base: Path) -> Student:
    """Return the student that the trainer's adapter is, as the core loads it."""
    settings = config.student()
    network = load_network(base, trainer.adapter_folder, settings, len(config.dimensions))
    tokenizer = HeadTailTokenizer(base / TOKENIZER_FILE, settings.preprocessing)
    return Student("compact", settings, len(config.dimensions), tokenizer, TorchBackend(network))


def test_it_learns_what_can_be_learned(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """The scores are counts of words: the loss falls, and unseen articles are ranked right."""
    trainer = new_trainer(LONGER)

    best = fit(trainer, labelled)

    losses = [epoch.train_loss for epoch in trainer.history]
    assert losses[-1] < 0.5 * losses[0]
    assert best.val_spearman > 0.7
    assert best.val_mae < np.abs(labelled.splits["val"].scores - labelled.splits["train"].scores.mean(axis=0)).mean()


def test_the_best_epoch_has_the_smallest_error_of_the_average(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """Epochs are numbered from 1."""
    trainer = new_trainer(LONGER)

    best = fit(trainer, labelled)

    errors = [epoch.val_weighted_average_mae for epoch in trainer.history]
    assert best is trainer.best
    assert best.number == int(np.argmin(errors)) + 1
    assert [epoch.number for epoch in trainer.history] == list(range(1, LONGER.epochs + 1))


def test_the_saved_adapter_is_that_of_the_best_epoch(
    new_trainer: NewTrainer, labelled: LabelledData, config: FilterConfig, bert_base: Path
) -> None:
    """The core, from the files alone, makes the validation error that the history states."""
    val, postfilter = labelled.splits["val"], Postfilter(config)
    val.scores[:] = 10 - val.scores  # what is learned makes it worse, so the last epoch is not the best
    trainer = new_trainer(LONGER)
    best = fit(trainer, labelled)
    assert best.number < LONGER.epochs

    predicted = saved_student(trainer, config, bert_base).predict(val.texts)

    found, wanted = ([outcome.weighted_average for outcome in postfilter.apply(s)] for s in (predicted, val.scores))
    assert np.abs(np.subtract(found, wanted)).mean() == pytest.approx(best.val_weighted_average_mae, abs=1e-4)
    assert np.abs(predicted.clip(0, 10) - val.scores).mean() == pytest.approx(best.val_mae, abs=1e-4)


def test_the_adapter_is_saved_only_when_an_epoch_is_the_best_so_far(
    new_trainer: NewTrainer, labelled: LabelledData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of errors 3, 1, 2, 1 the first and the second are."""
    trainer, saved = new_trainer(replace(QUICK, epochs=4)), []
    measured = trainer._epoch

    def scripted(number: int, *rest: Any) -> Epoch:
        return replace(measured(number, *rest), val_weighted_average_mae=[3.0, 1.0, 2.0, 1.0][number - 1])

    monkeypatch.setattr(trainer, "_epoch", scripted)
    monkeypatch.setattr(trainer._student, "save", lambda *_: saved.append(len(trainer.history)))

    assert fit(trainer, labelled).number == 2
    assert saved == [1, 2]


def test_history_is_written_each_epoch(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """A run that is killed leaves what it had, and an adapter."""
    trainer, seen = new_trainer(), []

    def on_epoch(epoch: Epoch) -> None:
        run = trainer.adapter_folder.parent
        written = strict_json((run / HISTORY_FILE).read_text(encoding="utf-8"))
        assert written == [asdict(past) for past in trainer.history]
        assert {path.name for path in trainer.adapter_folder.iterdir()} == {ADAPTER_FILE, ADAPTER_CONFIG_FILE}
        seen.append(epoch.number)

    trainer.fit(labelled, lambda *_: None, on_epoch)

    assert seen == [1, 2]


@pytest.mark.parametrize(("batch_size", "n_steps"), [(8, 5), (36, 1), (100, 1), (7, 6)])
def test_each_step_is_reported(new_trainer: NewTrainer, labelled: LabelledData, batch_size: int, n_steps: int) -> None:
    """For the progress bar: which of how many, over all epochs."""
    steps: list[tuple[int, int]] = []
    trainer = new_trainer(replace(QUICK, batch_size=batch_size))

    trainer.fit(labelled, lambda step, total, _: steps.append((step, total)), lambda _: None)

    assert steps == [(step + 1, 2 * n_steps) for step in range(2 * n_steps)]


def test_one_seed_one_history(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """And one adapter, to the byte; another seed gives another."""

    def run(name: str, seed: int) -> tuple[list[dict[str, Any]], bytes]:
        trainer = new_trainer(replace(QUICK, seed=seed), run=name)
        fit(trainer, labelled)
        return without_time(trainer.history), (trainer.adapter_folder / ADAPTER_FILE).read_bytes()

    first, again, other = run("first", 0), run("again", 0), run("other", 1)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_a_dimension_without_variance_is_no_obstacle(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """A dimension that the oracle always puts at 0 is predicted at 0."""
    for split in labelled.splits.values():
        split.scores[:, 1] = 0.0
    trainer = new_trainer()
    fit(trainer, labelled)
    assert np.isfinite([list(epoch.values()) for epoch in without_time(trainer.history)]).all()


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

    fit(trainer, labelled)

    history = strict_json((trainer.adapter_folder.parent / HISTORY_FILE).read_text(encoding="utf-8"))
    assert [epoch["val_spearman"] for epoch in history] == [None, None]


def test_training_that_diverges_is_an_error(new_trainer: NewTrainer, labelled: LabelledData) -> None:
    """A student of NaN must not be the best epoch, nor reach a filter's folder."""
    trainer = new_trainer(replace(QUICK, learning_rate=1e30))
    with pytest.raises(DistilleryError, match="learning rate"):
        fit(trainer, labelled)


def test_a_preprocessing_longer_than_the_base_is_refused(new_trainer: NewTrainer, config: FilterConfig) -> None:
    """As the core refuses it, and before the hours of training."""
    settings = config.student()
    long = settings.preprocessing.model_copy(update={"head_tokens": 400})
    students = {"compact": settings.model_copy(update={"preprocessing": long})}
    with pytest.raises(DistilleryError, match="head_tokens"):
        new_trainer(config=config.model_copy(update={"students": students}))
