"""Batches of articles of like length, bounded by tokens instead of by number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Tokens in a batch, padding counted. Larger ones leave the CPU's caches; the sweep from 512 to 4096
# in benchmarks/throughput.py is flat within a few per cent around this value.
TOKEN_BUDGET = 2048


def batches_by_length(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> list[list[int]]:
    """Return the indices in batches, longest first; rows times longest stays within the budget.

    An article longer than the budget gets a batch of its own.
    """
    batches: list[list[int]] = []
    width = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and (len(batches[-1]) + 1) * width <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
            width = lengths[index]
    return batches


def padded(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return token ids and attention mask [n_rows, longest], zeros to the right of each row."""
    shape = (len(rows), max(len(row) for row in rows))
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask
