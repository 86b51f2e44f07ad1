"""The OpenVINO backend: bfloat16 where the CPU has it and the scores stay close to float32."""

from __future__ import annotations

import hashlib
import logging
import threading
import warnings
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import BackendError, CacheError
from ...plugins.manager import core_version
from ..batching import Batching
from .contract import AUTO, BFLOAT16, FLOAT32, OPENVINO, Backend, Ids, NetworkRecipe, Outputs, get_or_create
from .forks import check_not_forked, keep_after_fork, note_use
from .openvino_import import openvino, with_logging_unchanged, without_telemetry
from .precision import REFERENCE, candidate_precisions, choose_precision, load_cached, measure_and_cache

if TYPE_CHECKING:
    from ..network import EncoderNetwork

MODEL_FILE, WEIGHTS_FILE = "model.xml", "model.bin"
_FILES = (MODEL_FILE, WEIGHTS_FILE)
_TITLE = "OpenVINO"
_HINTS = {BFLOAT16: "bf16", FLOAT32: "f32"}

logger = logging.getLogger(__name__)

# One network is loaded at a time: see `_initialise_binding`.
_loading = threading.RLock()


class OpenVinoBackend:
    """Runs a network that was converted once and is kept in the user's cache.

    A converted network starts without torch. Each article is read by itself, as many at a time as suits
    the CPU: that is as fast as padded batches, and a score depends on no other article. The price is that one
    article alone takes about twice as long as it would with every core on it.
    """

    def __init__(self, model_path: Path, precision: str, threads: int | None = None) -> None:
        """Compile a converted network for this CPU, for ``threads`` threads or all cores."""
        options: dict[str, Any] = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "THROUGHPUT"}
        if threads is not None:
            options["INFERENCE_NUM_THREADS"] = threads
        try:
            compiled: Any = openvino.Core().compile_model(str(model_path), "CPU", options)
        except RuntimeError as error:
            raise BackendError(f"OpenVINO cannot compile {model_path}: {error}") from error
        n_requests = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        # Threads take a request and give it back; there are as many as run at a time.
        self._free: SimpleQueue[Any] = SimpleQueue()
        self._requests = [compiled.create_infer_request() for _ in range(n_requests)]
        for request in self._requests:
            self._free.put(request)
        self.batching = Batching(token_budget=1, n_at_once=n_requests)
        self.name = f"{OPENVINO}-{precision}"
        self._initialise_binding()
        keep_after_fork(self, self._requests)

    @classmethod
    def from_recipe(
        cls, recipe: NetworkRecipe, cache: Path, precision: str = AUTO, threads: int | None = None
    ) -> Backend:
        """Return the backend for a network, converting it unless the cache has it whole."""
        check_not_forked(OPENVINO, _TITLE)
        with _loading:
            return cls._loaded(recipe, cache, precision, threads)

    @classmethod
    def _loaded(cls, recipe: NetworkRecipe, cache: Path, precision: str, threads: int | None) -> Backend:
        available = _machine_precisions()
        precisions = candidate_precisions(precision, available, _TITLE)
        key = hashlib.sha256(f"{recipe.identity} {openvino.__version__} {available}".encode()).hexdigest()
        folder = cache / OPENVINO / key[:16]
        outputs = load_cached(folder, _FILES) or _convert(recipe, folder)
        chosen = choose_precision(outputs, recipe, precisions, _TITLE)
        key_in_memory = (str(folder), chosen, str(threads))
        return get_or_create(recipe, key_in_memory, lambda: cls(folder / MODEL_FILE, chosen, threads))

    def run(self, input_ids: Ids, attention_mask: Ids) -> Outputs:
        """Return the network's outputs [n, width] for ids and mask [n, length]."""
        check_not_forked(OPENVINO, _TITLE)
        request = self._free.get()
        try:
            return np.array(request.infer([input_ids, attention_mask])[0], dtype=np.float32)
        finally:
            self._free.put(request)

    def _initialise_binding(self) -> None:
        """Read one token alone, before any thread of ours does.

        OpenVINO's Python binding sets up its numpy types in the first inference of a process, inside a C++ static:
        it waits there for Python's lock, while a second thread in its first inference holds that lock and waits for
        the static. Neither ever ends.
        """
        note_use(OPENVINO)
        one = np.zeros((1, 1), dtype=np.int64)
        self.run(one, one + 1)


def _machine_precisions() -> list[str]:
    """Return the precisions worth trying on this CPU, fastest first."""
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return [BFLOAT16, FLOAT32] if "BF16" in capabilities else [FLOAT32]


def _convert(recipe: NetworkRecipe, folder: Path) -> dict[str, Outputs]:
    """Convert a network and measure its precisions."""
    logger.info("Converting the network for OpenVINO, once; it is kept in %s.", folder.parent)
    try:
        made_with = {"distillery-core": core_version(), "openvino": version("openvino")}
        return measure_and_cache(folder, _FILES, lambda work: _converted(recipe, work), made_with)
    except (BackendError, CacheError):
        raise
    except Exception as error:  # the converter raises many kinds, none its own
        raise BackendError(f"OpenVINO could not convert the network: {type(error).__name__}: {error}") from error


def _converted(recipe: NetworkRecipe, work: Path) -> dict[str, Outputs]:
    """Write the converted network into the folder ``work``; return its outputs for the check inputs."""
    import torch

    from .torch_backend import prepare_torch

    prepare_torch()
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
        with warnings.catch_warnings(), torch.inference_mode(), without_telemetry(), with_logging_unchanged():
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
