"""FinalScores: scores as a user gets them, after the filter's postfilter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distillery import Article, FilterBaseScorer, Score, ScoringError
from distillery.toolkit import HIGHEST, LOWEST, Postfilter

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class FinalScores:
    """Clamped scores [n_articles, n_dimensions], weighted averages [n_articles] and the names of the tiers."""

    scores: Scores
    averages: Scores
    tiers: list[str]

    @classmethod
    def of(cls, scores: Scores, postfilter: Postfilter) -> FinalScores:
        """Apply the postfilter to calibrated scores, predicted or the oracle's."""
        outcomes = postfilter.apply(scores)
        return cls(
            scores=scores.clip(LOWEST, HIGHEST),
            averages=postfilter.averages(scores),
            tiers=[outcome.tier.name for outcome in outcomes],
        )

    def without(self, set_aside: NDArray[np.bool_], lowest: str) -> FinalScores:
        """Return the scores with those of the articles that are set aside counted as 0, in the lowest tier."""
        return FinalScores(
            np.where(set_aside[:, None], LOWEST, self.scores),
            np.where(set_aside, LOWEST, self.averages),
            [lowest if aside else tier for aside, tier in zip(set_aside, self.tiers, strict=True)],
        )

    def columns(self, names: list[str]) -> dict[str, Scores]:
        """Return the scores [n_articles] of each dimension by name, then the weighted averages."""
        return {**dict(zip(names, self.scores.T, strict=True)), "weighted_average": self.averages}


def student_results(scorer: FilterBaseScorer, articles: list[Article]) -> list[Score]:
    """Score articles without the prefilter; raise ScoringError if any has no score."""
    results = scorer.score_batch(articles, prefilter=False)
    failed = [f"{article.id}: {score.error}" for article, score in zip(articles, results, strict=True) if score.error]
    if failed:
        raise ScoringError(
            f"{scorer.config.name} {scorer.config.version} has no score for {len(failed)} of {len(articles)} articles, "
            f"such as {failed[0]}\n  Evaluation needs all of them: fix these articles or leave them out."
        )
    return results


def scores_of(results: list[Score]) -> Scores:
    """Return the scores [n_articles, n_dimensions] of results without failures."""
    return np.array([list((score.scores or {}).values()) for score in results])
