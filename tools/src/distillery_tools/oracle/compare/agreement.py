"""Agreement: how near two oracles, or two runs of one, are to each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from distillery import FilterConfig, InputFileError
from distillery.toolkit import Postfilter

from ...measuring.figures import Metric, Values, bootstrap
from ...measuring.final_scores import FinalScores
from ...measuring.metrics import bias, mean_absolute_error, pearson, quadratic_weighted_kappa, spearman
from .label_files import Scores, read_labels, score_rows

METRICS: dict[str, Metric] = {
    "mae": mean_absolute_error,
    "bias": bias,
    "pearson": pearson,
    "spearman": spearman,
    "kappa": quadratic_weighted_kappa,
}


def agreement_of_files(config: FilterConfig, first: Path, second: Path) -> dict[str, Any]:
    """Compare two label files of a filter, for JSON; raise InputFileError if no id is in both.

    ``only_first`` and ``only_second`` count the articles that the other file does not have.
    """
    one, other = (read_labels(path, config.dimension_names) for path in (first, second))
    shared = [key for key in one if key in other]
    if not shared:
        raise InputFileError(f"{first} and {second} have no id in common.")
    rows = (score_rows([labels[key]["scores"] for key in shared], config.dimension_names) for labels in (one, other))
    return {
        **agreement(config, *rows),
        "only_first": len(one) - len(shared),
        "only_second": len(other) - len(shared),
    }


def agreement_of_opinions(config: FilterConfig, path: Path) -> dict[str, Any]:
    """Compare the scores of a label file with its second opinions, for JSON; raise InputFileError if it has none."""
    labels = read_labels(path, config.dimension_names).values()
    twice = [label for label in labels if label.get("second_opinion") is not None]
    if not twice:
        raise InputFileError(f"{path} holds no second opinion; give a second file of labels to compare it with.")
    first, second = (
        score_rows([label[field] for label in twice], config.dimension_names) for field in ("scores", "second_opinion")
    )
    return {**agreement(config, first, second), "only_first": len(labels) - len(twice), "only_second": 0}


def agreement(config: FilterConfig, first: Scores, second: Scores) -> dict[str, Any]:
    """Return the figures of each dimension, those of the weighted average with 95 % intervals, and the tiers.

    Both are [n_articles, n_dimensions]. A bias above 0 says that the second scores are the higher ones. None is what
    is not defined, such as the correlation with a constant.
    """
    postfilter = Postfilter(config)
    one, other = FinalScores.of(first, postfilter), FinalScores.of(second, postfilter)
    columns = zip(config.dimension_names, other.scores.T, one.scores.T, strict=True)
    return {
        "filter": config.name,
        "version": config.version,
        "n_articles": len(first),
        "dimensions": {name: _figures(*scores) for name, *scores in columns},
        "weighted_average": {
            name: bootstrap(metric, other.averages, one.averages).to_dict() for name, metric in METRICS.items()
        },
        "tiers": _tiers(one.tiers, other.tiers, [tier.name for tier in config.tiers]),
    }


def _figures(second: Values, first: Values) -> dict[str, float | None]:
    figures = {name: float(metric(second, first)) for name, metric in METRICS.items()}
    return {name: value if np.isfinite(value) else None for name, value in figures.items()}


def _tiers(first: list[str], second: list[str], names: list[str]) -> dict[str, Any]:
    """Return how many articles change their tier, and the first tier by the second."""
    pairs = list(zip(first, second, strict=True))
    flips = sum(one != other for one, other in pairs)
    return {
        "flips": flips,
        "flip_share": flips / len(pairs),
        "confusion": {row: {column: pairs.count((row, column)) for column in names} for row in names},
    }
