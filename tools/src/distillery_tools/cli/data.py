"""distillery data."""

from __future__ import annotations

import click

from .data_prepare import prepare_command
from .data_report import report_command
from .data_validate import validate_command


@click.group("data")
def data_command() -> None:
    """Prepare, check and describe labelled articles."""


for command in (prepare_command, validate_command, report_command):
    data_command.add_command(command)
