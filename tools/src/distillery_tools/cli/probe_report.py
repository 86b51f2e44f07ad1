"""distillery probe report."""

from __future__ import annotations

from pathlib import Path

import click

from distillery.backends import CHOICES, TORCH
from distillery.cli.output import format_option, print_json, print_table

from ..data.labelled import SPLITS
from .options import data_options, load_data


@click.command("report")
@click.argument("name")
@data_options
@click.option(
    "--split", type=click.Choice(SPLITS), default="test", show_default=True, help="Which articles to measure on."
)
@click.option("--backend", type=click.Choice(CHOICES), default=TORCH, show_default=True, help="What runs the student.")
@format_option
def report_command(
    name: str,
    data: Path | None,
    articles: Path | None,
    labels: Path | None,
    split: str,
    backend: str,
    output_format: str,
) -> None:
    """Measure the filter NAME with its Stage 1 beside its student alone, on articles that neither has seen.

    Skip rate, miss rate with its interval beside what the threshold promises, and the quality of both.
    """
    from distillery import load_filter

    from ..probe.report import hybrid_report
    from ..probe.tables import tables

    scorer = load_filter(name, mode="hybrid", backend=backend)
    report = hybrid_report(
        scorer, load_filter(name, backend=backend), load_data(scorer.config, data, articles, labels), split
    )
    if output_format == "json":
        print_json(report)
        return
    for table in tables(report):
        print_table(table.headers, table.rows, title=table.title)
