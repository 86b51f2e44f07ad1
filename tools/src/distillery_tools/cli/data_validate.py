"""distillery data validate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from distillery import load_config
from distillery.toolkit import FAILED, format_option, print_json

from ..data.labelled import labelled_files
from ..data.validation import validate
from .options import data_options


@click.command("validate")
@click.argument("name", metavar="FILTER")
@data_options
@format_option
def validate_command(
    name: str, data: Path | None, articles: Path | None, labels: Path | None, output_format: str
) -> None:
    """Check every label of FILTER and its article; exit with status 1 if there is an error."""
    config = load_config(name)
    validation = validate(config, *labelled_files(config, data, articles, labels))
    report = {
        "filter": config.name,
        "version": config.version,
        "n_articles": validation.n_articles,
        "n_labels": validation.n_labels,
        "n_errors": validation.findings.n_errors,
        "findings": validation.findings.report(),
    }
    if output_format == "json":
        print_json(report)
    else:
        _print_report(report)
    if validation.findings.n_errors:
        sys.exit(FAILED)


def _print_report(report: dict[str, Any]) -> None:
    click.echo(f"{report['filter']} {report['version']}: {report['n_labels']} labels, {report['n_articles']} articles")
    for found in report["findings"]:
        more = ["..."] if found["count"] > len(found["examples"]) else []
        click.echo(
            "\n    ".join([f"{found['severity']}: {found['kind']}: {found['count']}", *found["examples"], *more])
        )
    click.echo(f"{report['n_errors']} error(s)" if report["n_errors"] else "no errors")
