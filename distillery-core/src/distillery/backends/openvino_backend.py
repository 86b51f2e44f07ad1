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
from numpy.typing import NDArray

from ..base_models import sha256_of
from ..errors import BackendError
from . import OPENVINO, Ids, NetworkRecipe

if TYPE_CHECKING:
    from ..network import StudentNetwork

# A reduced precision is admitted within these distances of float32, on the 0-10 scale
# (design.md, section 5; benchmarks/throughput.py measures them on real articles).
MAX_DIFFERENCE = 0.1
MEAN_DIFFERENCE = 0.02

MODEL_FILE, WEIGHTS_FILE, MANIFEST_FILE = "model.xml", "model.bin", "manifest.json"
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
    def from_recipe(cls, recipe: NetworkRecipe, cache: Path) -> OpenVinoBackend:
        """Return the backend for a network, converting it unless the cache has it whole."""
        key = hashlib.sha256(f"{recipe.identity} {openvino.__version__} {_machine_precisions()}".encode()).hexdigest()
        folder = cache / OPENVINO / key[:16]
        manifest = _manifest(folder) or _convert(recipe, folder)
        return cls(folder / MODEL_FILE, manifest["precision"])

    def run(self, input_ids: Ids, attention_mask: Ids) -> NDArray[np.float32]:
        """Return raw scores [n, n_dimensions] for ids and mask [n, length]."""
        with self._lock:
            return np.array(self._compiled([input_ids, attention_mask])[0], dtype=np.float32)


def _machine_precisions() -> list[str]:
    """Return the precisions worth trying on this CPU, fastest first."""
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["bfloat16", "float32"] if "BF16" in capabilities else ["float32"]


def _manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a converted network, or None unless every file is as it was written."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        intact = all(sha256_of(folder / name) == manifest["sha256"][name] for name in (MODEL_FILE, WEIGHTS_FILE))
        return manifest if intact and manifest["precision"] in _HINTS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _convert(recipe: NetworkRecipe, folder: Path) -> dict[str, Any]:
    """Convert a network, choose its precision, and move it into the cache in one step."""
    logger.info("Converting the student for OpenVINO, once; it is kept in %s.", folder.parent)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".converting-"))
    except OSError as error:
        raise BackendError(f"OpenVINO's cache cannot be written: {error}.  Set DISTILLERY_CACHE.") from error
    try:
        manifest = _converted(recipe, work)
        _install(work, folder)
    except BackendError:
        raise
    except Exception as error:  # the converter raises many kinds, none its own
        raise BackendError(f"OpenVINO could not convert the student: {type(error).__name__}: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


def _converted(recipe: NetworkRecipe, work: Path) -> dict[str, Any]:
    """Write the converted network and its manifest into the folder ``work``; return the manifest."""
    import torch

    network, batches = recipe.build(), recipe.probe()
    with torch.inference_mode():
        expected = [network(*(torch.from_numpy(array) for array in batch)).numpy() for batch in batches]
    _save_converted(network, batches[0], work / MODEL_FILE)
    manifest = _chosen_precision(work / MODEL_FILE, batches, expected)
    manifest["sha256"] = {name: sha256_of(work / name) for name in (MODEL_FILE, WEIGHTS_FILE)}
    (work / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return manifest


def _save_converted(network: StudentNetwork, example: tuple[Ids, Ids], path: Path) -> None:
    import torch
    from transformers.utils import logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            # The tracer warns of branches on shapes; the probe in _chosen_precision is the real check.
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


def _chosen_precision(
    path: Path, batches: list[tuple[Ids, Ids]], expected: list[NDArray[np.float32]]
) -> dict[str, Any]:
    """Return the fastest precision that stays within the gate, with its measured distance."""
    for precision in _machine_precisions():
        backend = OpenVinoBackend(path, precision)
        found = [backend.run(*batch) for batch in batches]
        distance = np.abs(np.concatenate(found) - np.concatenate(expected))
        worst, mean = float(distance.max()), float(distance.mean())
        if worst <= MAX_DIFFERENCE and mean <= MEAN_DIFFERENCE:
            return {"precision": precision, "max_difference": worst, "mean_difference": mean}
        logger.warning("OpenVINO %s is off by %.3f (mean %.3f) from float32; not used.", precision, worst, mean)
    raise BackendError(f"OpenVINO's scores stay over {MAX_DIFFERENCE} away from torch's in every precision.")


def _install(work: Path, folder: Path) -> None:
    """Rename the finished folder into place; another process may have been first, which is as good."""
    if folder.exists() and _manifest(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        work.rename(folder)
    except OSError:
        if _manifest(folder) is None:
            raise
