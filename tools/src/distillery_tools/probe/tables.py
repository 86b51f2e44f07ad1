"""A probe's report as tables."""

from __future__ import annotations

from typing import Any

from distillery.toolkit import ProbeConfig, probe_lines

from ..measuring.figures import Figure
from ..measuring.tables import MAE_OF_AVERAGE, R_PRECISION, UNDEFINED, Table, figure_cell, titled

_QUALITY = {
    "weighted_average_mae": MAE_OF_AVERAGE,
    "spearman": "rank correlation",
    "recall": "recall at {positive_from:g} or above",
    "r_precision": R_PRECISION,
    "average_precision": "average precision",
}
_INTERVALS = {"coverage": "coverage", "width": "mean width"}


def tables(report: dict[str, Any]) -> list[Table]:
    """Return the tables of quality, of misses and of intervals."""
    return [_quality(report), _misses(report), _intervals(report)]


def card(report: dict[str, Any]) -> str:
    """Return the tables in Markdown, after what the threshold guarantees."""
    promise = " ".join(probe_lines(ProbeConfig.model_validate(report["probe"])))
    return "\n\n".join([promise, *map(titled, tables(report))])


def _quality(report: dict[str, Any]) -> Table:
    skipped = Figure.from_dict(report["skip_rate"])
    title = (
        f"{report['filter']} {report['version']} on {report['n_articles']} articles of '{report['split']}', "
        f"{skipped} of them skip the student"
    )
    rows = [[name, *(figure_cell(figures[key]) for key in _QUALITY)] for name, figures in report["quality"].items()]
    columns = [name.format(positive_from=report["positive_from"]) for name in _QUALITY.values()]
    return Table(title, ["scored by", *columns], rows)


def _misses(report: dict[str, Any]) -> Table:
    promise = (report["probe"] or {}).get("guarantee")
    rows = [
        [
            f"{name}, from {one['at_least']:g}",
            str(one["n"]),
            str(one["missed"]),
            _interval(one),
            f"at most {promise['miss_rate']:.1%}" if promise and name == "guarantee" else UNDEFINED,
        ]
        for name, one in report["misses"].items()
    ]
    return Table("positives that Stage 1 misses", ["oracle", "articles", "missed", "share (95 %)", "guaranteed"], rows)


def _intervals(report: dict[str, Any]) -> Table:
    rows = [
        [stage, str(one["n"]), *(figure_cell(one.get(key)) for key in _INTERVALS)]
        for stage, one in report["intervals"].items()
    ]
    return Table("intervals of the weighted average", ["decided by", "articles", *_INTERVALS.values()], rows)


def _interval(one: dict[str, Any]) -> str:
    return UNDEFINED if one["share"] is None else f"{one['share']:.1%} ({one['low']:.1%} to {one['high']:.1%})"
