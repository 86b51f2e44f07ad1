"""distillery encoder."""

from __future__ import annotations

import click

from .encoder_train import train_command


@click.group("encoder")
def encoder_command() -> None:
    """Train an encoder that filters share."""


encoder_command.add_command(train_command)
