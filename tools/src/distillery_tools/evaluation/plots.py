"""A report as pictures: what a card shows, reliability, predicted against true, tier confusion, learning curves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillery.toolkit import HIGHEST, LOWEST

from ..measuring.figures import Values
from ..training.plot import draw_history
from .quality_plot import write_quality_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (6.0, 5.0)  # inches
DOTS_PER_INCH = 120
SCALE = (LOWEST, HIGHEST)
# From this share on a cell is too dark for black text.
DARK = 0.5


def write_plots(
    folder: Path, report: dict[str, Any], predicted: Values, expected: Values, history: list[dict[str, Any]]
) -> list[Path]:
    """Write the pictures of a report and of its weighted averages [n_articles]; return their files.

    ``history`` holds the figures of each epoch of the training; without it there are no learning curves.
    """
    student, quality = report["student"], write_quality_plot(folder / "quality.svg", report)
    return [
        *([quality] if quality else []),
        _draw(folder / "reliability.png", lambda axes: draw_reliability(axes, student["dimensions"])),
        _draw(folder / "predicted_against_true.png", lambda axes: draw_scatter(axes, predicted, expected)),
        _draw(folder / "tier_confusion.png", lambda axes: draw_confusion(axes, student["tiers"]["confusion"])),
        *([_save(folder / "learning_curves.png", draw_history(history))] if history else []),
    ]


def draw_reliability(axes: Axes, dimensions: dict[str, Any]) -> None:
    """Draw the mean label over the mean prediction, for each whole point of the prediction."""
    _draw_diagonal(axes)
    for name, figures in dimensions.items():
        points = figures["reliability"]
        width = 2.5 if name == "weighted_average" else 1.0
        axes.plot(
            [point["predicted"] for point in points],
            [point["expected"] for point in points],
            marker="o",
            markersize=3,
            linewidth=width,
            label=name,
        )
    axes.set(xlabel="student's score, mean of each point", ylabel="oracle's score, mean", xlim=SCALE, ylim=SCALE)
    axes.legend(fontsize="small")


def draw_scatter(axes: Axes, predicted: Values, expected: Values) -> None:
    """Draw each article's weighted average, the student's over the oracle's."""
    _draw_diagonal(axes)
    axes.scatter(expected, predicted, s=8, alpha=0.5, linewidths=0)
    axes.set(xlabel="oracle's weighted average", ylabel="student's weighted average", xlim=SCALE, ylim=SCALE)


def draw_confusion(axes: Axes, confusion: dict[str, dict[str, int]]) -> None:
    """Draw the counts of each pair of tiers, shaded by their share of the oracle's tier."""
    names = list(confusion)
    counts = [[confusion[row][column] for column in names] for row in names]
    shares = [[count / max(sum(row), 1) for count in row] for row in counts]
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for y, row in enumerate(counts):
        for x, count in enumerate(row):
            axes.text(x, y, str(count), ha="center", va="center", color="white" if shares[y][x] > DARK else "black")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="student's tier", ylabel="oracle's tier")


def _draw_diagonal(axes: Axes) -> None:
    axes.plot(SCALE, SCALE, color="grey", linewidth=0.8, linestyle="--")


def _draw(path: Path, draw: Callable[[Axes], None]) -> Path:
    """Write a picture of one panel, drawn without pyplot's global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    draw(figure.subplots())
    return _save(path, figure)


def _save(path: Path, figure: Figure) -> Path:
    """Write a picture without the library's version in the file."""
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    return path
