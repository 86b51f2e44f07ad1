"""What the tools add to the host."""

from __future__ import annotations

from collections.abc import Mapping

from distillery import hookimpl


@hookimpl
def distillery_commands() -> Mapping[str, tuple[str, str]]:
    """Add the commands of the tools, imported only when one runs."""
    return {
        "train": ("distillery_tools.cli.train:train_command", "Train a filter's student from labelled articles."),
        "evaluate": ("distillery_tools.cli.evaluate:evaluate_command", "Measure a filter against two baselines."),
    }
