"""Signals from the filter itself: its score of an article, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from distillery import Article, FilterBaseScorer, FilterConfig, Score
from distillery.toolkit import AVERAGE, resolve_encoder_spec

from ..vectors import FrozenBase, encoder_vectors
from .similarity import Embed
from .strategies import HIGH, UNCERTAIN, Values

# The half-width assumed for a filter without intervals, in points of the scale.
NO_INTERVAL = 1.0
# Avoids division by zero where an interval has no width.
MIN_HALF_WIDTH = 1e-6


class ScoreSignal:
    """The filter's weighted average, and its distance to the nearest threshold of a tier.

    An article that the prefilter blocks has no score, as in production.
    """

    def __init__(self, scorer: FilterBaseScorer) -> None:
        """Take the loaded filter."""
        self._scorer = scorer
        self._thresholds = np.array([tier.at_least for tier in scorer.config.tiers[:-1]])

    def values(self, articles: Sequence[Article]) -> dict[str, Values]:
        """Return the averages, and the negative distance to the nearest threshold in half-widths of the interval.

        NaN marks an average whose interval lies within the lowest tier, and a distance above 1: the filter is sure.
        """
        found = [self._figures(score) for score in self._scores(articles)]
        return {HIGH: np.array([high for high, _ in found]), UNCERTAIN: np.array([doubt for _, doubt in found])}

    def _scores(self, articles: Sequence[Article]) -> list[Score]:
        if self._scorer.student.head is None:
            return self._scorer.score_batch(articles)
        vectors = encoder_vectors(self._scorer.student, [article.text for article in articles])
        scores = self._scorer.to_scores(vectors)
        passed = [self._passes(article) for article in articles]
        aside = Score.make_blocked(self._scorer.provenance, "prefilter")
        return [score if kept else aside for score, kept in zip(scores, passed, strict=True)]

    def _passes(self, article: Article) -> bool:
        return self._scorer.prefilter is None or self._scorer.prefilter.check(article).passed

    def _figures(self, score: Score) -> tuple[float, float]:
        average = score.weighted_average
        if average is None or not len(self._thresholds):
            return np.nan, np.nan
        low, high = (score.intervals or {}).get(AVERAGE, (average - NO_INTERVAL, average + NO_INTERVAL))
        half_width = max(average - low, high - average)  # the end of the scale may cut off one side
        distance = float(np.abs(self._thresholds - average).min())
        may_be_a_hit = average + half_width >= self._thresholds[-1]
        is_uncertain = distance <= half_width
        return (
            average if may_be_a_hit else np.nan,
            -distance / max(half_width, MIN_HALF_WIDTH) if is_uncertain else np.nan,
        )


def embedding_function(config: FilterConfig, folder: Path, scorer: FilterBaseScorer | None) -> Embed:
    """Return the function from texts to vectors: the filter's shared encoder, or its untrained base model."""
    if scorer is not None and scorer.student.head is not None:
        return partial(encoder_vectors, scorer.student)
    spec = resolve_encoder_spec(config, folder, scorer.student.name if scorer else None)
    return FrozenBase.of(spec).embed
