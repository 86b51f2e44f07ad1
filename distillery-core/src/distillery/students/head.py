"""Head: the linear map from an encoder's vector to a filter's dimensions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..config import ADAPTER_FILE
from ..errors import AdapterError
from .adapter import head_part
from .linear_map import LinearMap


class Head(LinearMap):
    """A filter's head on a shared encoder."""

    @classmethod
    def load(cls, folder: Path, n_dimensions: int, width: int | None) -> Head:
        """Read the head in a folder; raise AdapterError if the folder holds anything else, or another shape.

        ``width`` is the width of the encoder's vectors, None if it is not known.
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

    def _check_shape(self, path: Path, n_dimensions: int, width: int | None) -> None:
        weight, bias = list(self.weight.shape), list(self.bias.shape)
        needed = [n_dimensions, width or self.weight.size // n_dimensions]
        if weight != needed or bias != [n_dimensions]:
            raise AdapterError(
                f"{path}: the head has a weight {weight} and a bias {bias}; the config's dimensions and its encoder "
                f"need {needed} and [{n_dimensions}].\n  Train the head again: distillery train"
            )
