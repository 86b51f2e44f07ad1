"""distillery data report."""

from __future__ import annotations

from pathlib import Path

import click

from distillery.cli.output import print_json, print_table
from distillery.loading import load_config

from ..data.report import report_of
from .options import data_options, load_data


@click.command("report")
@click.argument("name")
@data_options
@click.option(
    "--format", "output_format", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True
)
def report_command(
    name: str, data: Path | None, articles: Path | None, labels: Path | None, output_format: str
) -> None:
    """Describe the labels of the filter NAME.

    Distributions by dimension, split, tier and language, the oracle's disagreement with itself, and whether the
    dimensions measure different things.
    """
    from ..data.report_tables import report_tables
    from ..evaluation.markdown import titled

    config = load_config(name)
    report = report_of(load_data(config, data, articles, labels), config)
    if output_format == "json":
        print_json(report)
    elif output_format == "markdown":
        click.echo("\n\n".join(map(titled, report_tables(report))))
    else:
        for table in report_tables(report):
            print_table(table.headers, table.rows, title=table.title)
