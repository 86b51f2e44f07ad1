"""distillery probe train."""

from __future__ import annotations

from pathlib import Path

import click

from distillery.config import FilterConfig
from distillery.loading import locate_filter

from .options import data_options, load_data, source_folder


@click.command("train")
@click.argument("name")
@data_options
@click.option(
    "--positive-from",
    type=click.FloatRange(0.0, 10.0),
    default=4.0,
    show_default=True,
    help="From which weighted average on, the oracle's, an article must not be missed.",
)
@click.option(
    "--vocabulary-of",
    metavar="FILTER",
    help="Embed by the base model of another filter's student, a smaller one, say. Default: the filter's own.",
)
def train_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    positive_from: float,
    vocabulary_of: str | None,
) -> None:
    """Train the probe of the filter NAME (a path, or a name installed in editable mode).

    A linear map from the mean of a text's token vectors to the filter's dimensions, cross-fitted on the articles of
    train and val. It goes into the filter's folder, its sha256 into config.yaml; a threshold is then to be chosen.
    """
    from distillery.embedder import EmbedderConfig
    from distillery.reading import reading_of

    from ..probe.section import install_probe
    from ..probe.training import train_probe

    folder = source_folder(name)
    config = FilterConfig.load(folder)
    other = locate_filter(vocabulary_of)[0] if vocabulary_of else folder
    embedder = EmbedderConfig.of(reading_of(FilterConfig.load(other), other))
    labelled = load_data(config, data, articles, labels)
    fitted, record = train_probe(config, labelled, embedder, folder, positive_from)
    install_probe(folder, fitted, record)
    held_out = record.training["held_out"]
    click.echo(
        f"{config.name} {config.version}: held-out error of the average "
        f"{held_out['weighted_average_mae']['value']:.3f}, rank correlation {held_out['spearman']['value']:.3f}; "
        f"{record.training['n_positives']} positives of {record.training['n_articles']} articles.\n"
        f"Choose its threshold: distillery probe threshold {name} --data ..."
    )
