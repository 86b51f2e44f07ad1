"""Resuming: interrupted and resumed is the same, to the bit, as never interrupted."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from train_cases import LONGER, fit, one_task, student_trainer, two_tasks, without_time

from distillery import DistilleryError, FilterConfig
from distillery.toolkit import ADAPTER_FILE
from distillery_tools.data.labelled import LabelledData
from distillery_tools.training.checkpoint import CHECKPOINT_FILE, Checkpoint
from distillery_tools.training.random_states import random_facts, random_tensors, restore_random, set_seed
from distillery_tools.training.recipe import TrainingRecipe
from distillery_tools.training.trainer import Trainer

RECIPE = replace(
    LONGER, epochs=4, batch_size=8, moving_average=0.9, ranking_weight=0.1, sampling="balanced", patience=4
)
STEPS_AN_EPOCH = 5


class CutShortError(Exception):
    """The power went."""


@pytest.fixture
def new_trainer(config: FilterConfig, labelled: LabelledData, tmp_path: Path, without_plots: None) -> Any:
    """A function that makes trainers; they write a checkpoint every other step, and draw nothing."""

    def make(run: str, recipe: TrainingRecipe = RECIPE) -> Trainer:
        trainer = student_trainer(config, one_task(config, labelled), recipe, tmp_path / run)
        trainer._checkpoint_steps = 2
        return trainer

    return make


def train_until(trainer: Trainer, last_step: int) -> None:
    """Train, and break off after a step."""

    def on_step(step: int, _n_steps: int, _loss: float) -> None:
        if step == last_step:
            raise CutShortError

    with pytest.raises(CutShortError):
        trainer.fit(on_step, lambda _: None)


def spoil_random_states() -> None:
    """Leave the shared generators as another process has them."""
    set_seed(999)


@pytest.mark.parametrize("last_step", [2, 3, 4, STEPS_AN_EPOCH, STEPS_AN_EPOCH + 1, 3 * STEPS_AN_EPOCH, 17])
def test_resumed_is_as_never_interrupted(new_trainer: Any, last_step: int) -> None:
    """Weights, averages, optimizer, history: every tensor and number."""
    whole = new_trainer("whole")
    fit(whole)
    train_until(new_trainer("parts"), last_step)
    spoil_random_states()
    resumed = new_trainer("parts")

    resumed.resume()
    fit(resumed)

    assert without_time(resumed.history) == without_time(whole.history)
    expected, found = Checkpoint.load(whole.run), Checkpoint.load(resumed.run)
    assert expected.tensors.keys() == found.tensors.keys()
    assert all(torch.equal(tensor, found.tensors[name]) for name, tensor in expected.tensors.items())
    assert (resumed.adapter_folder / ADAPTER_FILE).read_bytes() == (whole.adapter_folder / ADAPTER_FILE).read_bytes()


def test_it_goes_on_where_it_stopped(new_trainer: Any) -> None:
    """At the last checkpoint: no step before it is done again."""
    train_until(new_trainer("run"), 7)
    resumed, steps = new_trainer("run"), []
    resumed.resume()
    resumed.fit(lambda step, *_: steps.append(step), lambda _: None)
    assert steps == list(range(7, 4 * STEPS_AN_EPOCH + 1))


def test_a_finished_run_has_nothing_to_do(new_trainer: Any) -> None:
    """Its best epoch is known, and its adapter stays."""
    done = new_trainer("run")
    best = fit(done)
    again = new_trainer("run")
    again.resume()
    assert without_time([fit(again)]) == without_time([best])
    assert np.array_equal(again.best_predictions, done.best_predictions)


@pytest.mark.parametrize("changes", [{"epochs": 5}, {"learning_rate": 0.1}, {"seed": 3}, {"head_tokens": 30}], ids=str)
def test_another_recipe_is_refused(new_trainer: Any, changes: dict[str, Any]) -> None:
    """The schedule, for one, would be neither the old one nor the new one. The choice is named."""
    train_until(new_trainer("run"), 3)
    (name,) = changes
    with pytest.raises(DistilleryError, match=name):
        new_trainer("run", replace(RECIPE, **changes)).resume()


def test_other_data_are_refused(new_trainer: Any, config: FilterConfig, labelled: LabelledData, tmp_path: Path) -> None:
    """Another sha256, or another filter's outputs."""
    train_until(new_trainer("run"), 3)
    changed = replace(one_task(config, labelled), sha256="f" * 64)
    with pytest.raises(DistilleryError, match="data_sha256"):
        student_trainer(config, changed, RECIPE, tmp_path / "run").resume()
    with pytest.raises(DistilleryError, match="outputs"):
        student_trainer(config, two_tasks(config, labelled), RECIPE, tmp_path / "run").resume()


def test_a_folder_without_a_checkpoint_is_refused(new_trainer: Any) -> None:
    """Nothing starts anew that was to be resumed."""
    with pytest.raises(DistilleryError, match=CHECKPOINT_FILE):
        new_trainer("run").resume()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x10\0\0\0\0\0\0\0{}              "])
def test_a_damaged_checkpoint_is_refused(new_trainer: Any, content: bytes) -> None:
    """The file is named."""
    trainer = new_trainer("run")
    (trainer.run / CHECKPOINT_FILE).write_bytes(content)
    with pytest.raises(DistilleryError, match=CHECKPOINT_FILE):
        trainer.resume()


def test_a_crash_while_writing_leaves_the_former_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one takes its name only when it is whole."""
    Checkpoint({"weights": torch.ones(2)}, {"steps": 1}).save(tmp_path)

    def crash(_self: Path, _target: Path) -> None:
        raise CutShortError

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(CutShortError):
        Checkpoint({"weights": torch.zeros(2)}, {"steps": 2}).save(tmp_path)

    kept = Checkpoint.load(tmp_path)
    assert kept.facts == {"steps": 1}
    assert torch.equal(kept.tensors["weights"], torch.ones(2))


def test_random_states_come_back(tmp_path: Path) -> None:
    """Through the file, for all three generators."""

    def draw() -> list[float]:
        return [random.random(), float(np.random.normal()), float(torch.rand(())), float(np.random.normal())]  # noqa: NPY002

    set_seed(5)
    draw()
    Checkpoint(random_tensors(), random_facts()).save(tmp_path)
    expected = draw()
    spoil_random_states()
    kept = Checkpoint.load(tmp_path)
    restore_random(kept.tensors, kept.facts)
    assert draw() == expected
