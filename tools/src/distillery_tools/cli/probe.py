"""distillery probe."""

from __future__ import annotations

import click

from .probe_report import report_command
from .probe_threshold import threshold_command
from .probe_train import train_command


@click.group("probe")
def probe_command() -> None:
    """Train Stage 1, which scores clearly low articles without the student, and choose its threshold."""


for command in (train_command, threshold_command, report_command):
    probe_command.add_command(command)
