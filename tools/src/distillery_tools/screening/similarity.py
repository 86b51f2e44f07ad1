"""Similarity: how near an article is to examples of what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from distillery import Article

from .strategies import SIMILAR, Values

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class SimilaritySignal:
    """The cosine between an article's vector and the mean direction of the examples'."""

    def __init__(self, embed: Embed, examples: Sequence[Article]) -> None:
        """Embed the examples, of which there is at least one."""
        self._embed = embed
        self._centre = _directions(embed([article.text for article in examples])).mean(axis=0)
        self._centre /= np.linalg.norm(self._centre)

    def values(self, articles: Sequence[Article]) -> dict[str, Values]:
        """Return the cosines, from -1 to 1."""
        vectors = _directions(self._embed([article.text for article in articles]))
        return {SIMILAR: vectors @ self._centre}


def _directions(vectors: NDArray[np.float32]) -> Values:
    """Return vectors [n, width] of length 1."""
    wide = vectors.astype(np.float64)
    directions: Values = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return directions
