"""Trainer: fits a network to the oracle's scores of one or many filters and keeps the best epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor

from distillery.toolkit import (
    TOKENIZER_FILE,
    EncoderSpec,
    HeadTailTokenizer,
    PreprocessingConfig,
    batches_by_length,
    check_length,
    padded,
)

from .batches import grouped_batches
from .checkpoint import Checkpoint, check_unchanged
from .examples import TrainingData
from .history import Epoch, Validation, best_of, mean_of, mean_spearman, write_history
from .lora import LoraNetwork, training_dtype
from .objective import Objective
from .optimisation import Optimisation
from .plot import plot_history
from .random_states import random_facts, random_tensors, restore_random, set_seed
from .recipe import TrainingRecipe
from .sampling import chances, drawn
from .saving import ADAPTER_FOLDER, Save, TrainedNetwork
from .scaling import Scaling
from .tasks import Values, n_outputs_of

PREDICTIONS_FILE = "validation.safetensors"
# A checkpoint takes 20 ms; a crash then loses less than a minute.
CHECKPOINT_STEPS = 50

OnStep = Callable[[int, int, float], None]
OnEpoch = Callable[[Epoch], None]


class Trainer:
    """Trains one network: LoRA updates and a head over all tasks' dimensions, on standardised scores.

    Writes everything into the folder ``run`` while it trains: the best epoch (by ``save``), its predictions of the
    validation articles, history.json, history.png, and a checkpoint.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        data: TrainingData,
        recipe: TrainingRecipe,
        run: Path,
        save: Save,
        checkpoint_steps: int = CHECKPOINT_STEPS,
        device: str = "cpu",
    ) -> None:
        """Build the network of ``spec`` on a device of torch; an existing adapter is ignored."""
        set_seed(recipe.seed)
        self.run = run
        self.recipe = recipe
        self.history: list[Epoch] = []
        self.preprocessing = context(spec.preprocessing, recipe)
        self._spec, self._data, self._save = spec, data, save
        self._checkpoint_steps = checkpoint_steps
        base = spec.base_folder()
        tokenizer = HeadTailTokenizer(base / TOKENIZER_FILE, self.preprocessing)
        check_length(tokenizer, base, spec.adapter)
        self._rows, self._val_rows = tokenizer.encode(data.train.texts), tokenizer.encode(data.val.texts)
        self._device = device
        self._lora = LoraNetwork(
            base,
            spec.pooling,
            n_outputs_of(data.tasks),
            recipe.rank,
            recipe.lowest_layer,
            device=device,
            dtype=training_dtype(device),
        )
        self._prepare()

    def _prepare(self) -> None:
        recipe, train, val = self.recipe, self._data.train.scores, self._data.val.scores
        self._scaling = Scaling.of(train, recipe.least_scale)
        self._targets, self._val_targets = (
            torch.tensor(self._scaling.standardised(scores), dtype=torch.float32) for scores in (train, val)
        )
        self._trained = TrainedNetwork(self._lora, self._spec.base, self._scaling, self._data.tasks)
        self._objective = Objective(self._data.tasks, train, self._scaling, recipe)
        self.validation = Validation(self._data.tasks, train, val)
        self._chances = chances(self._data.tasks, train, recipe)
        self._steps_an_epoch = -(-len(train) // recipe.batch_size)
        self._optimisation = Optimisation(self._lora.trained, recipe, self._steps_an_epoch * recipe.epochs)
        self._losses: list[float] = []  # of the current epoch
        self._seconds = 0.0

    @property
    def adapter_folder(self) -> Path:
        """Where the best epoch's adapter is."""
        return self.run / ADAPTER_FOLDER

    @property
    def facts(self) -> dict[str, Any]:
        """What is trained on, for JSON."""
        return {
            "base_model": self._spec.base.model,
            "pooling": self._spec.pooling,
            "preprocessing": self.preprocessing.model_dump(),
            "data_sha256": self._data.sha256,
        }

    @property
    def best(self) -> Epoch:
        """The epoch with the smallest selection error on the validation articles."""
        return best_of(self.history)

    @property
    def best_predictions(self) -> Values:
        """The best epoch's raw scores of the validation articles [n_articles, n_outputs]."""
        return load_file(self.run / PREDICTIONS_FILE)["raw"]

    def resume(self) -> None:
        """Continue from the run's checkpoint; raise InputFileError if data or recipe changed."""
        checkpoint = Checkpoint.load(self.run)
        facts = checkpoint.facts
        check_unchanged(self.run, facts["identity"], self._identity)
        self._optimisation.restore(checkpoint.tensors, facts["steps"])
        restore_random(checkpoint.tensors, facts["random"])
        self.history = [Epoch.from_dict(epoch) for epoch in facts["history"]]
        self._losses, self._seconds = facts["losses"], facts["seconds"]

    def fit(self, on_step: OnStep, on_epoch: OnEpoch) -> Epoch:
        """Train on ``train``, choose by ``val``, and return the best epoch.

        ``on_step(step, n_steps, loss)`` is called after each step, ``on_epoch`` after each epoch.
        """
        while not self._finished:
            self._pass(on_step)
            self.history.append(self._validated())
            self._losses, self._seconds = [], 0.0
            write_history(self.run, self.history)
            plot_history(self.run, self.history)
            self._write_checkpoint()
            on_epoch(self.history[-1])
        return self.best

    @property
    def _finished(self) -> bool:
        n_done, patience = len(self.history), self.recipe.patience
        return n_done == self.recipe.epochs or bool(patience and n_done and n_done - self.best.number >= patience)

    def _pass(self, on_step: OnStep) -> None:
        """Train on the rest of the epoch's batches."""
        self._lora.network.train()
        started, before = time.perf_counter(), self._seconds
        for batch in self._batches()[len(self._losses) :]:
            loss = self._objective(self._forward([self._rows[index] for index in batch]), self._targets[batch])
            self._losses.append(self._optimisation.step(loss))
            self._seconds = before + time.perf_counter() - started
            if self._optimisation.n_done % self._checkpoint_steps == 0:
                self._write_checkpoint()
            on_step(self._optimisation.n_done, self._optimisation.n_steps, self._losses[-1])

    def _batches(self) -> list[list[int]]:
        """Return the batches of the current epoch; seed and number determine them."""
        generator = np.random.default_rng([self.recipe.seed, len(self.history)])
        indices = drawn(len(self._rows), self._chances, generator)
        batches = grouped_batches([len(self._rows[index]) for index in indices], self.recipe.batch_size, generator)
        return [indices[batch].tolist() for batch in batches]

    def _forward(self, rows: list[list[int]]) -> Tensor:
        ids, mask = (torch.from_numpy(array).to(self._device) for array in padded(rows))
        predicted: Tensor = self._lora.network(ids, mask)
        return predicted.cpu()

    def _validated(self) -> Epoch:
        """Measure the averaged weights; save them if they are the best so far."""
        started = time.perf_counter()
        with self._optimisation.averaged():
            predicted = self._predict()
            raw = self._scaling.restored(predicted.numpy().astype(np.float64))
            figures = self.validation.figures(raw)
            selection_error = mean_of(figures, "selection_error")
            if not self.history or selection_error < self.best.val_selection_error:
                self._save(self._trained, self.run)
                save_file({"raw": raw}, self.run / PREDICTIONS_FILE)
        return Epoch(
            number=len(self.history) + 1,
            train_loss=float(np.mean(self._losses)),
            val_loss=self._objective(predicted, self._val_targets).item(),
            val_mae=mean_of(figures, "mae"),
            val_weighted_average_mae=mean_of(figures, "weighted_average_mae"),
            val_relative_error=mean_of(figures, "relative_error"),
            val_selection_error=selection_error,
            val_spearman=mean_spearman(figures),
            filters=figures,
            seconds=self._seconds + time.perf_counter() - started,
        )

    def _predict(self) -> Tensor:
        """Return standardised predictions for the validation articles [n_articles, n_outputs]."""
        self._lora.network.eval()
        predicted = torch.empty(len(self._val_rows), n_outputs_of(self._data.tasks))
        with torch.inference_mode():
            for batch in batches_by_length([len(row) for row in self._val_rows]):
                predicted[batch] = self._forward([self._val_rows[index] for index in batch])
        return predicted

    @property
    def _identity(self) -> dict[str, Any]:
        """What must be unchanged for a run to be resumed."""
        outputs = [f"{task.name}.{name}" for task in self._data.tasks for name in task.config.dimension_names]
        return {**self.facts, "base": dict(self._spec.base.sha256), "outputs": outputs, **asdict(self.recipe)}

    def _write_checkpoint(self) -> None:
        facts = {
            "identity": self._identity,
            "steps": self._optimisation.n_done,
            "losses": self._losses,
            "seconds": self._seconds,
            "history": [asdict(epoch) for epoch in self.history],
            "random": random_facts(),
        }
        Checkpoint({**self._optimisation.tensors(), **random_tensors()}, facts).save(self.run)


def context(preprocessing: PreprocessingConfig, recipe: TrainingRecipe) -> PreprocessingConfig:
    """Return how much of a text is read: by the recipe, otherwise as configured."""
    asked = {"head_tokens": recipe.head_tokens, "tail_tokens": recipe.tail_tokens}
    return preprocessing.model_copy(update={name: value for name, value in asked.items() if value is not None})
