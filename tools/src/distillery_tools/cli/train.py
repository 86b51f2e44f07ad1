"""distillery train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distillery.toolkit import format_option, print_json

from ..records import write_json
from ..training.recipe import TrainingRecipe
from .options import data_options, extra_option, load_data, source_folder
from .recipe_options import device_option, recipe_options, run_options
from .training_run import Runs

if TYPE_CHECKING:
    from distillery import FilterConfig

    from ..data.labelled import Split
    from ..training.examples import TrainingData


@click.command("train")
@click.argument("name", metavar="FILTER")
@data_options
@extra_option
@click.option("--student", help="Which of the filter's students. Default: the filter's own choice.")
@run_options
@device_option
@recipe_options
@format_option
def train_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    extra: tuple[Path, ...],
    student: str | None,
    runs: Path,
    resume: Path | None,
    seeds: list[int] | None,
    dry_run: bool,
    device: str,
    output_format: str,
    **choices: Any,
) -> None:
    """Train a student of FILTER (a folder, or a name installed in editable mode).

    Fits LoRA updates and a head on the base model to the oracle's scores, keeps the best epoch by validation, and
    fits a calibration. Writes everything into the filter's folder: adapter, sha256 in config.yaml, calibration,
    golden scores, training.json. A student with a shared encoder only gets a new head.
    """
    from distillery import FilterConfig

    from ..training.examples import TrainingData
    from ..training.install import RECORD_FILE

    folder = source_folder(name)
    config = FilterConfig.load(folder)
    recipe = TrainingRecipe(**choices).completed(config.training)
    chosen = student or config.default_student
    shares_encoder = config.student(chosen).encoder is not None
    if shares_encoder and (resume or seeds or recipe.changes_context):
        raise click.UsageError(
            "A student with a shared encoder takes no --resume, --seeds, --head-tokens or --tail-tokens."
        )
    labelled = load_data(config, data, articles, labels, extra)
    examples = TrainingData.join([(config, labelled)], recipe.readings).with_snippets(recipe.snippet_characters or 0)
    make = _head if shares_encoder else _own_student
    done = make(config, folder, chosen, examples, recipe, Runs(runs, resume, seeds), device)
    write_json(done.run / RECORD_FILE, done.record)
    note = None if dry_run else done.install(labelled.splits["val"])
    if output_format == "json":
        print_json({"run": str(done.run), "installed": not dry_run, "calibration": note, "record": done.record})
    elif note:
        click.echo(f"{note}\n{folder} has the new student; measure it: distillery evaluate {name} --data ...")


@dataclass(frozen=True)
class Done:
    """The result of a training: its folder, its record, and a function that installs it."""

    run: Path
    record: dict[str, Any]
    install: Callable[[Split], str]


def _own_student(
    config: FilterConfig,
    folder: Path,
    student: str,
    data: TrainingData,
    recipe: TrainingRecipe,
    runs: Runs,
    device: str,
) -> Done:
    """Train a student with an adapter of its own."""
    from distillery.toolkit import resolve_encoder_spec

    from ..training.install import install_student
    from ..training.record import training_record
    from ..training.saving import save_student
    from ..training.trainer import Trainer

    spec = resolve_encoder_spec(config, folder, student)
    spec.base_folder()  # a missing or wrong base is an error before the run has a folder
    run = runs.folder_for(config.name)

    def trainer(recipe: TrainingRecipe, run: Path) -> Trainer:
        return Trainer(spec, data, recipe, run, save_student, device=device)

    best = runs.train(trainer, recipe, run)
    record = training_record(_subject(config, student), best.trainer, best.seeds)
    return Done(run, record, lambda val: install_student(folder, student, best.trainer, val, record))


def _head(
    config: FilterConfig,
    folder: Path,
    student: str,
    data: TrainingData,
    recipe: TrainingRecipe,
    runs: Runs,
    device: str,
) -> Done:
    """Fit a head on a shared encoder."""
    from distillery.toolkit import load_encoder_spec, locate_encoder

    from ..training.head_run import train_head
    from ..training.install import install_head
    from ..training.saving import ADAPTER_FOLDER

    reference = config.student(student).encoder
    assert reference is not None  # noqa: S101  the caller has checked
    spec = load_encoder_spec(locate_encoder(reference, folder))
    run = runs.folder_for(config.name)
    record = train_head(spec, data, recipe, run, _subject(config, student), device)
    error = record["validation"]["weighted_average_mae"]
    click.echo(f"head on {spec.title}: validation MAE of the weighted average {error:.4f}; run: {run}", err=True)
    return Done(run, record, lambda val: install_head(folder, student, run / ADAPTER_FOLDER, spec, val, record))


def _subject(config: FilterConfig, student: str) -> dict[str, str]:
    return {"filter": config.name, "version": config.version, "student": student}
