"""Similarity: how close an article is to example articles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from distillery import Article

from .strategies import SIMILAR, Values

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

# An article must be as close to the centre as the closest nine in ten of the examples.
MIN_QUANTILE = 0.1


class SimilaritySignal:
    """The cosine between an article's vector and the mean direction of the examples'."""

    def __init__(self, embed: Embed, examples: Sequence[Article]) -> None:
        """Embed the examples; there must be at least one."""
        self._embed = embed
        directions = _directions(embed([article.text for article in examples]))
        centre = directions.mean(axis=0)
        self._centre = centre / np.linalg.norm(centre)
        self._minimum = float(np.quantile(directions @ self._centre, MIN_QUANTILE))

    def values(self, articles: Sequence[Article]) -> dict[str, Values]:
        """Return the cosines, NaN where they are below those of nine in ten examples."""
        cosines = _directions(self._embed([article.text for article in articles])) @ self._centre
        return {SIMILAR: np.where(cosines >= self._minimum, cosines, np.nan)}


def _directions(vectors: NDArray[np.float32]) -> Values:
    """Return vectors [n, width] of length 1."""
    wide = vectors.astype(np.float64)
    directions: Values = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return directions
