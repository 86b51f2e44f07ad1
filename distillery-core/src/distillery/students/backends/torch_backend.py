"""The torch backend: anywhere torch runs, in float32 or a reduced precision that stays close to it."""

from __future__ import annotations

import hashlib
import logging
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ...errors import BackendError, CacheError, ForkedProcessError
from ...plugins.manager import core_version
from ..batching import Batching
from .contract import AUTO, BFLOAT16, FLOAT16, FLOAT32, TORCH, Backend, Ids, NetworkRecipe, Outputs, get_or_create
from .forks import check_not_forked, computing, forked_since_use, note_use
from .precision import (
    REFERENCE,
    candidate_precisions,
    choose_precision,
    cpu_has_bfloat16,
    load_cached,
    measure_and_cache,
)

if TYPE_CHECKING:
    from ..network import EncoderNetwork

# Tokens in a batch on a GPU, enough to keep a large card busy. Chosen by arithmetic: never measured on one.
GPU_TOKEN_BUDGET = 65_536

# Articles read at a time by themselves: a single one leaves cores idle.
AT_ONCE = 2

_TITLE = "torch"
_DTYPES = {BFLOAT16: torch.bfloat16, FLOAT16: torch.float16}
logger = logging.getLogger(__name__)


class TorchBackend:
    """Runs a network on a device, its products in the precision given."""

    def __init__(self, network: EncoderNetwork, device: str | None = None, precision: str = FLOAT32) -> None:
        """Move the network to ``device``; by default to a GPU if there is one."""
        prepare_torch()
        self._device = _usable(device)
        self._network = network.to(self._device)
        self._precision = precision
        self.batching = _batching(self._device, precision)
        self.name = f"{TORCH}-{precision}"

    @classmethod
    def from_recipe(
        cls,
        recipe: NetworkRecipe,
        cache: Path,
        device: str | None = None,
        precision: str = AUTO,
        threads: int | None = None,
    ) -> Backend:
        """Return the backend for a network, in the fastest precision that stays close enough to float32.

        What was measured is kept in the cache; where that cannot be written, float32 runs. ``threads`` becomes
        torch's setting of the whole process.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        prepare_torch()
        place = _usable(device)
        precisions = candidate_precisions(precision, _machine_precisions(place), f"{_TITLE} on {place}")
        chosen = FLOAT32
        if precisions != [FLOAT32]:
            try:
                chosen = choose_precision(_measured(recipe, cache, place), recipe, precisions, _TITLE)
            except ForkedProcessError:
                raise
            except (BackendError, CacheError) as error:
                if precision != AUTO:
                    raise
                logger.warning("%s  Using float32 instead.", error)
        key = (TORCH, recipe.identity, place, chosen)
        return get_or_create(recipe, key, lambda: cls(recipe.build(), place, chosen))

    def run(self, input_ids: Ids, attention_mask: Ids) -> Outputs:
        """Return the network's outputs [n, width] for ids and mask [n, length]."""
        if self._device != "cpu":
            check_not_forked(TORCH, f"torch on {self._device}")
        prepare_torch()
        with computing(), torch.inference_mode(), self._reduced():
            ids, mask = (torch.from_numpy(array).to(self._device) for array in (input_ids, attention_mask))
            outputs: Outputs = self._network(ids, mask).float().cpu().numpy()
        return outputs

    def _reduced(self) -> AbstractContextManager[Any]:
        """Let products run in the reduced precision, and norms and sums in float32: as fast, and closer."""
        if self._precision == FLOAT32:
            return nullcontext()
        return torch.autocast(torch.device(self._device).type, _DTYPES[self._precision])


def prepare_torch() -> None:
    """Note that torch computes here; where it did so before a fork, let it use one thread, as the others are gone."""
    note_use(TORCH)
    if forked_since_use(TORCH) and torch.get_num_threads() > 1:
        logger.warning("This process is a fork of one in which torch computed: torch uses one thread here.")
        torch.set_num_threads(1)


def _usable(device: str | None) -> str:
    """Return the device, by default a GPU if there is one; raise BackendError if torch cannot use it."""
    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if chosen != "cpu":
        check_not_forked(TORCH, f"torch on {chosen}")
    try:
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise BackendError(f"torch cannot use the device '{chosen}': {error}") from error
    return chosen


def _batching(device: str, precision: str) -> Batching:
    if device.startswith("cuda"):
        return Batching(GPU_TOKEN_BUDGET)
    return Batching() if precision == FLOAT32 else Batching(token_budget=1, n_at_once=AT_ONCE)


def _machine_precisions(device: str) -> list[str]:
    """Return the precisions worth trying on a device, fastest first."""
    if device.startswith("cuda"):
        return [FLOAT16, BFLOAT16, FLOAT32]
    return [BFLOAT16, FLOAT32] if device == "cpu" and cpu_has_bfloat16() else [FLOAT32]


def _measured(recipe: NetworkRecipe, cache: Path, device: str) -> dict[str, Outputs]:
    """Return the network's outputs for the check inputs by precision, from the cache if it has them."""
    precisions = _machine_precisions(device)
    title = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    key = hashlib.sha256(f"{recipe.identity} {torch.__version__} {title} {precisions}".encode()).hexdigest()
    folder = cache / TORCH / key[:16]
    try:
        made_with = {"distillery-core": core_version(), "torch": version("torch")}
        return load_cached(folder, ()) or measure_and_cache(
            folder, (), lambda _: _run_checks(recipe, device, precisions), made_with
        )
    except (BackendError, CacheError):
        raise
    except Exception as error:  # a device or a network that is not up to it
        raise BackendError(f"torch could not be measured on {device}: {type(error).__name__}: {error}") from error


def _run_checks(recipe: NetworkRecipe, device: str, precisions: list[str]) -> dict[str, Outputs]:
    logger.info("Measuring the precisions of torch on %s, once.", device)
    network, batches = recipe.build(), recipe.check_inputs()

    def outputs(precision: str) -> Outputs:
        backend = TorchBackend(network, device, precision)
        return np.concatenate([backend.run(*batch) for batch in batches])

    found = {precision: outputs(precision) for precision in precisions}
    return {**found, REFERENCE: found[FLOAT32]}
