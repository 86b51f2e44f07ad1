"""LinearMap: from a text's vector to a filter's dimensions; a student's head and Stage 1's probe are one each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LinearMap:
    """Weight [n_dimensions, width] and bias [n_dimensions]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return uncalibrated scores [n, n_dimensions] for vectors [n, width].

        Each row is summed by itself, so that a score does not depend on the other articles of a batch.
        """
        scores: NDArray[np.float32] = np.einsum("nw,dw->nd", vectors, self.weight) + self.bias
        return scores
