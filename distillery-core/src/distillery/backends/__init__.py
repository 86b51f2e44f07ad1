"""Backends: what runs a student's network on batches of token ids."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import BackendError

if TYPE_CHECKING:
    from ..network import StudentNetwork

TORCH = "torch"
OPENVINO = "openvino"
AUTO = "auto"
CHOICES = (AUTO, TORCH, OPENVINO)

logger = logging.getLogger(__name__)

Ids = NDArray[np.int64]


class Backend(Protocol):
    """Runs a network; ``name`` goes into the provenance, such as ``openvino-bfloat16``."""

    name: str

    def run(self, input_ids: Ids, attention_mask: Ids) -> NDArray[np.float32]:
        """Return raw scores [n, n_dimensions] for ids and mask [n, length]."""


@dataclass(frozen=True)
class NetworkRecipe:
    """How to build a network when it is needed, and what identifies it when it is not.

    ``identity`` changes with any weight or setting that changes the scores. ``probe`` gives batches
    of ids and masks on which a reduced precision is held against float32.
    """

    identity: str
    build: Callable[[], StudentNetwork]
    probe: Callable[[], list[tuple[Ids, Ids]]]


def choose_backend(choice: str, recipe: NetworkRecipe, cache: Path, device: str | None = None) -> Backend:
    """Return the backend asked for; ``auto`` is OpenVINO where it is installed, else torch.

    Raises BackendError for an unknown choice, or for OpenVINO where it is not installed. ``device``
    is torch's (``cpu``, ``cuda``), and one other than the CPU rules OpenVINO out.
    """
    if choice not in CHOICES:
        raise BackendError(f"There is no backend '{choice}'. There are: {', '.join(CHOICES)}")
    installed = importlib.util.find_spec("openvino") is not None
    if choice == OPENVINO and not installed:
        raise BackendError('The OpenVINO backend is not installed: pip install "distillery-core[openvino]"')
    if choice == OPENVINO or (choice == AUTO and installed and device in (None, "cpu")):
        try:
            return _openvino(recipe, cache)
        except BackendError as error:
            if choice == OPENVINO:
                raise
            logger.warning("%s  Using torch instead.", error)
    from .torch_backend import TorchBackend

    return TorchBackend(recipe.build(), device)


def _openvino(recipe: NetworkRecipe, cache: Path) -> Backend:
    from .openvino_backend import OpenVinoBackend

    return OpenVinoBackend.from_recipe(recipe, cache)
