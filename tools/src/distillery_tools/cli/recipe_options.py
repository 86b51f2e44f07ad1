"""The options of the training commands: one per choice of a TrainingRecipe, and those of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from ..training.recipe import TrainingRecipe

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def recipe_options(command: Decorated) -> Decorated:
    """Add an option for each choice of the recipe."""
    for choice in reversed(fields(TrainingRecipe)):
        command = _option(choice)(command)
    return command


def device_option(command: Decorated) -> Decorated:
    """Add the option of where to train."""
    return click.option(
        "--device",
        callback=_device,
        default="cpu",
        show_default=True,
        help="Where torch trains: cpu, cuda, cuda:1.",
    )(command)


def run_options(command: Decorated) -> Decorated:
    """Add the options of the run: folder, seeds, resuming."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Train without changing the folder."),
        click.option(
            "--runs",
            type=click.Path(path_type=Path),
            default=Path("runs"),
            show_default=True,
            help="Folder for the runs: checkpoints, history, records.",
        ),
        click.option(
            "--resume",
            metavar="RUN",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            help="Folder of an interrupted run to continue. Give the same options and data.",
        ),
        click.option(
            "--seeds",
            callback=_seeds,
            metavar="N,N,...",
            help="Train once with each seed, keep the best, and report whether an ensemble would pay.",
        ),
    ):
        command = option(command)
    return command


def _device(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Refuse a device that torch does not have here."""
    import torch

    try:
        torch.empty(0, device=value)
    except (RuntimeError, AssertionError) as error:  # torch built without CUDA raises the latter
        raise click.BadParameter(f"torch cannot compute on '{value}' here: {str(error).splitlines()[0]}") from error
    return value


def _seeds(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[int] | None:
    """Read different whole numbers from 0 on, separated by commas."""
    if value is None:
        return None
    parts = value.split(",")
    if not all(part.isdecimal() for part in parts) or len(set(map(int, parts))) < len(parts):
        raise click.BadParameter(f"'{value}' is not a list of different seeds, such as 0,1,2")
    return [int(part) for part in parts]


def _option(choice: Field[Any]) -> Callable[[Decorated], Decorated]:
    return click.option(
        f"--{choice.name.replace('_', '-')}",
        type=_type(choice),
        default=choice.default,
        show_default=choice.default is not None,
        help=choice.metadata["meaning"],
    )


def _type(choice: Field[Any]) -> click.ParamType[Any]:
    stated = choice.metadata
    kind = stated["kind"] or type(choice.default)
    if stated["among"]:
        return click.Choice(stated["among"])
    if kind is int:
        return click.IntRange(min=stated["at_least"])
    if stated["above"] is not None:
        return click.FloatRange(min=stated["above"], min_open=True)
    return click.FloatRange(min=stated["at_least"], max=stated["below"], max_open=stated["below"] is not None)
