"""Head: the linear map from an encoder's vector to a filter's dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..config import ADAPTER_FILE
from ..errors import AdapterError
from .adapter import head_part


@dataclass(frozen=True)
class Head:
    """Weight [n_dimensions, width] and bias [n_dimensions]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    @classmethod
    def load(cls, folder: Path, n_dimensions: int, width: int | None) -> Head:
        """Read the head of an adapter folder that holds nothing else; raise AdapterError if it is not that.

        ``width`` is that of the encoder's vectors, None where it is not known.
        """
        from safetensors.numpy import load_file

        path = folder / ADAPTER_FILE
        try:
            tensors = load_file(path)
        except Exception as error:  # safetensors raises its own kinds and OSError
            raise AdapterError(f"{path} cannot be read: {error}") from error
        parts = {head_part(key): tensor.astype(np.float32) for key, tensor in tensors.items()}
        if set(parts) != {"weight", "bias"} or len(parts) != len(tensors):
            raise AdapterError(
                f"{path} must hold the head alone, weight and bias, but holds {', '.join(sorted(tensors))}."
            )
        head = cls(parts["weight"], parts["bias"])
        head._check_shape(path, n_dimensions, width)
        return head

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return raw scores [n, n_dimensions] for vectors [n, width].

        Each row is summed by itself, so that a score does not depend on the articles beside it.
        """
        scores: NDArray[np.float32] = np.einsum("nw,dw->nd", vectors, self.weight) + self.bias
        return scores

    def _check_shape(self, path: Path, n_dimensions: int, width: int | None) -> None:
        weight, bias = list(self.weight.shape), list(self.bias.shape)
        wanted = [n_dimensions, width or self.weight.size // n_dimensions]
        if weight != wanted or bias != [n_dimensions]:
            raise AdapterError(
                f"{path}: the head has a weight {weight} and a bias {bias}; the config's dimensions and its encoder "
                f"need {wanted} and [{n_dimensions}].\n  Train the head anew."
            )
