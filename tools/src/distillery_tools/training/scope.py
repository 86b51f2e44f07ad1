"""Fitting the scope of a head: the languages of its training articles, and where their vectors lie."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from distillery.toolkit import Scope

from ..vectors import Vectors

# Directions of the vectors that have a variance of their own: 32 of 384 numbers each are 50 kB.
N_COMPONENTS = 32
# Fewer training articles do not make a language known.
MIN_ARTICLES = 5
# The share of validation articles that are not called far; 1 % are, by chance or by right.
LEVEL = 0.99


def fit_scope(train: Vectors, val: Vectors, languages: Sequence[str]) -> Scope:
    """Fit probabilistic principal components (Tipping and Bishop 1999) to training vectors [n, width].

    ``val`` [n_val, width] sets the distance beyond which a vector is far; ``languages`` are codes of the training
    articles, empty where unknown.
    """
    vectors = train.astype(np.float64)
    mean = vectors.mean(axis=0)
    n_components = min(N_COMPONENTS, vectors.shape[1] - 1, len(vectors) - 1)
    variances, directions = np.linalg.eigh(np.cov(vectors, rowvar=False))
    noise = max(float(variances[:-n_components].mean()), float(np.finfo(np.float32).tiny))
    counts = Counter(language for language in languages if language)
    scope = Scope(
        languages=frozenset(name for name, count in counts.items() if count >= MIN_ARTICLES),
        mean=mean.astype(np.float32),
        directions=np.ascontiguousarray(directions[:, -n_components:].T, dtype=np.float32),  # as files hold it
        variances=variances[-n_components:].clip(min=noise).astype(np.float32),
        noise=noise,
        max_distance=np.inf,
    )
    return Scope(**vars(scope) | {"max_distance": _farthest(scope.distances(val))})


def save_scope(scope: Scope, path: Path) -> None:
    """Write a scope as the core reads it."""
    facts = {"languages": sorted(scope.languages), "noise": scope.noise, "max_distance": scope.max_distance}
    tensors = {name: getattr(scope, name) for name in ("mean", "directions", "variances")}
    save_file(tensors, path, metadata={name: json.dumps(value) for name, value in facts.items()})


def _farthest(distances: NDArray[np.float64]) -> float:
    """Return the distance that the share ``LEVEL`` of the articles is within; with few articles, the farthest."""
    return float(np.quantile(distances, LEVEL, method="higher"))
