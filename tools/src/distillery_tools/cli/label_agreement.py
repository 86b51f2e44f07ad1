"""distillery label agreement."""

from __future__ import annotations

from pathlib import Path

import click

from distillery import load_config
from distillery.toolkit import format_option, print_json, print_table


@click.command("agreement")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path), required=False)
@click.option("--filter", "name", required=True, help="The filter whose labels they are: a name or a folder.")
@format_option
def agreement_command(first: Path, second: Path | None, name: str, output_format: str) -> None:
    """Compare the labels of two files, from two oracles or two runs of one.

    Without SECOND, the scores of the FIRST file are compared with its own second opinions. Figures are of the
    articles that both label, those of the weighted average with bootstrap 95 % intervals. MAE is the mean absolute
    distance on the 0-10 scale; bias is how much higher the second label is; kappa is quadratic-weighted, on whole
    points.
    """
    from ..oracle.compare.agreement import agreement_of_files, agreement_of_opinions
    from ..oracle.compare.agreement_tables import agreement_tables

    config = load_config(name)
    report = agreement_of_files(config, first, second) if second else agreement_of_opinions(config, first)
    if output_format == "json":
        print_json(report)
        return
    for table in agreement_tables(report):
        print_table(table.headers, table.rows, title=table.title)
    if report["only_first"] or report["only_second"]:
        click.echo(f"labelled once only: {report['only_first']} in the first, {report['only_second']} in the second")
