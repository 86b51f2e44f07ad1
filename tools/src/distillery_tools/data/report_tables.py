"""The report on labelled data as tables for people."""

from __future__ import annotations

from typing import Any

from ..measuring.tables import Table
from ..measuring.topic import ON_TOPIC
from .distributions import BANDS, QUANTILES
from .report import WEIGHTED_AVERAGE


def report_tables(report: dict[str, Any]) -> list[Table]:
    """Return the tables of a report, without those for which there are no data."""
    title = f"{report['filter']} {report['version']}: scores of {report['n_articles']} articles"
    tables = [
        _dimension_table(title, report["dimensions"]),
        _group_table("articles by split", "split", report["splits"]),
        _group_table("articles by language", "language", report["languages"]),
    ]
    if opinions := report["second_opinions"]:
        tables.append(_disagreement_table(opinions))
    if figures := report["redundancy"]:
        tables += [_correlation_table(figures), _redundancy_table(figures, report["redundancy_on_topic"])]
    return tables


def _dimension_table(title: str, dimensions: dict[str, Any]) -> Table:
    quantiles = [f"{part:.0%}" for part in QUANTILES]
    rows = [
        [
            name,
            *(f"{found[key]:.2f}" for key in ("mean", "standard_deviation")),
            *(f"{found['quantiles'][key]:.1f}" for key in quantiles),
            f"{found['zeros']:.0%}",
            *(str(found["bands"][band]) for band in BANDS),
        ]
        for name, found in dimensions.items()
    ]
    return Table(title, ["dimension", "mean", "sd", *quantiles, "zeros", *BANDS], rows)


def _group_table(title: str, what: str, groups: dict[str, Any]) -> Table:
    tiers = list(next(iter(groups.values()))["tiers"])
    rows = [
        [
            name,
            str(found["n_articles"]),
            f"{found['share']:.1%}",
            f"{found['mean']:.2f}",
            *map(str, found["tiers"].values()),
        ]
        for name, found in groups.items()
    ]
    return Table(title, [what, "articles", "share", "mean", *tiers], rows)


def _disagreement_table(opinions: dict[str, Any]) -> Table:
    distances = {**opinions["dimension_mae"], WEIGHTED_AVERAGE: opinions["weighted_average_mae"]}
    return Table(
        f"the oracle against itself: mean absolute distance of two opinions on {opinions['n_articles']} articles",
        ["dimension", "distance"],
        [[name, f"{distance:.2f}"] for name, distance in distances.items()],
    )


def _correlation_table(figures: dict[str, Any]) -> Table:
    correlations = figures["correlations"]
    rows = [[name, *(f"{r:.2f}" for r in row.values())] for name, row in correlations.items()]
    return Table("correlation of the dimensions (Pearson)", ["dimension", *correlations], rows)


def _redundancy_table(everywhere: dict[str, Any], on_topic: dict[str, Any] | None) -> Table:
    columns = {"all articles": everywhere, **({f"averages from {ON_TOPIC:g} up": on_topic} if on_topic else {})}
    rows = [
        ["articles", *(str(found["n_articles"]) for found in columns.values())],
        ["share of the first component", *(f"{found['first_component']:.1%}" for found in columns.values())],
        *(
            [f"components for {part}", *(str(found["components"][part]) for found in columns.values())]
            for part in everywhere["components"]
        ),
        ["redundancy ratio", *(f"{found['redundancy_ratio']:.2f}" for found in columns.values())],
        ["strongly correlated pairs", *(_pairs_text(found["pairs"]) for found in columns.values())],
        ["never changing", *(", ".join(found["constant"]) or "none" for found in columns.values())],
        ["verdict", *(found["verdict"] for found in columns.values())],
    ]
    return Table("redundancy of the dimensions", ["figure", *columns], rows)


def _pairs_text(pairs: list[dict[str, Any]]) -> str:
    return "; ".join(f"{pair['first']} and {pair['second']} {pair['r']:.2f}" for pair in pairs) or "none"
