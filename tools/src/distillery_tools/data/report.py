"""The report on labelled data: distributions, the oracle's agreement with itself, redundancy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import FilterConfig
from distillery.toolkit import Outcome, Postfilter

from ..measuring.topic import ON_TOPIC
from .distributions import distribution, tier_counts
from .labelled import LabelledData
from .redundancy import redundancy_figures

WEIGHTED_AVERAGE = "weighted average"
UNKNOWN_LANGUAGE = "unknown"

Scores = NDArray[np.float64]


def report_of(labelled: LabelledData, config: FilterConfig) -> dict[str, Any]:
    """Describe the labels of all splits; weighted averages are after the gatekeepers."""
    splits = labelled.splits.values()
    scores = np.concatenate([split.scores for split in splits])
    second = np.concatenate([split.second_opinions for split in splits])
    outcomes = Postfilter(config).apply(scores)
    averages = Postfilter(config).averages(scores)
    columns = {**dict(zip(config.dimension_names, scores.T, strict=True)), WEIGHTED_AVERAGE: averages}
    names_of_splits = [name for name, split in labelled.splits.items() for _ in split.articles]
    languages = [language or UNKNOWN_LANGUAGE for language in chain.from_iterable(split.languages for split in splits)]
    return {
        "filter": config.name,
        "version": config.version,
        "n_articles": len(scores),
        "data_sha256": labelled.sha256,
        "dimensions": {name: distribution(values) for name, values in columns.items()},
        "splits": _by_group(names_of_splits, outcomes, config),
        "languages": _by_group(languages, outcomes, config),
        "second_opinions": disagreement(scores, second, config),
        "redundancy": redundancy_figures(scores, config.dimension_names),
        # Articles off topic are near 0 in every dimension, which looks like correlation.
        "redundancy_on_topic": redundancy_figures(scores[averages >= ON_TOPIC], config.dimension_names),
    }


def disagreement(scores: Scores, second: Scores, config: FilterConfig) -> dict[str, Any] | None:
    """Return the mean absolute difference of the oracle's two opinions, or None without second opinions.

    Both are [n_articles, n_dimensions]; rows of NaN are articles without a second opinion.
    """
    both = ~np.isnan(second).any(axis=1)
    if not both.any():
        return None
    distances = np.abs(scores[both] - second[both]).mean(axis=0).tolist()
    first_averages, second_averages = (Postfilter(config).averages(each[both]) for each in (scores, second))
    return {
        "n_articles": int(both.sum()),
        "dimension_mae": dict(zip(config.dimension_names, distances, strict=True)),
        "weighted_average_mae": float(np.abs(first_averages - second_averages).mean()),
    }


def _by_group(groups: Sequence[str], outcomes: Sequence[Outcome], config: FilterConfig) -> dict[str, Any]:
    """Return size, share, mean weighted average and tiers of each group, the largest first."""
    members: dict[str, list[Outcome]] = {}
    for group, outcome in zip(groups, outcomes, strict=True):
        members.setdefault(group, []).append(outcome)
    order = [tier.name for tier in config.tiers]
    return {
        group: {
            "n_articles": len(found),
            "share": len(found) / len(outcomes),
            "mean": fmean(outcome.weighted_average for outcome in found),
            "tiers": tier_counts([outcome.tier.name for outcome in found], order),
        }
        for group, found in sorted(members.items(), key=lambda entry: -len(entry[1]))
    }
