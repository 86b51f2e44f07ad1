"""A training from the command line: its folder, its seeds one after the other, live progress."""

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
    """The training that is kept, and the relative error of every seed that was tried."""

    trainer: Trainer
    seeds: dict[int, float]


@dataclass(frozen=True)
class Runs:
    """What the options say of runs: where their folders are, which one to resume, and with which seeds to train."""

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
        """Train once with the recipe's seed, or once with each seed in a folder of its own; return the best."""
        resume = self.resume is not None
        if not self.seeds:
            trainer = _trained(make, recipe, run, resume=resume)
            return Finished(trainer, {recipe.seed: trainer.best.val_relative_error})
        trainers = {
            seed: _trained(make, replace(recipe, seed=seed), run / f"seed-{seed}", resume=resume) for seed in self.seeds
        }
        return _best_of(trainers, run)


def _best_of(trainers: dict[int, Trainer], run: Path) -> Finished:
    """Write and say how the seeds compare; return the best."""
    from ..training.seeds import SEEDS_FILE, compare_seeds

    validation = next(iter(trainers.values())).validation
    report = compare_seeds({seed: trainer.best_predictions for seed, trainer in trainers.items()}, validation)
    write_json(run / SEEDS_FILE, {**asdict(report), "pays": report.pays})
    click.echo(str(report))
    return Finished(trainers[report.best_seed], report.errors)


def _trained(make: MakeTrainer, recipe: TrainingRecipe, run: Path, *, resume: bool) -> Trainer:
    """Train once, from the start or from the run's checkpoint; a seed not begun yet has no folder."""
    begun = run.exists()
    run.mkdir(parents=True, exist_ok=True)
    trainer = make(recipe, run)
    if resume and begun:
        trainer.resume()
    best = _fit(trainer)
    click.echo(f"best epoch: {best.number} of {recipe.epochs}; run: {run}")
    return trainer


def _fit(trainer: Trainer) -> Epoch:
    """Train under a progress bar; return the best epoch."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.3f}"))
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task("training", loss=0.0)

        def on_step(step: int, n_steps: int, loss: float) -> None:
            progress.update(task, completed=step, total=n_steps, loss=loss)

        def on_epoch(epoch: Epoch) -> None:
            progress.console.print(_line(epoch))

        return trainer.fit(on_step, on_epoch)


def _line(epoch: Epoch) -> str:
    """Return an epoch in a line, and if there are more filters than one, a line for each."""
    head = (
        f"epoch {epoch.number}: train loss {epoch.train_loss:.3f}, validation loss {epoch.val_loss:.3f}, "
        f"error of the average {epoch.val_weighted_average_mae:.4f} ({epoch.val_relative_error:.1%} of the median's), "
        f"rank correlation {epoch.val_spearman or float('nan'):.4f}, {epoch.seconds:.0f} s"
    )
    if len(epoch.filters) == 1:
        return head
    each = [
        f"  {name}: {figures.weighted_average_mae:.4f} ({figures.relative_error:.1%}), "
        f"rank correlation {figures.spearman or float('nan'):.4f}"
        for name, figures in epoch.filters.items()
    ]
    return "\n".join([head, *each])
