"""distillery probe report."""

from __future__ import annotations

from pathlib import Path

import click

from distillery.toolkit import CHOICES, TORCH

from ..data.labels import SPLITS
from .options import data_options, load_data, source_folder
from .reports import print_report, report_format_option


@click.command("report")
@click.argument("name", metavar="FILTER")
@data_options
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True, help="Split to measure on.")
@click.option("--backend", type=click.Choice(CHOICES), default=TORCH, show_default=True, help="Backend of the student.")
@click.option(
    "--save",
    is_flag=True,
    help="Write the figures between the markers <!-- stage-1 --> of the filter's README.",
)
@report_format_option
def report_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    split: str,
    backend: str,
    save: bool,
    output_format: str,
) -> None:
    """Measure FILTER with its Stage 1 against its student alone, on articles that neither has seen.

    Shows the skip rate, the miss rate with its interval and the guaranteed one, and the quality of both modes.
    """
    if save:
        source_folder(name)
        if split != "test":
            raise click.UsageError("--save keeps the figures of the test split only.")
    from distillery import load_filter

    from ..evaluation.card import write_stage1_card
    from ..probe.report import hybrid_report
    from ..probe.tables import card, tables

    scorer = load_filter(name, mode="hybrid", backend=backend)
    report = hybrid_report(
        scorer, load_filter(name, backend=backend), load_data(scorer.config, data, articles, labels), split
    )
    if save:
        write_stage1_card(scorer.filter_dir, card(report))
    print_report(report, tables(report), output_format)
