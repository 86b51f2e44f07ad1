"""distillery probe threshold."""

from __future__ import annotations

from pathlib import Path

import click

from distillery import FilterConfig, InputFileError
from distillery.toolkit import AUTO, CHOICES, format_option, print_json, probe_lines

from .options import OPEN_SHARE, data_options, load_data, source_folder

NATURAL_FILE = "unlabelled.jsonl"


@click.command("threshold")
@click.argument("name", metavar="FILTER")
@data_options
@click.option(
    "--miss",
    type=OPEN_SHARE,
    default=0.05,
    show_default=True,
    help="Largest share of the positives that Stage 1 may miss.",
)
@click.option(
    "--confidence",
    type=OPEN_SHARE,
    default=0.95,
    show_default=True,
    help="Confidence of that guarantee.",
)
@click.option(
    "--natural",
    type=click.Path(path_type=Path),
    help=f"Articles as they arrive (JSON lines), for the skip rate and the costs. Default: DATA/{NATURAL_FILE}",
)
@click.option("--backend", type=click.Choice(CHOICES), default=AUTO, show_default=True, help="Backend of the student.")
@format_option
def threshold_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    miss: float,
    confidence: float,
    natural: Path | None,
    backend: str,
    output_format: str,
) -> None:
    """Choose the highest threshold of FILTER's probe that misses few enough, and write it into config.yaml.

    The miss rate among the articles that the oracle rates positive is bounded on held-out estimates
    (Clopper-Pearson). If there are too few positives for the guarantee, nothing is written, and the message says
    what is possible. The skip rate and both stages' costs are measured on this machine and written as well.
    """
    from ..probe.choosing import guaranteed, with_costs
    from ..probe.costs import NaturalMix

    folder = source_folder(name)
    config = FilterConfig.load(folder)
    mix = NaturalMix.read(_natural_file(data, natural))
    chosen = guaranteed(config, folder, load_data(config, data, articles, labels), miss, confidence)
    settings = with_costs(folder, chosen, mix, backend)
    if output_format == "json":
        print_json(settings.model_dump(mode="json"))
    else:
        click.echo("\n".join([f"{config.name} {config.version}", *probe_lines(settings)]))


def _natural_file(data: Path | None, natural: Path | None) -> Path:
    if natural is None and data is None:
        raise InputFileError("No articles for the skip rate given: use --natural FILE, or --data FOLDER.")
    return natural or (data or Path()) / NATURAL_FILE
