"""A card's picture: whether the probabilities hold, and what each threshold finds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..drawing import BLUE, GREEN, GREY, LIGHT_GREY, PLOTS_FOLDER, PURPLE, VERMILION, Interval, save_svg, style
from ..measuring.binomial import two_sided_interval
from ..measuring.tables import figure_cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUALITY_PLOT = f"{PLOTS_FOLDER}/quality.svg"

PANEL_WIDTH, HEIGHT = 4.8, 5.4  # inches
ROWS = (1.1, 4, 1)  # shares of the height: keys, panels, numbers of articles
SHARES = (-0.02, 1.02)
POINT_COLOURS = (BLUE, GREEN, PURPLE)
RING = "o"
POINT_MARKERS = ("s", "^", "D")
# Two bars stand side by side in each tenth of the probability.
BAR_WIDTH = 0.04


class Threshold(NamedTuple):
    """A threshold of the weighted average, with its recall and precision; None where it finds no article."""

    name: str
    at_least: float
    recall: Interval | None
    precision: Interval | None

    @classmethod
    def of(cls, name: str, at_least: float, figures: dict[str, Any]) -> Threshold:
        """Return a threshold from its figures in a report."""
        return cls(name, at_least, Interval.of(figures["recall"]), Interval.of(figures["precision"]))

    def __str__(self) -> str:
        threshold = f"{self.name}, from {self.at_least:g}"
        if not (self.recall and self.precision):
            return f"{threshold}: finds no article"
        return f"{threshold}: recall {self.recall.value:.2f}, precision {self.precision.value:.2f}"


def write_quality_plot(path: Path, report: dict[str, Any]) -> Path | None:
    """Write the picture of a report; without anything to show, remove a former one and return None."""
    figure = draw_quality(report)
    if figure is not None:
        return save_svg(figure, path)
    path.unlink(missing_ok=True)
    return None


def quality_link(report: dict[str, Any]) -> str | None:
    """Return the picture in Markdown, None where there is none.

    The alternative text says what the picture shows, for those who do not see it: a package index has only the text.
    """
    said = [*_reliability_in_words(report), *_retrieval_in_words(report)]
    return f"![{' '.join(said)}]({QUALITY_PLOT})" if said else None


def draw_quality(report: dict[str, Any]) -> Figure | None:
    """Return the picture of a report: reliability where there are probabilities, retrieval where there are positives.

    None where there is neither.
    """
    from matplotlib.figure import Figure

    confidence, curve = report["student"]["confidence"], report["student"]["precision_recall"]
    columns = [("reliability key", "reliability", "counts")] * bool(confidence)
    columns += [("retrieval key", "retrieval", "retrieval")] * bool(curve)
    if not columns:
        return None
    with style():
        figure = Figure(figsize=(PANEL_WIDTH * len(columns), HEIGHT), layout="constrained")
        figure.suptitle(f"{report['filter']} {report['version']} on {report['n_articles']} {report['split']} articles")
        panels = figure.subplot_mosaic([list(row) for row in zip(*columns, strict=True)], height_ratios=ROWS)
        if confidence:
            probabilities = probabilities_of(report)
            draw_reliability(panels["reliability"], probabilities)
            _write_key(panels["reliability key"], panels["reliability"], "Reliability, with 95 % intervals")
            draw_counts(panels["counts"], probabilities)
        if curve:
            draw_precision_recall(panels["retrieval"], report)
            _write_key(panels["retrieval key"], panels["retrieval"], "Precision and recall, with 95 % intervals")
    return figure


def probabilities_of(report: dict[str, Any]) -> dict[str, list[dict[str, float]]]:
    """Return the bands of each probability of a score by what it is the probability of."""
    confidence = report["student"]["confidence"]
    return {
        "confidence: the tier is the oracle's": confidence["bands"],
        f"positive_probability: the oracle's average is {report['positive_from']:g} or above": (
            confidence["probabilities"]["positive"]["bands"]
        ),
    }


def thresholds_of(report: dict[str, Any]) -> list[Threshold]:
    """Return the threshold of the positives, which is a tier's in most filters, and each operating point."""
    positive_from, student = report["positive_from"], next(iter(report["models"].values()))
    tiers = report["student"]["tiers"]["thresholds"].items()
    name = next((f"tier {tier}" for tier, figures in tiers if figures["at_least"] == positive_from), "positives")
    points = (report["student"]["operating_points"] or {"points": {}})["points"]
    return [
        Threshold.of(name, positive_from, student),
        *(Threshold.of(name, point["threshold"], point) for name, point in points.items()),
    ]


def draw_reliability(axes: Axes, probabilities: dict[str, list[dict[str, float]]]) -> None:
    """Draw the share that came true over the mean probability, for each tenth of the probability, with intervals."""
    axes.plot((0, 1), (0, 1), color=GREY, linewidth=0.8, linestyle="--")
    for (name, bands), colour, marker in zip(probabilities.items(), (BLUE, VERMILION), ("o", "s"), strict=True):
        shares = [band["share"] for band in bands]
        bounds = [two_sided_interval(round(band["share"] * band["n"]), int(band["n"])) for band in bands]
        axes.errorbar(
            [band["probability"] for band in bands],
            shares,
            yerr=[
                [share - low for share, (low, _) in zip(shares, bounds, strict=True)],
                [high - share for share, (_, high) in zip(shares, bounds, strict=True)],
            ],
            color=colour,
            marker=marker,
            markersize=5,
            linestyle="none",
            elinewidth=0.8,
            label=name,
        )
    axes.set(xlabel="probability stated, mean of each tenth", ylabel="share that came true")
    axes.set(xlim=SHARES, ylim=SHARES)


def draw_counts(axes: Axes, probabilities: dict[str, list[dict[str, float]]]) -> None:
    """Draw how many articles are in each tenth of the probability; the bars are labelled, so the axis is not."""
    from matplotlib.ticker import NullLocator

    for bands, colour, side in zip(probabilities.values(), (BLUE, VERMILION), (-0.5, 0.5), strict=True):
        middles = [band["from"] + 0.05 + side * BAR_WIDTH for band in bands]
        bars = axes.bar(middles, [band["n"] for band in bands], width=BAR_WIDTH, color=colour)
        axes.bar_label(bars, fontsize=6.5, padding=1)
    axes.set(yscale="log", ylabel="articles", xlim=SHARES)
    axes.margins(y=0.25)
    axes.set_ylim(bottom=0.7)
    axes.yaxis.set_major_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())


def draw_precision_recall(axes: Axes, report: dict[str, Any]) -> None:
    """Draw precision over recall from the highest threshold down, and mark the tier's and the operating points."""
    curve, student = report["student"]["precision_recall"], next(iter(report["models"].values()))
    axes.plot(
        [point["recall"] for point in curve],
        [point["precision"] for point in curve],
        color=GREY,
        linewidth=1.5,
        drawstyle="steps-pre",  # the area is the average precision
        label=f"every threshold: average precision {figure_cell(student['average_precision'])}",
    )
    chance = report["n_positives"] / report["n_articles"]
    axes.axhline(chance, color=LIGHT_GREY, linestyle=":", label=f"by chance: precision {chance:.3f}")
    colours, markers = (VERMILION, *POINT_COLOURS), (RING, *POINT_MARKERS)
    for threshold, colour, marker in zip(thresholds_of(report), colours, markers, strict=False):
        _draw_threshold(axes, threshold, colour, marker)
    positives = f"{report['n_positives']} positives (the oracle's average is {report['positive_from']:g} or above)"
    axes.set(xlabel=f"recall of {positives}", ylabel="precision", xlim=SHARES, ylim=SHARES)


def _draw_threshold(axes: Axes, threshold: Threshold, colour: str, marker: str) -> None:
    """Draw a cross of both intervals with the mark in its middle; one that finds nothing is in the legend alone."""
    # A ring, for an operating point may lie inside.
    look: dict[str, Any] = {"markersize": 11, "fillstyle": "none"} if marker == RING else {"markersize": 6}
    recall, precision = threshold.recall, threshold.precision
    x, y = ([recall.value], [precision.value]) if recall and precision else ([], [])
    axes.plot(x, y, color=colour, marker=marker, markeredgewidth=2, linestyle="none", label=str(threshold), **look)
    if recall and precision:
        axes.hlines(precision.value, recall.low, recall.high, color=colour, linewidth=0.8, alpha=0.6)
        axes.vlines(recall.value, precision.low, precision.high, color=colour, linewidth=0.8, alpha=0.6)


def _write_key(key: Axes, panel: Axes, title: str) -> None:
    """Write a panel's title and legend above it, where they hide nothing."""
    key.set_axis_off()
    key.set_title(title)
    key.legend(*panel.get_legend_handles_labels(), loc="upper center", fontsize="small", borderaxespad=0)


def _reliability_in_words(report: dict[str, Any]) -> list[str]:
    confidence = report["student"]["confidence"]
    if not confidence:
        return []
    positive = confidence["probabilities"]["positive"]
    errors = (
        f"confidence {confidence['reliability_error']:.3f}, positive probability {positive['reliability_error']:.3f}"
    )
    return [f"Reliability errors on {report['n_articles']} {report['split']} articles: {errors}."]


def _retrieval_in_words(report: dict[str, Any]) -> list[str]:
    if not report["student"]["precision_recall"]:
        return []
    found = "; ".join(str(threshold) for threshold in thresholds_of(report))
    return [f"Precision over recall of {report['n_positives']} positives: {found}."]
