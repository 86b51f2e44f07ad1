"""The OpenVINO backend: bfloat16 where the CPU has it and the scores stay close to float32."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino

from ..base_models import sha256_of
from ..errors import BackendError
from . import OPENVINO, Backend, Ids, NetworkRecipe, Outputs, one_copy

if TYPE_CHECKING:
    from ..network import EncoderNetwork

# A reduced precision is admitted within these distances of float32, on the 0-10 scale
# (design.md, section 5; benchmarks/throughput.py measures them on real articles).
MAX_DIFFERENCE = 0.1
MEAN_DIFFERENCE = 0.02

MODEL_FILE, WEIGHTS_FILE, PROBES_FILE, MANIFEST_FILE = "model.xml", "model.bin", "probes.safetensors", "manifest.json"
_FILES = (MODEL_FILE, WEIGHTS_FILE, PROBES_FILE)
_REFERENCE = "torch"
_HINTS = {"bfloat16": "bf16", "float32": "f32"}

logger = logging.getLogger(__name__)


class OpenVinoBackend:
    """Runs a network that was converted once and is kept in the user's cache.

    A converted network starts without torch. Only one thread infers at a time; OpenVINO itself
    uses every core.
    """

    def __init__(self, model_path: Path, precision: str) -> None:
        """Compile a converted network for this CPU."""
        core = openvino.Core()
        options = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
        try:
            self._compiled: Any = core.compile_model(str(model_path), "CPU", options)
        except RuntimeError as error:
            raise BackendError(f"OpenVINO cannot compile {model_path}: {error}") from error
        self._lock = threading.Lock()
        self.name = f"{OPENVINO}-{precision}"

    @classmethod
    def from_recipe(cls, recipe: NetworkRecipe, cache: Path) -> Backend:
        """Return the backend for a network, converting it unless the cache has it whole."""
        key = hashlib.sha256(f"{recipe.identity} {openvino.__version__} {_machine_precisions()}".encode()).hexdigest()
        folder = cache / OPENVINO / key[:16]
        outputs = _measured(folder) or _convert(recipe, folder)
        precision = _admitted(outputs, recipe)
        return one_copy(recipe, (str(folder), precision), lambda: cls(folder / MODEL_FILE, precision))

    def run(self, input_ids: Ids, attention_mask: Ids) -> Outputs:
        """Return the network's outputs [n, width] for ids and mask [n, length]."""
        with self._lock:
            return np.array(self._compiled([input_ids, attention_mask])[0], dtype=np.float32)


def _machine_precisions() -> list[str]:
    """Return the precisions worth trying on this CPU, fastest first."""
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["bfloat16", "float32"] if "BF16" in capabilities else ["float32"]


def _measured(folder: Path) -> dict[str, Outputs] | None:
    """Return a converted network's outputs for the probes, by precision; None unless every file is as written."""
    from safetensors.numpy import load_file

    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        if any(sha256_of(folder / name) != manifest["sha256"][name] for name in _FILES):
            return None
        return dict(load_file(folder / PROBES_FILE))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _convert(recipe: NetworkRecipe, folder: Path) -> dict[str, Outputs]:
    """Convert a network, measure its precisions, and move it into the cache in one step."""
    logger.info("Converting the network for OpenVINO, once; it is kept in %s.", folder.parent)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".converting-"))
    except OSError as error:
        raise BackendError(f"OpenVINO's cache cannot be written: {error}.  Set DISTILLERY_CACHE.") from error
    try:
        outputs = _converted(recipe, work)
        _install(work, folder)
    except BackendError:
        raise
    except Exception as error:  # the converter raises many kinds, none its own
        raise BackendError(f"OpenVINO could not convert the network: {type(error).__name__}: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return outputs


def _converted(recipe: NetworkRecipe, work: Path) -> dict[str, Outputs]:
    """Write the converted network, its outputs for the probes and a manifest into the folder ``work``."""
    import torch
    from safetensors.numpy import save_file

    network, batches = recipe.build(), recipe.probe()
    with torch.inference_mode():
        expected = [network(*(torch.from_numpy(array) for array in batch)).numpy() for batch in batches]
    _save_converted(network, batches[0], work / MODEL_FILE)
    outputs = {_REFERENCE: np.concatenate(expected)}
    for precision in _machine_precisions():
        backend = OpenVinoBackend(work / MODEL_FILE, precision)
        outputs[precision] = np.concatenate([backend.run(*batch) for batch in batches])
    _admitted(outputs, recipe)
    save_file(outputs, work / PROBES_FILE)
    manifest = {"sha256": {name: sha256_of(work / name) for name in _FILES}}
    (work / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return outputs


def _save_converted(network: EncoderNetwork, example: tuple[Ids, Ids], path: Path) -> None:
    import torch
    from transformers.utils import logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            # The tracer warns of branches on shapes; the probes in _admitted are the real check.
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


def _admitted(outputs: dict[str, Outputs], recipe: NetworkRecipe) -> str:
    """Return the fastest precision whose scores for the probes stay within the gate; raise BackendError."""
    expected = recipe.judge(outputs[_REFERENCE])
    for precision in _machine_precisions():
        distance = np.abs(recipe.judge(outputs[precision]) - expected)
        worst, mean = float(distance.max()), float(distance.mean())
        if worst <= MAX_DIFFERENCE and mean <= MEAN_DIFFERENCE:
            logger.debug("OpenVINO %s is off by %.4f at most, %.4f on average.", precision, worst, mean)
            return precision
        logger.warning("OpenVINO %s is off by %.3f (mean %.3f) from float32; not used.", precision, worst, mean)
    raise BackendError(f"OpenVINO's scores stay over {MAX_DIFFERENCE} away from torch's in every precision.")


def _install(work: Path, folder: Path) -> None:
    """Rename the finished folder into place; another process may have been first, which is as good."""
    if folder.exists() and _measured(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        work.rename(folder)
    except OSError:
        if _measured(folder) is None:
            raise
