"""Precisions: a reduced one is accepted where its scores stay close to float32, and what was measured is kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ...cache import MANIFEST_FILE, building, mark_used, remove_folder
from ...errors import BackendError
from ..base_models import sha256_of
from .contract import AUTO, NetworkRecipe, Outputs

# A reduced precision is accepted within these distances of float32, on the 0-10 scale
# (docs/decisions/precision-gate.md; `distillery bench` measures them on real articles).
MAX_DIFFERENCE = 0.1
MEAN_DIFFERENCE = 0.02

CHECK_OUTPUTS_FILE = "probes.safetensors"
REFERENCE = "torch"

_CPU_INFO = Path("/proc/cpuinfo")
# How Linux calls the matrix units for bfloat16 of x86 and ARM; without one, bfloat16 is slower than float32.
_BFLOAT16_UNITS = {"avx512_bf16", "amx_bf16", "bf16"}

logger = logging.getLogger(__name__)


def cpu_has_bfloat16() -> bool:
    """Return whether this CPU computes faster in bfloat16 than in float32; on Linux only, elsewhere False."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return False
    words = (set(line.split()) for line in lines if line.lower().startswith(("flags", "features")))
    return bool(next(words, set()) & _BFLOAT16_UNITS)


def candidate_precisions(choice: str, available: Sequence[str], owner: str) -> list[str]:
    """Return the precisions to try, fastest first: the one chosen, or all; raise BackendError if it is not there."""
    if choice == AUTO:
        return list(available)
    if choice not in available:
        raise BackendError(f"{owner} has no precision '{choice}' here. There are: {', '.join((AUTO, *available))}")
    return [choice]


def choose_precision(
    outputs: Mapping[str, Outputs], recipe: NetworkRecipe, precisions: Sequence[str], owner: str
) -> str:
    """Return the first precision whose scores stay within the gate; raise BackendError if none does.

    ``outputs`` holds what each precision gave for the recipe's check inputs, and the reference.
    """
    expected = recipe.to_scores(outputs[REFERENCE])
    for precision in precisions:
        distance = np.abs(recipe.to_scores(outputs[precision]) - expected)
        worst, mean = float(distance.max()), float(distance.mean())
        if worst <= MAX_DIFFERENCE and mean <= MEAN_DIFFERENCE:
            logger.debug("%s %s is off by %.4f at most, %.4f on average.", owner, precision, worst, mean)
            return precision
        logger.warning("%s %s is off by %.3f (mean %.3f) from float32; not used.", owner, precision, worst, mean)
    raise BackendError(
        f"{owner}'s scores stay over {MAX_DIFFERENCE} away from torch's float32 in {' and '.join(precisions)}."
    )


def load_cached(folder: Path, files: Sequence[str]) -> dict[str, Outputs] | None:
    """Return the cached outputs for the check inputs, by precision; None unless every file is as written."""
    from safetensors.numpy import load_file

    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        if any(sha256_of(folder / name) != manifest["sha256"][name] for name in (*files, CHECK_OUTPUTS_FILE)):
            return None
        outputs = dict(load_file(folder / CHECK_OUTPUTS_FILE))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    mark_used(folder)
    return outputs


def measure_and_cache(
    folder: Path, files: Sequence[str], measure: Callable[[Path], dict[str, Outputs]], made_with: Mapping[str, str]
) -> dict[str, Outputs]:
    """Measure in a working folder, and move it into its place in one step; return the outputs for the check inputs.

    ``measure`` writes ``files`` into the working folder; ``made_with`` names the versions that the entry is good for.
    Raises CacheError if the cache cannot be written.
    """
    from safetensors.numpy import save_file

    with building(folder) as work:
        outputs = measure(work)
        save_file(outputs, work / CHECK_OUTPUTS_FILE)
        hashes = {name: sha256_of(work / name) for name in (*files, CHECK_OUTPUTS_FILE)}
        manifest = {"sha256": hashes, "made_with": dict(made_with)}
        (work / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        if folder.exists() and load_cached(folder, files) is None:
            remove_folder(folder)  # damaged
    return outputs
