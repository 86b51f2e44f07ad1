"""The filter's tiers: their confusion, and how well each threshold separates."""

from __future__ import annotations

from typing import Any

from distillery.toolkit import TierConfig

from ..measuring.figures import bootstrap
from ..measuring.final_scores import FinalScores
from ..measuring.retrieval import f1_at, precision_at, recall_at


def tier_figures(found: FinalScores, expected: FinalScores, tiers: list[TierConfig]) -> dict[str, Any]:
    """Return the confusion (oracle's tier, then predicted tier) and the figures of each threshold."""
    pairs = list(zip(expected.tiers, found.tiers, strict=True))
    names = [tier.name for tier in tiers]
    return {
        "accuracy": sum(expected == predicted for expected, predicted in pairs) / len(pairs),
        "confusion": {row: {column: pairs.count((row, column)) for column in names} for row in names},
        "thresholds": {tier.name: _threshold(found, expected, tier.at_least) for tier in tiers[:-1]},
    }


def _threshold(found: FinalScores, expected: FinalScores, at_least: float) -> dict[str, Any]:
    metrics = {"recall": recall_at(at_least), "precision": precision_at(at_least), "f1": f1_at(at_least)}
    figures = {name: bootstrap(metric, found.averages, expected.averages) for name, metric in metrics.items()}
    return {
        "at_least": at_least,
        "n_expected": int((expected.averages >= at_least).sum()),
        "n_predicted": int((found.averages >= at_least).sum()),
        **{name: figure.to_dict() for name, figure in figures.items()},
    }
