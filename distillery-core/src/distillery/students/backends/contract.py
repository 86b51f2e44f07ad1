"""The contract between a student and the backend that runs its network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from ..batching import Batching

if TYPE_CHECKING:
    from ..network import EncoderNetwork

TORCH = "torch"
OPENVINO = "openvino"
AUTO = "auto"
CHOICES = (AUTO, TORCH, OPENVINO)
FLOAT32, BFLOAT16, FLOAT16 = "float32", "bfloat16", "float16"
PRECISIONS = (AUTO, FLOAT32, BFLOAT16, FLOAT16)

Ids = NDArray[np.int64]
Outputs = NDArray[np.float32]


class Backend(Protocol):
    """Runs a network; ``name`` goes into the provenance, such as ``openvino-bfloat16``."""

    name: str
    batching: Batching

    def run(self, input_ids: Ids, attention_mask: Ids) -> Outputs:
        """Return the network's outputs [n, width] for ids and mask [n, length]."""


@dataclass(frozen=True)
class NetworkRecipe:
    """How to build a network when it is needed, and what identifies it when it is not.

    ``identity`` changes with any weight or setting that changes the outputs. ``check_inputs`` gives batches of ids and
    masks on which a reduced precision is held against float32, once ``to_scores`` has turned the outputs into raw
    scores. ``shared`` says that several students run this network, so that one copy in memory is enough.
    """

    identity: str
    build: Callable[[], EncoderNetwork]
    check_inputs: Callable[[], list[tuple[Ids, Ids]]]
    to_scores: Callable[[Outputs], Outputs]
    shared: bool = False


_in_memory: WeakValueDictionary[tuple[str, ...], Backend] = WeakValueDictionary()


def get_or_create(recipe: NetworkRecipe, key: tuple[str, ...], make: Callable[[], Backend]) -> Backend:
    """Return the backend of a shared network that is in memory under the key, else a new one."""
    backend = _in_memory.get(key) if recipe.shared else None
    if backend is None:
        backend = make()
        if recipe.shared:
            _in_memory[key] = backend
    return backend
