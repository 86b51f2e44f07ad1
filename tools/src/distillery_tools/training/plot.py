"""The learning curves of a training as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..drawing import BLUE, GREEN, GREY, PLOTS_FOLDER, VERMILION, style
from .history import Epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOT_FILE = "history.png"
LEARNING_CURVES_PLOT = f"{PLOTS_FOLDER}/learning-curves.svg"

MOST_COLUMNS = 4
PANEL = (2.4, 1.7)  # inches
LOSS_COLOURS, FILTER_COLOURS = (GREY, GREEN), (VERMILION, BLUE)
ERROR, RANK_CORRELATION = "MAE of the weighted average, the training median's = 1", "rank correlation"
Pair = tuple[str, str]


def plot_history(run: Path, history: Sequence[Epoch]) -> None:
    """Write the learning curves of the epochs so far into a run's folder."""
    draw_history([asdict(epoch) for epoch in history]).savefig(run / PLOT_FILE)


def draw_history(history: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the learning curves of epochs, as training.json has them.

    The first panel has the losses; each filter has a panel with its error and its rank correlation on the validation
    articles, all on one scale.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    names = list(history[-1]["filters"])
    n_columns = min(len(names) + 1, MOST_COLUMNS)
    n_rows = ceil((len(names) + 1) / n_columns)
    with style():
        figure = Figure(figsize=(PANEL[0] * n_columns, PANEL[1] * n_rows + 0.6), layout="constrained")
        grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).flat
        panels, unused = grid[: len(names) + 1], grid[len(names) + 1 :]
        for axes in unused:
            axes.remove()
        draw_losses(panels[0], history)
        for axes, name in zip(panels[1:], names, strict=True):
            draw_filter(axes, name, history)
        for axes in panels:
            axes.tick_params(bottom=False, left=False)
        for axes in panels[-n_columns:]:
            axes.tick_params(labelbottom=True)
        panels[0].margins(x=0.2)
        panels[0].set_ylim(bottom=0)
        panels[0].xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        figure.supxlabel("epoch", fontsize="medium")
        figure.legend(*panels[1].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def draw_losses(axes: Axes, history: Sequence[Mapping[str, Any]]) -> None:
    """Draw the mean loss of training and of validation over the epochs, with their names at the beginnings."""
    curves = [[epoch[key] for epoch in history] for key in ("train_loss", "val_loss")]
    names = ("train", "validation")
    _draw(axes, history, curves, names, LOSS_COLOURS)
    _write(axes, history[0]["number"], [curve[0] for curve in curves], names, LOSS_COLOURS)
    axes.set_title("loss", fontsize="small")


def draw_filter(axes: Axes, name: str, history: Sequence[Mapping[str, Any]]) -> None:
    """Draw one filter's error and rank correlation over the epochs."""
    figures = [epoch["filters"][name] for epoch in history]
    # A rank correlation is None where all predictions are the same: a gap in the curve.
    curves = [
        [np.nan if each[key] is None else each[key] for each in figures] for key in ("relative_error", "spearman")
    ]
    axes.axhline(1.0, color=GREY, linewidth=0.8, linestyle=":")
    _draw(axes, history, curves, (ERROR, RANK_CORRELATION), FILTER_COLOURS)
    axes.set_title(name, fontsize="small")


def _draw(
    axes: Axes, history: Sequence[Mapping[str, Any]], curves: list[list[float]], names: Pair, colours: Pair
) -> None:
    """Draw two curves over the epochs, with their last values at the ends."""
    numbers = [epoch["number"] for epoch in history]
    for values, name, colour in zip(curves, names, colours, strict=True):
        axes.plot(numbers, values, color=colour, marker="o", markersize=3, markevery=[-1], label=name)
    last = [values[-1] for values in curves]
    _write(axes, numbers[-1], last, ("" if np.isnan(value) else f"{value:.2f}" for value in last), colours)


def _write(axes: Axes, number: int, values: list[float], texts: Iterable[str], colours: Pair) -> None:
    """Write beside two values of an epoch, above the higher and below the lower one."""
    for value, text, colour in zip(values, texts, colours, strict=True):
        place, up = ("bottom", 2) if value == max(values) else ("top", -2)
        if text:
            offset: dict[str, Any] = {"xytext": (5, up), "textcoords": "offset points"}
            axes.annotate(text, (number, value), va=place, fontsize="small", color=colour, **offset)
