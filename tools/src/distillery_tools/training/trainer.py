"""Trainer: fits a student to the oracle's scores and keeps the best epoch."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from distillery import FilterConfig, ModelError
from distillery.base_models import TOKENIZER_FILE
from distillery.batching import batches_by_length, padded
from distillery.postfilter import Postfilter
from distillery.student import check_length
from distillery.tokens import HeadTailTokenizer

from ..data.labelled import LabelledData
from ..evaluation.metrics import spearman
from ..records import write_json
from .batches import grouped_batches
from .lora import LoraStudent, autocast_dtype
from .recipe import TrainingRecipe

HISTORY_FILE = "history.json"
ADAPTER_FOLDER = "adapter"

Step = Callable[[int, int, float], None]
Rows = list[list[int]]


@dataclass(frozen=True)
class Epoch:
    """What one pass gave: mean squared error in training, and the validation figures."""

    number: int
    train_loss: float
    val_mae: float
    val_weighted_average_mae: float
    val_spearman: float | None
    seconds: float


class Trainer:
    """Trains one student: LoRA updates and head, mean squared error on standardised scores.

    Each dimension is scaled to unit variance, so that none drowns the others; the scaling is folded
    into the head when it is saved.
    """

    def __init__(self, config: FilterConfig, student: str, base: Path, recipe: TrainingRecipe, run: Path) -> None:
        """Build the network from the base model's folder; results go to the folder ``run``."""
        set_seed(recipe.seed)
        settings = config.student(student)
        self._recipe = recipe
        self._run = run
        self._tokenizer = HeadTailTokenizer(base / TOKENIZER_FILE, settings.preprocessing)
        check_length(self._tokenizer, base, student)
        self._student = LoraStudent(base, settings, len(config.dimensions), recipe.rank)
        self._network = self._student.network
        self._postfilter = Postfilter(config)
        self._dtype = autocast_dtype()
        self.history: list[Epoch] = []

    @property
    def adapter_folder(self) -> Path:
        """Where the best epoch's adapter is."""
        return self._run / ADAPTER_FOLDER

    @property
    def best(self) -> Epoch:
        """The epoch with the smallest validation error of the weighted average."""
        return min(self.history, key=lambda epoch: epoch.val_weighted_average_mae)

    def fit(self, data: LabelledData, on_step: Step, on_epoch: Callable[[Epoch], None]) -> Epoch:
        """Train on ``train``, choose by ``val``; the adapter and history.json are written every epoch.

        ``on_step(step, n_steps, loss)`` is called after each step, ``on_epoch`` after each epoch.
        Returns the best epoch.
        """
        train, val = data.splits["train"], data.splits["val"]
        rows, val_rows = self._tokenizer.encode(train.texts), self._tokenizer.encode(val.texts)
        mean, scale = train.scores.mean(axis=0), train.scores.std(axis=0) + 1e-6
        targets = torch.tensor((train.scores - mean) / scale, dtype=torch.float32)
        generator = np.random.default_rng(self._recipe.seed)
        steps_an_epoch = -(-len(rows) // self._recipe.batch_size)
        optimizer, schedule = self._optimizer(steps_an_epoch * self._recipe.epochs)
        for number in range(1, self._recipe.epochs + 1):
            started = time.perf_counter()
            loss = self._pass(rows, targets, generator, optimizer, schedule, on_step)
            predicted = self._predict(val_rows) * scale + mean
            self.history.append(self._epoch(number, loss, predicted, val.scores, time.perf_counter() - started))
            if self.best.number == number:
                unscale = (torch.tensor(value, dtype=torch.float32) for value in (mean, scale))
                self._student.save(self.adapter_folder, *unscale)
            self._write_history()
            on_epoch(self.history[-1])
        return self.best

    def _optimizer(self, n_steps: int) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
        recipe, warmup = self._recipe, max(1, round(self._recipe.warmup_share * n_steps))
        optimizer = torch.optim.AdamW(self._trained(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        rate = lambda step: min(1.0, (step + 1) / warmup) * max(0.0, 1 - step / n_steps)  # noqa: E731
        return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)

    def _pass(
        self,
        rows: Rows,
        targets: Tensor,
        generator: np.random.Generator,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LambdaLR,
        on_step: Step,
    ) -> float:
        """Go over the training articles once; return the mean loss."""
        self._network.train()
        losses: list[float] = []
        batches = grouped_batches([len(row) for row in rows], self._recipe.batch_size, generator)
        for batch in batches:
            loss = nn.functional.mse_loss(self._forward([rows[index] for index in batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._trained(), self._recipe.grad_clip)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            if not np.isfinite(losses[-1]):
                raise ModelError(
                    f"The loss is {losses[-1]} after step {schedule.last_epoch}: training diverged.\n"
                    f"  Train with a smaller learning rate than {self._recipe.learning_rate:g}."
                )
            on_step(schedule.last_epoch, len(batches) * self._recipe.epochs, losses[-1])
        return float(np.mean(losses))

    def _forward(self, rows: Rows) -> Tensor:
        ids, mask = (torch.from_numpy(array) for array in padded(rows))
        with torch.autocast("cpu", dtype=self._dtype, enabled=self._dtype != torch.float32):
            predicted: Tensor = self._network(ids, mask)
        return predicted.float()

    def _predict(self, rows: Rows) -> NDArray[np.float64]:
        """Return standardised predictions [n_rows, n_dimensions]."""
        self._network.eval()
        predicted = np.empty((len(rows), self._network.score.out_features))
        with torch.inference_mode():
            for batch in batches_by_length([len(row) for row in rows]):
                predicted[batch] = self._forward([rows[index] for index in batch]).numpy()
        return predicted

    def _epoch(
        self, number: int, loss: float, predicted: NDArray[np.float64], scores: NDArray[np.float64], seconds: float
    ) -> Epoch:
        found, expected = self._averages(predicted), self._averages(scores)
        rank_correlation = float(spearman(found, expected))
        return Epoch(
            number=number,
            train_loss=loss,
            val_mae=float(np.abs(predicted.clip(0, 10) - scores).mean()),
            val_weighted_average_mae=float(np.abs(found - expected).mean()),
            val_spearman=rank_correlation if np.isfinite(rank_correlation) else None,
            seconds=seconds,
        )

    def _averages(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([outcome.weighted_average for outcome in self._postfilter.apply(scores)])

    def _trained(self) -> list[nn.Parameter]:
        return [parameter for parameter in self._network.parameters() if parameter.requires_grad]

    def _write_history(self) -> None:
        write_json(self._run / HISTORY_FILE, [asdict(epoch) for epoch in self.history])


def set_seed(seed: int) -> None:
    """Seed every generator that training draws from."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  peft and transformers draw from the global one
    torch.manual_seed(seed)
