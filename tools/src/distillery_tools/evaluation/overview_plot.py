"""All filters in one picture: the gap closed and R-precision, beside the oracle's own noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..drawing import BLUE, GREY, LIGHT_GREY, Interval, style
from ..measuring.tables import GAP_CLOSED, R_PRECISION
from .evaluator import MEDIAN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, ROW_HEIGHT, REST = 10.0, 0.34, 1.3  # inches
# What a measure ranges over in the picture. What lies further out is an arrow at the edge.
GAP_RANGE, SHARE_RANGE = (-0.5, 1.6), (-0.03, 1.03)


class Row(NamedTuple):
    """One measure of one filter, and of the oracle's second opinion against its first; None where undefined."""

    name: str
    filter: Interval | None
    oracle: Interval | None


def draw_overview(reports: Sequence[dict[str, Any]]) -> Figure:
    """Return the picture of filters' reports, those that close most of the gap at the top."""
    from matplotlib.figure import Figure

    reports = sorted(reports, key=_gap_or_least)
    with style():
        figure = Figure(figsize=(WIDTH, ROW_HEIGHT * len(reports) + REST), layout="constrained")
        gap, r_precision = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        draw_rows(gap, [gap_row(report) for report in reports], GAP_RANGE)
        draw_rows(r_precision, [r_precision_row(report) for report in reports], SHARE_RANGE)
        gap.axvline(0, color=GREY, linewidth=0.8, linestyle="--")
        gap.axvline(1, color=GREY, linewidth=0.8, linestyle="--")
        gap.set(title=GAP_CLOSED, xlabel="0 is the training median, 1 the oracle itself")
        r_precision.set(title=R_PRECISION, xlabel="positives among as many at the top")
        figure.legend(*gap.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def gap_row(report: dict[str, Any]) -> Row:
    """Return the gap a filter closes; the oracle's own is 1, with the interval that its MAE gives it."""
    trivial = report["models"][MEDIAN]["weighted_average_mae"]["value"]
    mae = Interval.of((report["oracle"] or {}).get("weighted_average_mae"))
    oracle = None
    if mae and trivial > mae.value:
        width = trivial - mae.value
        oracle = Interval(1.0, (trivial - mae.high) / width, (trivial - mae.low) / width)
    return Row(_label(report), Interval.of(_student(report)["gap_closed"]), oracle)


def r_precision_row(report: dict[str, Any]) -> Row:
    """Return the R-precision of a filter and of the oracle's second opinion."""
    oracle = Interval.of((report["oracle"] or {}).get("r_precision"))
    return Row(_label(report), Interval.of(_student(report)["r_precision"]), oracle)


def draw_rows(axes: Axes, rows: Sequence[Row], shown: tuple[float, float]) -> None:
    """Draw a measure of each filter with its interval, over the grey bar of the oracle's, from the bottom up."""
    oracles = {index: row.oracle for index, row in enumerate(rows) if row.oracle}
    filters = {index: row.filter for index, row in enumerate(rows) if row.filter}
    axes.barh(
        list(oracles),
        [oracle.high - oracle.low for oracle in oracles.values()],
        left=[oracle.low for oracle in oracles.values()],
        height=0.7,
        color=LIGHT_GREY,
        edgecolor=LIGHT_GREY,  # also where the interval is a single value
        label="oracle's noise: 95 % interval of its second opinion against its first",
    )
    found = filters.values()
    axes.hlines(list(filters), [each.low for each in found], [each.high for each in found], color=BLUE)
    values, name = [each.value for each in found], "filter, with its 95 % interval"
    axes.plot(values, list(filters), color=BLUE, marker="o", linestyle="none", label=name)
    below = [index for index, each in filters.items() if each.value < shown[0]]
    above = [index for index, each in filters.items() if each.value > shown[1]]
    for edge, outside, marker in zip(shown, (below, above), "<>", strict=True):
        if outside:
            axes.plot([edge] * len(outside), outside, color=BLUE, marker=marker, linestyle="none", clip_on=False)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(shown)
    for index, row in enumerate(rows):
        axes.annotate(
            f"{row.filter.value:.2f}" if row.filter else "not defined",
            (1, index),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )


def _gap_or_least(report: dict[str, Any]) -> float:
    value = _student(report)["gap_closed"]["value"]
    return float("-inf") if value is None else float(value)


def _student(report: dict[str, Any]) -> dict[str, Any]:
    student: dict[str, Any] = next(iter(report["models"].values()))
    return student


def _label(report: dict[str, Any]) -> str:
    return f"{report['filter']}, {report['n_positives']} positives"
