"""What an installed filter knows of an article before any oracle: its score, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from distillery import Article, FilterBaseScorer, FilterConfig
from distillery.calibration.intervals import AVERAGE
from distillery.scoring.score import Score
from distillery.students.encoder_spec import resolve_encoder_spec
from distillery.students.student import Student

from ..evaluation.embeddings import FrozenBase
from ..vectors import Vectors, cached_vectors
from .similarity import Embed
from .strategies import HIGH, UNCERTAIN, Values

# The half-width of a filter without intervals, in points of the scale.
NO_INTERVAL = 1.0
# Keeps the distance a number where a filter claims to be certain.
LEAST_HALF_WIDTH = 1e-6


class ScoreSignal:
    """The filter's own weighted average, and how near that is to where the tier would change.

    What the filter's prefilter sets aside has no score, as in production.
    """

    def __init__(self, scorer: FilterBaseScorer) -> None:
        """Take the filter, loaded."""
        self._scorer = scorer
        self._thresholds = np.array([tier.at_least for tier in scorer.config.tiers[:-1]])

    def values(self, articles: Sequence[Article]) -> dict[str, Values]:
        """Return the averages, and below 0 the distance to the nearest threshold in half-widths of the interval.

        Not a number is an average whose interval lies within the lowest tier, and a distance of more than 1: there
        the filter has no doubt.
        """
        found = [self._figures(score) for score in self._scores(articles)]
        return {HIGH: np.array([high for high, _ in found]), UNCERTAIN: np.array([doubt for _, doubt in found])}

    def _scores(self, articles: Sequence[Article]) -> list[Score]:
        if self._scorer.student.head is None:
            return self._scorer.score_batch(articles)
        vectors = encoder_vectors(self._scorer.student, [article.text for article in articles])
        scores = self._scorer.to_scores(vectors)
        passed = [self._passes(article) for article in articles]
        aside = Score.blocked(self._scorer.provenance, "prefilter")
        return [score if kept else aside for score, kept in zip(scores, passed, strict=True)]

    def _passes(self, article: Article) -> bool:
        return self._scorer.prefilter is None or self._scorer.prefilter.check(article).passed

    def _figures(self, score: Score) -> tuple[float, float]:
        average = score.weighted_average
        if average is None or not len(self._thresholds):
            return np.nan, np.nan
        low, high = (score.intervals or {}).get(AVERAGE, (average - NO_INTERVAL, average + NO_INTERVAL))
        half_width = max(average - low, high - average)  # the scale's end may cut one side
        distance = float(np.abs(self._thresholds - average).min())
        may_be_a_find = average + half_width >= self._thresholds[-1]
        is_in_doubt = distance <= half_width
        return (
            average if may_be_a_find else np.nan,
            -distance / max(half_width, LEAST_HALF_WIDTH) if is_in_doubt else np.nan,
        )


def encoder_vectors(student: Student, texts: Sequence[str]) -> Vectors:
    """Return the shared encoder's vectors [n_texts, width], from the user's cache if it has them."""
    return cached_vectors([student.encoder_spec.fingerprint, student.backend.name], texts, student.encode)


def embedding_of(config: FilterConfig, folder: Path, scorer: FilterBaseScorer | None) -> Embed:
    """Return how the filter turns texts into vectors: by its shared encoder, or by its base model untrained."""
    if scorer is not None and scorer.student.head is not None:
        return partial(encoder_vectors, scorer.student)
    spec = resolve_encoder_spec(config, folder, scorer.student.name if scorer else None)
    return FrozenBase(spec.base_folder(), spec.base.sha256, spec.preprocessing).embed
