"""The random generators that libraries share: seeding them, and their states as tensors and numbers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor

_TORCH = "random.torch"


def set_seed(seed: int) -> None:
    """Seed every generator that training draws from."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  peft and transformers draw from the global one
    torch.manual_seed(seed)


def random_tensors() -> dict[str, Tensor]:
    """Return the state of torch's generator."""
    return {_TORCH: torch.get_rng_state()}


def random_facts() -> dict[str, Any]:
    """Return the states of Python's and numpy's generators, for JSON."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002  see set_seed
    return {"python": random.getstate(), "numpy": [name, np.asarray(keys).tolist(), *rest]}


def restore_random(tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Put all generators back to states taken before."""
    torch.set_rng_state(tensors[_TORCH])
    version, keys, gauss = facts["python"]
    random.setstate((version, tuple(keys), gauss))
    np.random.set_state(tuple(facts["numpy"]))  # noqa: NPY002  see set_seed
