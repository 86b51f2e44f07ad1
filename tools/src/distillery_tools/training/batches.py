"""Training batches: random, but of similar length, so that there is little padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Batches are cut from random pools of this many batches, sorted by length within a pool.
POOL_BATCHES = 20


def grouped_batches(lengths: Sequence[int], batch_size: int, generator: np.random.Generator) -> list[list[int]]:
    """Return all indices in batches of similar length, the batches in random order."""
    order = generator.permutation(len(lengths))
    pool = batch_size * POOL_BATCHES
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        members = sorted(order[start : start + pool].tolist(), key=lambda index: lengths[index])
        batches += [members[i : i + batch_size] for i in range(0, len(members), batch_size)]
    return [batches[index] for index in generator.permutation(len(batches))]
