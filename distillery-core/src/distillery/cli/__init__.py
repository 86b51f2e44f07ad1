"""The ``distillery`` command."""

from __future__ import annotations

import json
import logging
import os
import sys

import click

from ..plugins.filters import list_filters
from ..plugins.manager import core_version
from .console import make_streams_safe
from .lazy import USAGE, LazyGroup
from .output import format_option
from .signals import EndingSignals

COMMANDS = {
    "list": ("distillery.cli.list_command:list_command", "Show the installed filters."),
    "info": ("distillery.cli.info_command:info_command", "Show what one filter measures and how well."),
    "score": ("distillery.cli.score_command:score_command", "Score a file of articles with one or more filters."),
    "doctor": ("distillery.cli.doctor_command:doctor_command", "Check every installed filter, offline."),
    "cache": ("distillery.cli.cache_command:cache_command", "Show or remove what is kept to be used again."),
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

    Exit status: 0 all went well, 1 something failed, 2 the command was used wrongly, 130 and 143 it was ended by
    Ctrl-C or SIGTERM.
    """
    if version:
        click.echo(_versions() if output_format == "json" else f"distillery {core_version()}")
    elif context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> None:
    """Run the command line; Ctrl-C and SIGTERM end it with status 130 and 143."""
    make_streams_safe()
    _set_up_logging(os.environ.get("DISTILLERY_LOG"))
    signals = EndingSignals()
    signals.install()
    try:
        cli(prog_name="distillery")
    finally:
        signals.exit_if_received()


def _set_up_logging(chosen: str | None) -> None:
    """Send our own notes to stderr; other libraries keep their silence below warnings.

    Unless a level is chosen, what the commands report themselves (what was loaded and scored) is left out.
    """
    level = (chosen or "info").upper()
    known = logging.getLevelNamesMapping()
    if level not in known:
        click.echo(f"error: DISTILLERY_LOG={level.lower()} is none of {', '.join(known).lower()}", err=True)
        sys.exit(USAGE)
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr)
    logging.getLogger("distillery").setLevel(level)
    if chosen is None:
        logging.getLogger("distillery.scoring").setLevel(logging.WARNING)


def _versions() -> str:
    return json.dumps(
        {"distillery-core": core_version(), "filters": {item.name: item.version for item in list_filters()}}
    )
