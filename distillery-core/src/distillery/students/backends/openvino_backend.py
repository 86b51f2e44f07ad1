"""The OpenVINO backend: bfloat16 where the CPU has it and the scores stay close to float32."""

from __future__ import annotations

import hashlib
import logging
import warnings
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino

from ...errors import BackendError
from ..batching import Batching
from .contract import AUTO, BFLOAT16, FLOAT32, OPENVINO, Backend, Ids, NetworkRecipe, Outputs, get_or_create
from .precision import REFERENCE, candidate_precisions, choose_precision, load_cached, measure_and_cache

if TYPE_CHECKING:
    from ..network import EncoderNetwork

MODEL_FILE, WEIGHTS_FILE = "model.xml", "model.bin"
_FILES = (MODEL_FILE, WEIGHTS_FILE)
_TITLE = "OpenVINO"
_HINTS = {BFLOAT16: "bf16", FLOAT32: "f32"}

logger = logging.getLogger(__name__)


class OpenVinoBackend:
    """Runs a network that was converted once and is kept in the user's cache.

    A converted network starts without torch. Each article is read by itself, as many at a time as suits
    the CPU: that is as fast as padded batches, and a score depends on no other article. The price is that one
    article alone takes about twice as long as it would with every core on it.
    """

    def __init__(self, model_path: Path, precision: str) -> None:
        """Compile a converted network for this CPU."""
        options = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "THROUGHPUT"}
        try:
            compiled: Any = openvino.Core().compile_model(str(model_path), "CPU", options)
        except RuntimeError as error:
            raise BackendError(f"OpenVINO cannot compile {model_path}: {error}") from error
        n_requests = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        # Threads take a request and give it back; there are as many as run at a time.
        self._free: SimpleQueue[Any] = SimpleQueue()
        for _ in range(n_requests):
            self._free.put(compiled.create_infer_request())
        self.batching = Batching(token_budget=1, n_at_once=n_requests)
        self.name = f"{OPENVINO}-{precision}"

    @classmethod
    def from_recipe(cls, recipe: NetworkRecipe, cache: Path, precision: str = AUTO) -> Backend:
        """Return the backend for a network, converting it unless the cache has it whole."""
        available = _machine_precisions()
        precisions = candidate_precisions(precision, available, _TITLE)
        key = hashlib.sha256(f"{recipe.identity} {openvino.__version__} {available}".encode()).hexdigest()
        folder = cache / OPENVINO / key[:16]
        outputs = load_cached(folder, _FILES) or _convert(recipe, folder)
        chosen = choose_precision(outputs, recipe, precisions, _TITLE)
        return get_or_create(recipe, (str(folder), chosen), lambda: cls(folder / MODEL_FILE, chosen))

    def run(self, input_ids: Ids, attention_mask: Ids) -> Outputs:
        """Return the network's outputs [n, width] for ids and mask [n, length]."""
        request = self._free.get()
        try:
            return np.array(request.infer([input_ids, attention_mask])[0], dtype=np.float32)
        finally:
            self._free.put(request)


def _machine_precisions() -> list[str]:
    """Return the precisions worth trying on this CPU, fastest first."""
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return [BFLOAT16, FLOAT32] if "BF16" in capabilities else [FLOAT32]


def _convert(recipe: NetworkRecipe, folder: Path) -> dict[str, Outputs]:
    """Convert a network and measure its precisions."""
    logger.info("Converting the network for OpenVINO, once; it is kept in %s.", folder.parent)
    try:
        return measure_and_cache(folder, _FILES, lambda work: _converted(recipe, work))
    except BackendError:
        raise
    except Exception as error:  # the converter raises many kinds, none its own
        raise BackendError(f"OpenVINO could not convert the network: {type(error).__name__}: {error}") from error


def _converted(recipe: NetworkRecipe, work: Path) -> dict[str, Outputs]:
    """Write the converted network into the folder ``work``; return its outputs for the check inputs."""
    import torch

    network, batches = recipe.build(), recipe.check_inputs()
    with torch.inference_mode():
        expected = [network(*(torch.from_numpy(array) for array in batch)).numpy() for batch in batches]
    _save_converted(network, batches[0], work / MODEL_FILE)
    outputs = {REFERENCE: np.concatenate(expected)}
    for precision in _machine_precisions():
        backend = OpenVinoBackend(work / MODEL_FILE, precision)
        outputs[precision] = np.concatenate([backend.run(*batch) for batch in batches])
    choose_precision(outputs, recipe, _machine_precisions(), _TITLE)
    return outputs


def _save_converted(network: EncoderNetwork, example: tuple[Ids, Ids], path: Path) -> None:
    import torch
    from transformers.utils import logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            # The tracer warns of branches on shapes; the check inputs are the real test.
            warnings.simplefilter("ignore")
            model = openvino.convert_model(
                network,
                example_input=tuple(torch.from_numpy(array) for array in example),
                input=[("input_ids", [-1, -1]), ("attention_mask", [-1, -1])],
            )
    finally:
        transformers_logging.set_verbosity(verbosity)
    # float32 on disk: rounding the weights to float16 would cost accuracy that nobody asked for.
    openvino.save_model(model, str(path), compress_to_fp16=False)
