"""Agreement as tables for people."""

from __future__ import annotations

from typing import Any

from ...measuring.figures import Figure
from ...measuring.tables import UNDEFINED, Table

FIGURES = {
    "mae": "MAE",
    "bias": "bias",
    "pearson": "Pearson",
    "spearman": "Spearman",
    "kappa": "kappa",
}


def agreement_tables(report: dict[str, Any]) -> list[Table]:
    """Return the figures by dimension, those of the weighted average, and the tiers of both labels."""
    return [_dimension_table(report), _average_table(report["weighted_average"]), _tier_table(report["tiers"])]


def _dimension_table(report: dict[str, Any]) -> Table:
    title = f"{report['filter']} {report['version']}: two labels of {report['n_articles']} articles"
    rows = [[name, *(_short(figures[key]) for key in FIGURES)] for name, figures in report["dimensions"].items()]
    return Table(title, ["dimension", *FIGURES.values()], rows)


def _average_table(figures: dict[str, Any]) -> Table:
    rows = [[text, str(Figure.from_dict(figures[key]))] for key, text in FIGURES.items()]
    return Table("weighted average", ["figure", "value (95 %)"], rows)


def _tier_table(tiers: dict[str, Any]) -> Table:
    confusion: dict[str, dict[str, int]] = tiers["confusion"]
    title = f"tiers of the first label (rows) and the second: {tiers['flips']} differ ({tiers['flip_share']:.1%})"
    return Table(title, ["tier", *confusion], [[name, *map(str, row.values())] for name, row in confusion.items()])


def _short(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.3f}"
