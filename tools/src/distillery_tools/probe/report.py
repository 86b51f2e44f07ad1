"""A filter with its Stage 1 compared with its student alone, on articles that neither has seen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery import FilterBaseScorer, Score
from distillery.toolkit import AVERAGE, STAGE_1, STAGE_2

from ..data.labelled import LabelledData
from ..measuring.binomial import two_sided_interval
from ..measuring.figures import Values, bootstrap
from ..measuring.final_scores import FinalScores, scores_of, student_results
from ..measuring.headline import headline
from ..measuring.intervals import interval_figures

FIGURES = ("weighted_average_mae", "spearman", "recall", "r_precision", "average_precision")


def hybrid_report(
    hybrid: FilterBaseScorer, student: FilterBaseScorer, data: LabelledData, split: str
) -> dict[str, Any]:
    """Return skip rate, misses, the quality of both modes, and of each stage's intervals, for JSON."""
    config, measured = hybrid.config, data.splits[split]
    expected = FinalScores.of(measured.scores, hybrid.postfilter)
    both = {
        "hybrid": student_results(hybrid, measured.articles),
        "student alone": student_results(student, measured.articles),
    }
    stage1 = np.array([score.stage_used == STAGE_1 for score in both["hybrid"]])
    return {
        "filter": config.name,
        "version": config.version,
        "provenance": asdict(hybrid.provenance),
        "probe": config.probe.model_dump(mode="json") if config.probe else None,
        "data_sha256": data.sha256,
        "split": split,
        "positive_from": config.positive_from,
        "n_articles": len(stage1),
        "skip_rate": bootstrap(_share, stage1.astype(np.float64)).to_dict(),
        "misses": _misses(hybrid, stage1, expected.averages),
        "quality": {name: _quality(hybrid, results, expected) for name, results in both.items()},
        "intervals": {
            stage: _intervals(both["hybrid"], decided, expected.averages)
            for stage, decided in ((STAGE_1, stage1), (STAGE_2, ~stage1))
        },
    }


def _intervals(results: list[Score], decided: NDArray[np.bool_], averages: Values) -> dict[str, Any]:
    """Return how many articles one stage decided, and the coverage and width of its intervals of the average."""
    scores = [results[place] for place in np.flatnonzero(decided)]
    figures = interval_figures(scores, {AVERAGE: averages[decided]}, languages={})
    return {"n": len(scores), **(figures[AVERAGE] if figures else {})}


def _share(values: Values) -> Values:
    return np.asarray(values.mean(axis=-1))


def _misses(hybrid: FilterBaseScorer, stage1: NDArray[np.bool_], averages: Values) -> dict[str, Any]:
    """Return how many articles Stage 1 missed: of those the guarantee counts, and of each tier above the lowest."""
    settings = hybrid.config.probe
    lines = {"guarantee": settings.guarantee.positive_from} if settings and settings.guarantee else {}
    lines |= {tier.name: tier.at_least for tier in hybrid.config.tiers[:-1]}
    return {name: _missed(stage1, averages >= at_least, at_least) for name, at_least in lines.items()}


def _missed(stage1: NDArray[np.bool_], positive: NDArray[np.bool_], at_least: float) -> dict[str, Any]:
    n_positives, n_misses = int(positive.sum()), int((stage1 & positive).sum())
    low, high = two_sided_interval(n_misses, n_positives)
    share = n_misses / n_positives if n_positives else None
    return {"at_least": at_least, "n": n_positives, "missed": n_misses, "share": share, "low": low, "high": high}


def _quality(scorer: FilterBaseScorer, results: list[Score], expected: FinalScores) -> dict[str, Any]:
    found = FinalScores.of(scores_of(results), scorer.postfilter)
    figures = headline(found, expected, scorer.config.dimension_names, scorer.config.positive_from)
    return {name: figures[name] for name in FIGURES}
