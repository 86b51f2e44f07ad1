"""distillery label."""

from __future__ import annotations

import click

from .label_agreement import agreement_command
from .label_consensus import consensus_command


@click.group("label")
def label_command() -> None:
    """Compare labels of oracles, and make one of several."""


for command in (agreement_command, consensus_command):
    label_command.add_command(command)
