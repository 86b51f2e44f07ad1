"""Scope: what a student was trained on, to tell articles that are unlike all of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import AdapterError


@dataclass(frozen=True)
class Scope:
    """The languages of the training articles, and where their vectors lie.

    The distance of a vector is Mahalanobis' under probabilistic principal components: ``mean`` [width], the
    ``directions`` [n_components, width] of unit length in which the vectors vary most, their ``variances``
    [n_components], and one ``noise`` variance for all other directions. A vector beyond ``max_distance`` is far from
    everything the student was trained on.
    """

    languages: frozenset[str]
    mean: NDArray[np.float32]
    directions: NDArray[np.float32]
    variances: NDArray[np.float32]
    noise: float
    max_distance: float

    @classmethod
    def load(cls, path: Path, width: int) -> Scope:
        """Read the scope of a student whose vectors are so wide; raise AdapterError if the file holds anything else."""
        from safetensors import safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                facts = {name: json.loads(value) for name, value in (file.metadata() or {}).items()}
                tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
            scope = cls(languages=frozenset(facts.pop("languages")), **tensors, **facts)
        except Exception as error:  # safetensors raises its own kinds and OSError; names and values may be anything
            raise AdapterError(
                f"{path} is not a student's scope: {error}.  Train the head again: distillery train"
            ) from error
        shapes = scope.mean.shape, scope.directions.shape, scope.variances.shape
        n_components = len(scope.variances)
        if shapes != ((width,), (n_components, width), (n_components,)):
            raise AdapterError(f"{path} has shapes {shapes}, but the vectors have {width} numbers.")
        return scope

    def distances(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the distance of each vector [n, width]: about 1 for one like the training articles."""
        centred = np.asarray(vectors, dtype=np.float64) - self.mean
        along = centred @ self.directions.T.astype(np.float64)
        within = (along**2 / self.variances).sum(axis=1)
        beyond = (np.square(centred).sum(axis=1) - np.square(along).sum(axis=1)).clip(min=0) / self.noise
        distances: NDArray[np.float64] = np.sqrt((within + beyond) / len(self.mean))
        return distances

    def is_far(self, vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Say of each vector [n, width] whether it is far from everything the student was trained on."""
        return np.asarray(self.distances(vectors) > self.max_distance)

    def knows_language(self, code: str) -> bool:
        """Say whether articles in the language were in training; True for an unknown one: nothing is guessed."""
        return not code or not self.languages or code in self.languages
