"""distillery probe train."""

from __future__ import annotations

from pathlib import Path

import click

from distillery import FilterConfig
from distillery.toolkit import format_option, locate_filter, print_json

from .options import data_options, load_data, source_folder


@click.command("train")
@click.argument("name", metavar="FILTER")
@data_options
@click.option(
    "--positive-from",
    type=click.FloatRange(0.0, 10.0),
    help="Oracle's weighted average from which an article must not be missed. Default: where the filter's positives "
    "start.",
)
@click.option(
    "--vocabulary-of",
    metavar="FILTER",
    help="Embed with the base model of another filter's student, such as a smaller one. Default: the filter's own.",
)
@format_option
def train_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    positive_from: float | None,
    vocabulary_of: str | None,
    output_format: str,
) -> None:
    """Train the probe of FILTER (a folder, or a name installed in editable mode).

    The probe is a linear map from the mean of a text's token vectors to the filter's dimensions, cross-fitted on the
    articles of train and val, with a calibration fitted to its held-out estimates. Both go into the filter's folder,
    their sha256 into config.yaml. New weights need a new threshold; unchanged weights keep theirs.
    """
    from distillery.toolkit import EmbedderConfig, resolve_encoder_spec

    from ..probe.installation import install_probe
    from ..probe.training import train_probe

    folder = source_folder(name)
    config = FilterConfig.load(folder)
    other = locate_filter(vocabulary_of)[0] if vocabulary_of else folder
    embedder = EmbedderConfig.of(resolve_encoder_spec(FilterConfig.load(other), other), folder)
    labelled = load_data(config, data, articles, labels)
    wanted = config.positive_from if positive_from is None else positive_from
    trained = train_probe(config, labelled, embedder, folder, wanted)
    settings = install_probe(folder, trained)
    if output_format == "json":
        print_json({"probe": settings.model_dump(mode="json"), "record": trained.record.model_dump(mode="json")})
        return
    held_out, effect = trained.record.training["held_out"], trained.calibration["average_effect"]
    click.echo(
        f"{config.name} {config.version}: held-out MAE of the weighted average "
        f"{held_out['weighted_average_mae']['value']:.3f}, calibrated {effect['after']['mae']:.3f}, "
        f"rank correlation {held_out['spearman']['value']:.3f}; "
        f"{trained.record.training['n_positives']} positives of {trained.record.training['n_articles']} articles."
    )
    if settings.threshold is None:
        click.echo(f"Choose its threshold: distillery probe threshold {name} --data ...")
    else:
        click.echo(f"The weights are unchanged, so the threshold stays: {settings.threshold:g}")
