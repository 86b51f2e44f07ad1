"""Backends: what runs a network on batches of token ids."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from ..batching import Batching
from ..errors import BackendError

if TYPE_CHECKING:
    from ..network import EncoderNetwork

TORCH = "torch"
OPENVINO = "openvino"
AUTO = "auto"
CHOICES = (AUTO, TORCH, OPENVINO)
FLOAT32, BFLOAT16, FLOAT16 = "float32", "bfloat16", "float16"
PRECISIONS = (AUTO, FLOAT32, BFLOAT16, FLOAT16)

logger = logging.getLogger(__name__)

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

    ``identity`` changes with any weight or setting that changes the outputs. ``probe`` gives batches of ids and
    masks on which a reduced precision is held against float32, once ``judge`` has turned the outputs into raw
    scores. ``shared`` says that several students run this network, so that one copy in memory is enough.
    """

    identity: str
    build: Callable[[], EncoderNetwork]
    probe: Callable[[], list[tuple[Ids, Ids]]]
    judge: Callable[[Outputs], Outputs]
    shared: bool = False


_in_memory: WeakValueDictionary[tuple[str, ...], Backend] = WeakValueDictionary()


def one_copy(recipe: NetworkRecipe, key: tuple[str, ...], make: Callable[[], Backend]) -> Backend:
    """Return the backend of a shared network that is in memory under the key, else a new one."""
    backend = _in_memory.get(key) if recipe.shared else None
    if backend is None:
        backend = make()
        if recipe.shared:
            _in_memory[key] = backend
    return backend


def choose_backend(
    choice: str, recipe: NetworkRecipe, cache: Path, device: str | None = None, precision: str = AUTO
) -> Backend:
    """Return the backend asked for; ``auto`` is OpenVINO where it is installed, else torch.

    ``precision`` ``auto`` is the fastest that stays close to float32; torch by its name runs float32, the
    reference, unless another is named. ``device`` is torch's (``cpu``, ``cuda``), and one other than the
    CPU rules OpenVINO out. Raises BackendError for what is unknown, not installed or not good enough.
    """
    if choice not in CHOICES:
        raise BackendError(f"There is no backend '{choice}'. There are: {', '.join(CHOICES)}")
    installed = importlib.util.find_spec("openvino") is not None
    if choice == OPENVINO and not installed:
        raise BackendError('The OpenVINO backend is not installed: pip install "distillery-core[openvino]"')
    if choice == OPENVINO or (choice == AUTO and installed and device in (None, "cpu")):
        try:
            return _openvino(recipe, cache, precision)
        except BackendError as error:
            if choice == OPENVINO:
                raise
            logger.warning("%s  Using torch instead.", error)
    from .torch_backend import TorchBackend

    if choice == TORCH and precision == AUTO:
        precision = FLOAT32
    return TorchBackend.from_recipe(recipe, cache, device, precision)


def _openvino(recipe: NetworkRecipe, cache: Path, precision: str) -> Backend:
    from .openvino_backend import OpenVinoBackend

    return OpenVinoBackend.from_recipe(recipe, cache, precision)
