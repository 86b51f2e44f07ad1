"""distillery probe."""

from __future__ import annotations

import click

from .probe_report import report_command
from .probe_threshold import threshold_command
from .probe_train import train_command


@click.group("probe")
def probe_command() -> None:
    """Train Stage 1, which spares a filter's student what is low, and choose its threshold with a guarantee."""


for command in (train_command, threshold_command, report_command):
    probe_command.add_command(command)
