"""What the commands of the tools share: where labelled articles are, folders that may change, shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from distillery import FilterConfig, InputFileError
from distillery.toolkit import locate_filter

from ..data.labelled import ARTICLES_FILE, LabelledData, labelled_files

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

ROUNDING = 1e-6

# A number between 0 and 1, both excluded.
OPEN_SHARE = click.FloatRange(0.0, 1.0, min_open=True, max_open=True)


def data_options(command: Decorated) -> Decorated:
    """Add the options that say where labelled articles are."""
    for option in (
        click.option(
            "--labels",
            type=click.Path(path_type=Path),
            help="JSON lines of id, split and scores. Default: DATA/labels/<filter>.jsonl",
        ),
        click.option(
            "--articles", type=click.Path(path_type=Path), help=f"JSON lines of articles. Default: DATA/{ARTICLES_FILE}"
        ),
        click.option(
            "--data",
            type=click.Path(path_type=Path),
            help=f"Folder with {ARTICLES_FILE} and labels/<filter>.jsonl.",
        ),
    ):
        command = option(command)
    return command


extra_option = click.option(
    "--extra",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=f"Folder of the same form with more training articles, such as invented ones: {ARTICLES_FILE} and "
    "labels/<filter>.jsonl, all in the split train. Repeatable.",
)


def load_data(
    config: FilterConfig,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    extra: Sequence[Path] = (),
) -> LabelledData:
    """Read labelled articles from where the options say, with extra ones to train on."""
    labelled = LabelledData.load(*labelled_files(config, data, articles, labels), config)
    for folder in extra:
        labelled = labelled.with_extra(folder, config)
    return labelled


def source_folder(name: str) -> Path:
    """Return the folder of a filter whose files may be changed; raise InputFileError for an installed copy."""
    folder, _ = locate_filter(name)
    if {"site-packages", "dist-packages"} & set(folder.resolve().parts):
        raise InputFileError(
            f"{folder} is an installed copy.  Give the path of the filter's source, such as filters/{name}."
        )
    return folder


def parse_shares(value: str, names: Sequence[str], example: str) -> dict[str, float]:
    """Read shares written as ``train=0.8,val=0.1,test=0.1``, in the order of ``names``.

    Raises click.BadParameter for an unknown or repeated name, a share below 0, and a sum that is not 1.
    """
    try:
        parts = [part.split("=") for part in value.split(",")]
        shares = {name.strip(): float(share) for name, share in parts}
    except ValueError:
        raise click.BadParameter(f"'{value}' is not a list of shares, such as {example}.") from None
    if unknown := sorted(set(shares) - set(names)):
        raise click.BadParameter(f"unknown: {', '.join(unknown)}; the names are {', '.join(names)}.")
    if len(shares) < len(parts):
        raise click.BadParameter(f"'{value}' gives a name twice.")
    if not all(share >= 0 for share in shares.values()) or not abs(sum(shares.values()) - 1) <= ROUNDING:
        raise click.BadParameter(
            f"the shares add up to {sum(shares.values()):g}; they must be 0 or more and add up to 1, as in {example}."
        )
    return {name: shares[name] for name in names if name in shares}
