"""distillery encoder train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distillery import ConfigError, InputFileError
from distillery.toolkit import ENCODER_FILE, EncoderConfig, format_option, print_json

from ..records import write_json
from ..training.recipe import TrainingRecipe
from .options import extra_option, load_data
from .recipe_options import device_option, recipe_options, run_options
from .training_run import Runs

if TYPE_CHECKING:
    from distillery import FilterConfig


@click.command("train")
@click.argument("folder", metavar="ENCODER", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder with articles.jsonl and labels/<filter>.jsonl.",
)
@extra_option
@click.option(
    "--filter",
    "names",
    multiple=True,
    metavar="NAME",
    help="A filter, by name or folder, whose labels are used. Repeatable. Default: installed filters with labels.",
)
@run_options
@device_option
@recipe_options
@format_option
def train_command(
    folder: Path,
    data: Path,
    extra: tuple[Path, ...],
    names: tuple[str, ...],
    runs: Path,
    resume: Path | None,
    seeds: list[int] | None,
    dry_run: bool,
    device: str,
    output_format: str,
    **choices: Any,
) -> None:
    """Train the shared encoder in the folder ENCODER on the labels of many filters.

    Fits LoRA updates of the base model, with one head for all filters, to the oracle's scores, and keeps the best
    epoch by validation. The adapter, without the heads, goes into the encoder's folder, its sha256 into encoder.yaml;
    the heads stay in the run's folder (heads.safetensors).
    """
    from distillery.toolkit import load_encoder_spec

    from ..training.examples import TrainingData
    from ..training.install import RECORD_FILE, install_encoder
    from ..training.record import training_record
    from ..training.saving import save_encoder
    from ..training.trainer import Trainer

    folder, recipe = encoder_folder(folder), TrainingRecipe(**choices)
    encoder, spec = EncoderConfig.load(folder), load_encoder_spec(folder)
    configs = labelled_filters(data, names)
    labels = [(config, load_data(config, data, None, None, extra)) for config in configs]
    joined = TrainingData.join(labels, recipe.readings)
    joined = joined.with_snippets(recipe.snippet_characters or 0)
    spec.base_folder()  # a missing or wrong base is an error before the run has a folder
    options = Runs(runs, resume, seeds)
    run = options.folder_for(encoder.name)

    def trainer(recipe: TrainingRecipe, run: Path) -> Trainer:
        return Trainer(spec, joined, recipe, run, save_encoder, device=device)

    done = options.train(trainer, recipe, run)
    subject = {
        "encoder": encoder.name,
        "version": encoder.version,
        "filters": {config.name: config.version for config in configs},
    }
    record = training_record(subject, done.trainer, done.seeds)
    write_json(run / RECORD_FILE, record)
    if not dry_run:
        install_encoder(folder, done.trainer, record)
    if output_format == "json":
        print_json({"run": str(run), "installed": not dry_run, "record": record})
    elif not dry_run:
        click.echo(f"{folder} has the new encoder; train each filter's head on it: distillery train FILTER --data ...")


def encoder_folder(path: Path) -> Path:
    """Return the folder of encoder.yaml at a path: itself, or the package inside a project folder."""
    if (path / ENCODER_FILE).is_file():
        return path
    inside = sorted(path.glob(f"src/*/{ENCODER_FILE}"))
    if len(inside) == 1:
        return inside[0].parent
    raise ConfigError(f"No encoder at {path}: there is neither {ENCODER_FILE} nor src/<package>/{ENCODER_FILE}.")


def labelled_filters(data: Path, names: tuple[str, ...]) -> list[FilterConfig]:
    """Return the configs of the named filters, or of the installed ones that have labels.

    Raises InputFileError if no installed filter has a label file.
    """
    from distillery import list_filters, load_config

    if names:
        return [load_config(name) for name in names]
    labelled = sorted(path.stem for path in (data / "labels").glob("*.jsonl"))
    if not labelled:
        raise InputFileError(f"{data / 'labels'} has no label files.")
    installed = {item.name for item in list_filters()}
    usable = [name for name in labelled if name in installed]
    unused = ", ".join(name for name in labelled if name not in installed)
    if not usable:
        raise InputFileError(f"No filter with labels in {data / 'labels'} is installed: {unused}.  Use --filter NAME.")
    if unused:
        click.echo(f"note: labels of filters that are not installed are not used: {unused}", err=True)
    return [load_config(name) for name in usable]
