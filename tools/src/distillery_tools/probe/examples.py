"""What a probe is fitted to: the articles of train and val, with their embeddings, averages and near-duplicates.

The embedder has seen no label, so val is no more special to it than train, and both are used; the test articles are
kept for measuring.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from distillery import Article, FilterConfig
from distillery.toolkit import Embedder, Postfilter, StaticEmbedder

from ..data.labelled import LabelledData
from ..data.near_duplicates import duplicate_groups, near_duplicates
from ..vectors import Vectors, cached_vectors
from .cross_fitting import CrossFitted, Scores, cross_fit

FITTED_ON = ("train", "val")


@dataclass(frozen=True)
class ProbeExamples:
    """Articles, the oracle's scores [n, n_dimensions] and averages [n], and the average from which one is positive."""

    articles: list[Article]
    scores: Scores
    averages: Scores
    positive_from: float

    @classmethod
    def of(cls, config: FilterConfig, data: LabelledData, positive_from: float) -> ProbeExamples:
        """Take the articles of train and val."""
        splits = [data.splits[name] for name in FITTED_ON]
        scores = np.concatenate([split.scores for split in splits])
        articles = [article for split in splits for article in split.articles]
        return cls(articles, scores, Postfilter(config).averages(scores), positive_from)

    @cached_property
    def positive(self) -> NDArray[np.bool_]:
        """Which of the articles the oracle calls positive [n]."""
        return self.averages >= self.positive_from

    def fit(self, embedder: StaticEmbedder) -> CrossFitted:
        """Fit a probe; near-duplicates are never on both sides of a fold."""
        texts = [article.text for article in self.articles]
        groups = duplicate_groups(len(texts), near_duplicates(texts))
        return cross_fit(embed(embedder, self.articles), self.scores, self.positive, groups)


def embed(embedder: Embedder, articles: list[Article]) -> Vectors:
    """Return the articles' embeddings [n, width], from the user's cache if it has them."""
    return cached_vectors([embedder.fingerprint], [article.text for article in articles], embedder.embed)
