"""What the commands of the tools share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from distillery import FilterConfig, InputFileError
from distillery.loading import locate_filter

from ..data.labelled import LabelledData
from ..data.layout import ARTICLES_FILE, labelled_files

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


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
            help=f"Folder that holds {ARTICLES_FILE} and labels/<filter>.jsonl.",
        ),
    ):
        command = option(command)
    return command


def load_data(config: FilterConfig, data: Path | None, articles: Path | None, labels: Path | None) -> LabelledData:
    """Read labelled articles from where the options say."""
    return LabelledData.load(*labelled_files(config, data, articles, labels), config)


def source_folder(name: str) -> Path:
    """Return the folder of a filter whose files may be changed; an installed copy may not."""
    folder, _ = locate_filter(name)
    if {"site-packages", "dist-packages"} & set(folder.resolve().parts):
        raise InputFileError(
            f"{folder} is an installed copy.  Give the path of the filter's source, such as filters/{name}."
        )
    return folder
