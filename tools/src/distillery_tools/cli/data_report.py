"""distillery data report."""

from __future__ import annotations

from pathlib import Path

import click

from distillery import load_config

from ..data.report import report_of
from .options import data_options, load_data
from .reports import print_report, report_format_option


@click.command("report")
@click.argument("name", metavar="FILTER")
@data_options
@report_format_option
def report_command(
    name: str, data: Path | None, articles: Path | None, labels: Path | None, output_format: str
) -> None:
    """Describe the labels of FILTER.

    Distributions by dimension, split, tier and language, the oracle's agreement with itself, and whether the
    dimensions measure different things.
    """
    from ..data.report_tables import report_tables

    config = load_config(name)
    report = report_of(load_data(config, data, articles, labels), config)
    print_report(report, report_tables(report), output_format)
