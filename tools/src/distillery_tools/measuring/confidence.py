"""Whether a filter's probabilities hold, and what is gained by keeping only the scores it is surest of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import Score

from .figures import Values, bootstrap
from .final_scores import FinalScores

# As many groups of equally many articles, from the least to the most probable.
N_BINS = 10
KEPT_SHARES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
COMPARED_SHARE = 0.8
# Outcomes drawn from the probabilities themselves, to see how large the reliability error is by chance alone.
N_SIMULATIONS = 200

Outcomes = NDArray[np.bool_]


def reliability_bins(probabilities: Values, outcomes: Outcomes) -> list[dict[str, float]]:
    """Return mean probability, share of outcomes and number for each tenth of the articles [n], by probability."""
    order = np.argsort(probabilities, kind="stable")
    bins = [part for part in np.array_split(order, N_BINS) if len(part)]
    return [
        {"probability": float(probabilities[part].mean()), "share": float(outcomes[part].mean()), "n": len(part)}
        for part in bins
    ]


def probability_bands(probabilities: Values, outcomes: Outcomes) -> list[dict[str, float]]:
    """Return mean probability, share of outcomes and number for each tenth of the probability that articles [n] have.

    `reliability_bins` hold equally many articles, most of them equally sure; these show the whole range.
    """
    bands = np.minimum((probabilities * N_BINS).astype(np.intp), N_BINS - 1)  # the last one includes 1
    return [
        {
            "from": int(band) / N_BINS,
            "probability": float(probabilities[bands == band].mean()),
            "share": float(outcomes[bands == band].mean()),
            "n": int((bands == band).sum()),
        }
        for band in np.unique(bands)
    ]


def reliability_error(probabilities: Values, outcomes: Outcomes) -> float:
    """Return the mean distance of probability and share over tenths of the articles (expected calibration error)."""
    bins = reliability_bins(probabilities, outcomes)
    return sum(part["n"] * abs(part["probability"] - part["share"]) for part in bins) / len(probabilities)


def reliability(probabilities: Values, outcomes: Outcomes) -> dict[str, Any]:
    """Return error, bins and bands, and the mean error that such probabilities have by chance if they are right."""
    generator = np.random.default_rng(0)
    chance = [
        reliability_error(probabilities, generator.random(len(probabilities)) < probabilities)
        for _ in range(N_SIMULATIONS)
    ]
    return {
        "reliability_error": reliability_error(probabilities, outcomes),
        "by_chance": float(np.mean(chance)),
        "expected": float(probabilities.sum()),
        "found": int(outcomes.sum()),
        "bins": reliability_bins(probabilities, outcomes),
        "bands": probability_bands(probabilities, outcomes),
    }


def confidence_figures(results: list[Score], expected: FinalScores, positive_from: float) -> dict[str, Any] | None:
    """Return how reliable confidence and probabilities are, and the curve; None if the filter has no probabilities.

    ``curve`` holds, for shares of the articles with the highest confidence, how many tiers are wrong and the mean
    absolute error of the weighted average. ``lowered_at_80`` is by how much both are lower among the surest 80 %.
    """
    if not results or any(score.confidence is None for score in results):
        return None
    confidence = np.array([score.confidence for score in results], dtype=np.float64)
    wrong = np.array([score.tier != tier for score, tier in zip(results, expected.tiers, strict=True)])
    averages = np.array([score.weighted_average for score in results], dtype=np.float64)
    errors = {"tier_error": wrong.astype(np.float64), "mae": np.abs(averages - expected.averages)}
    order = np.argsort(-confidence, kind="stable")
    is_kept = np.zeros(len(results))
    is_kept[order[: _size(COMPARED_SHARE, len(results))]] = 1.0
    return {
        **reliability(confidence, ~wrong),
        "curve": [_point(share, order, confidence, errors) for share in KEPT_SHARES],
        "lowered_at_80": {name: bootstrap(_lowered, is_kept, each).to_dict() for name, each in errors.items()},
        "probabilities": _probabilities(results, expected, positive_from),
    }


def _probabilities(results: list[Score], expected: FinalScores, positive_from: float) -> dict[str, Any]:
    """Return the reliability of the positive probability, and of each tier's above the lowest."""
    tiers = list(results[0].tier_probabilities or {})
    rank_of = {tier: rank for rank, tier in enumerate(tiers)}
    ranks = np.array([rank_of[tier] for tier in expected.tiers])
    positive = np.array([score.positive_probability for score in results], dtype=np.float64)
    figures = {"positive": reliability(positive, expected.averages >= positive_from)}
    for tier in tiers[:-1]:
        found = np.array([(score.tier_probabilities or {})[tier] for score in results])
        figures[tier] = reliability(found, ranks <= rank_of[tier])
    return figures


def _point(share: float, order: NDArray[np.intp], confidence: Values, errors: dict[str, Values]) -> dict[str, float]:
    kept = order[: _size(share, len(order))]
    lowest = float(confidence[kept].min())
    return {"kept": share, "confidence": lowest, **{name: float(each[kept].mean()) for name, each in errors.items()}}


def _size(share: float, n_articles: int) -> int:
    return max(round(share * n_articles), 1)


def _lowered(is_kept: Values, errors: Values) -> Values:
    """Return the share by which the mean error is lower among those kept; NaN if there is no error at all."""
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = (errors * is_kept).sum(axis=-1) / is_kept.sum(axis=-1)
        return np.asarray(1 - kept / errors.mean(axis=-1))
