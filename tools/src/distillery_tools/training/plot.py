"""The learning curves of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .history import Epoch

PLOT_FILE = "history.png"


def plot_history(run: Path, history: Sequence[Epoch]) -> None:
    """Draw losses, and each filter's relative error on the validation articles, over the epochs so far."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    numbers = [epoch.number for epoch in history]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    losses, errors = figure.subplots(1, 2)
    losses.plot(numbers, [epoch.train_loss for epoch in history], marker="o", label="train")
    losses.plot(numbers, [epoch.val_loss for epoch in history], marker="o", label="validation")
    losses.set(title="loss", xlabel="epoch")
    for name in history[-1].filters:
        errors.plot(numbers, [epoch.filters[name].relative_error for epoch in history], marker="o", label=name)
    errors.set(title="validation MAE of the weighted average, median = 1", xlabel="epoch")
    for axes in (losses, errors):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper right")  # "best" is slow and warns about it
    figure.savefig(run / PLOT_FILE)
