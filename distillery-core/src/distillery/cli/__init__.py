"""The ``distillery`` command."""

from __future__ import annotations

import json
import logging
import os
import sys

import click

from ..plugins import core_version, list_filters
from .lazy import LazyGroup
from .output import format_option

COMMANDS = {
    "list": ("distillery.cli.list_command:list_command", "Show the installed filters."),
    "info": ("distillery.cli.info_command:info_command", "Show what one filter measures and how well."),
    "score": ("distillery.cli.score_command:score_command", "Score a file of articles with one or more filters."),
    "doctor": ("distillery.cli.doctor_command:doctor_command", "Check every installed filter, offline."),
}


@click.group(
    cls=LazyGroup,
    lazy_commands=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--version", is_flag=True, help="Show the version of the core and exit.")
@format_option
@click.pass_context
def cli(context: click.Context, version: bool, output_format: str) -> None:
    """Score articles with distilled filters, offline.

    Exit status: 0 all went well, 1 something failed, 2 the command was used wrongly.
    """
    if version:
        click.echo(_versions() if output_format == "json" else f"distillery {core_version()}")
    elif context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> None:
    """Run the command line."""
    logging.basicConfig(
        level=os.environ.get("DISTILLERY_LOG", "warning").upper(),
        format="%(levelname)s: %(message)s",
        stream=sys.stderr,
    )
    cli(prog_name="distillery")


def _versions() -> str:
    return json.dumps(
        {"distillery-core": core_version(), "filters": {item.name: item.version for item in list_filters()}}
    )
