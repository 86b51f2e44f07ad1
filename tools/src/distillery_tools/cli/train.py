"""distillery train."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..records import write_json
from ..training.recipe import TrainingRecipe
from .options import data_options, load_data, source_folder

if TYPE_CHECKING:
    from ..data.labelled import LabelledData
    from ..training.trainer import Epoch, Trainer

DEFAULT = TrainingRecipe()
AT_LEAST_ONE = click.IntRange(min=1)


@click.command("train")
@click.argument("name")
@data_options
@click.option("--student", help="Which of the filter's students. Default: the filter's own choice.")
@click.option(
    "--epochs", type=AT_LEAST_ONE, default=DEFAULT.epochs, show_default=True, help="Passes over the training articles."
)
@click.option("--learning-rate", default=DEFAULT.learning_rate, show_default=True, help="Peak learning rate.")
@click.option("--batch-size", type=AT_LEAST_ONE, default=DEFAULT.batch_size, show_default=True, help="Articles a step.")
@click.option("--rank", type=AT_LEAST_ONE, default=DEFAULT.rank, show_default=True, help="Rank of the LoRA updates.")
@click.option("--seed", default=DEFAULT.seed, show_default=True, help="Seed of weights and order.")
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder of the runs' records.",
)
@click.option("--dry-run", is_flag=True, help="Train, but leave the filter's folder as it is.")
def train_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    student: str | None,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    rank: int,
    seed: int,
    runs: Path,
    dry_run: bool,
) -> None:
    """Train a student of the filter NAME (a path, or a name installed in editable mode).

    Fits LoRA updates and a head on the base model to the oracle's scores, keeps the best epoch by
    validation, fits a calibration if one helps on held-out articles, and puts all of it into the
    filter's folder: adapter, sha256 in config.yaml, calibration, golden scores, training.json.
    """
    from distillery import FilterConfig
    from distillery.student import base_folder

    from ..training.install import check_installable, install_student
    from ..training.record import training_record
    from ..training.trainer import Trainer

    folder = source_folder(name)
    config = FilterConfig.load(folder)
    chosen = student or config.default_student
    config.student(chosen)
    check_installable(folder, chosen)
    labelled = load_data(config, data, articles, labels)
    recipe = TrainingRecipe(rank, learning_rate, epochs, batch_size, seed=seed)
    run = runs / f"{config.name}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    run.mkdir(parents=True)
    trainer = Trainer(config, chosen, base_folder(config.student(chosen), folder), recipe, run)
    best = _fit(trainer, labelled)
    record = training_record(config, chosen, recipe, labelled.sha256, trainer.history, best)
    click.echo(f"best epoch: {best.number} of {epochs}; run: {run}")
    write_json(run / "training.json", record)
    if dry_run:
        return
    click.echo(install_student(folder, chosen, trainer.adapter_folder, labelled.splits["val"], record))
    click.echo(f"{folder} holds the new student; its quality: distillery evaluate {name} --data ...")


def _fit(trainer: Trainer, labelled: LabelledData) -> Epoch:
    """Train under a progress bar; return the best epoch."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.3f}"))
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task("training", loss=0.0)

        def on_step(step: int, n_steps: int, loss: float) -> None:
            progress.update(task, completed=step, total=n_steps, loss=loss)

        def on_epoch(epoch: Epoch) -> None:
            progress.console.print(
                f"epoch {epoch.number}: train loss {epoch.train_loss:.3f}, "
                f"validation error of the average {epoch.val_weighted_average_mae:.4f}, "
                f"rank correlation {epoch.val_spearman or float('nan'):.4f}, {epoch.seconds:.0f} s"
            )

        return trainer.fit(labelled, on_step, on_epoch)
