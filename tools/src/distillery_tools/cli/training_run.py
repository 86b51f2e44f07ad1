"""A training from the command line: its folder, one or several seeds, live progress on stderr."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..records import write_json

if TYPE_CHECKING:
    from ..training.history import Epoch
    from ..training.recipe import TrainingRecipe
    from ..training.trainer import Trainer

MakeTrainer = Callable[["TrainingRecipe", Path], "Trainer"]


@dataclass(frozen=True)
class Finished:
    """The best training, and the relative error of every seed."""

    trainer: Trainer
    seeds: dict[int, float]


@dataclass(frozen=True)
class Runs:
    """The options of a run: the folder of all runs, the run to resume, and the seeds."""

    folder: Path
    resume: Path | None
    seeds: Sequence[int] | None

    def folder_for(self, name: str) -> Path:
        """Return the folder of the run to resume, or a new one."""
        if self.resume is not None:
            return self.resume
        run = self.folder / f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        run.mkdir(parents=True)
        return run

    def train(self, make: MakeTrainer, recipe: TrainingRecipe, run: Path) -> Finished:
        """Train with the recipe's seed, or once with each seed in its own folder; return the best."""
        resume = self.resume is not None
        if not self.seeds:
            trainer = _train(make, recipe, run, resume=resume)
            return Finished(trainer, {recipe.seed: trainer.best.val_selection_error})
        trainers = {
            seed: _train(make, replace(recipe, seed=seed), run / f"seed-{seed}", resume=resume) for seed in self.seeds
        }
        return _best_of(trainers, run)


def _best_of(trainers: dict[int, Trainer], run: Path) -> Finished:
    """Write and print how the seeds compare; return the best."""
    from ..training.seeds import SEEDS_FILE, compare_seeds

    validation = next(iter(trainers.values())).validation
    report = compare_seeds({seed: trainer.best_predictions for seed, trainer in trainers.items()}, validation)
    write_json(run / SEEDS_FILE, {**asdict(report), "pays": report.pays})
    click.echo(str(report), err=True)
    return Finished(trainers[report.best_seed], report.errors)


def _train(make: MakeTrainer, recipe: TrainingRecipe, run: Path, *, resume: bool) -> Trainer:
    """Train once, from the start or from the run's checkpoint; a seed that has not started has no folder."""
    started = run.exists()
    run.mkdir(parents=True, exist_ok=True)
    trainer = make(recipe, run)
    if resume and started:
        trainer.resume()
    best = _fit(trainer)
    click.echo(f"best epoch: {best.number} of {recipe.epochs}; run: {run}", err=True)
    return trainer


def _fit(trainer: Trainer) -> Epoch:
    """Train under a progress bar; return the best epoch."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.3f}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("training", loss=0.0)

        def on_step(step: int, n_steps: int, loss: float) -> None:
            progress.update(task, completed=step, total=n_steps, loss=loss)

        def on_epoch(epoch: Epoch) -> None:
            progress.console.print(_line(epoch))

        return trainer.fit(on_step, on_epoch)


def _line(epoch: Epoch) -> str:
    """Return an epoch in one line, plus one line for each of several filters."""
    head = (
        f"epoch {epoch.number}: train loss {epoch.train_loss:.3f}, validation loss {epoch.val_loss:.3f}, "
        f"MAE of the weighted average {epoch.val_weighted_average_mae:.4f} "
        f"({epoch.val_relative_error:.1%} of the median's), "
        f"rank correlation {epoch.val_spearman or float('nan'):.4f}, "
        f"selection error {epoch.val_selection_error:.4f}, {epoch.seconds:.0f} s"
    )
    if len(epoch.filters) == 1:
        return head
    each = [
        f"  {name}: {figures.weighted_average_mae:.4f} ({figures.relative_error:.1%}), "
        f"rank correlation {figures.spearman or float('nan'):.4f}, nDCG {figures.ndcg or float('nan'):.4f}, "
        f"average precision {figures.average_precision or float('nan'):.4f}"
        for name, figures in epoch.filters.items()
    ]
    return "\n".join([head, *each])
