"""choose_backend: from a name to what runs a network."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

from ...errors import BackendError, CacheError
from .contract import AUTO, CHOICES, FLOAT32, OPENVINO, TORCH, Backend, NetworkRecipe

logger = logging.getLogger(__name__)


def choose_backend(
    choice: str,
    recipe: NetworkRecipe,
    cache: Path,
    device: str | None = None,
    precision: str = AUTO,
    threads: int | None = None,
) -> Backend:
    """Return the backend asked for; ``auto`` is OpenVINO where it is installed, else torch.

    ``precision`` ``auto`` is the fastest that stays close to float32; torch by its name runs float32, the
    reference, unless another is named. ``device`` is torch's (``cpu``, ``cuda``), and one other than the
    CPU rules OpenVINO out. ``threads`` is how many CPU threads run the network, by default all cores; torch's setting
    holds for the whole process. Raises BackendError for what is unknown, not installed or not good enough.
    """
    if threads is not None and threads < 1:
        raise BackendError(f"threads is {threads}, but a network needs at least one.")
    if choice not in CHOICES:
        raise BackendError(f"There is no backend '{choice}'. There are: {', '.join(CHOICES)}")
    installed = importlib.util.find_spec("openvino") is not None
    if choice == OPENVINO and not installed:
        raise BackendError('The OpenVINO backend is not installed: pip install "distillery-core[openvino]"')
    if choice == OPENVINO or (choice == AUTO and installed and device in (None, "cpu")):
        try:
            return _openvino(recipe, cache, precision, threads)
        except (BackendError, CacheError) as error:
            if choice == OPENVINO:
                raise
            logger.warning("%s  Using torch instead.", error)
    from .torch_backend import TorchBackend

    if choice == TORCH and precision == AUTO:
        precision = FLOAT32
    return TorchBackend.from_recipe(recipe, cache, device, precision, threads)


def _openvino(recipe: NetworkRecipe, cache: Path, precision: str, threads: int | None) -> Backend:
    from .openvino_backend import OpenVinoBackend

    return OpenVinoBackend.from_recipe(recipe, cache, precision, threads)
