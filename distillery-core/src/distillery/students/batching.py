"""Batches of articles of like length, bounded by tokens instead of by number.

Why: docs/decisions/no-padding.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Tokens in a batch, padding counted. On a CPU larger ones leave the caches: from 512 to 4096 the time is
# flat within a few per cent.
TOKEN_BUDGET = 2048


@dataclass(frozen=True, slots=True)
class Batching:
    """How a backend is best given rows: tokens in a batch, padding counted, and batches at a time.

    Where a precision is coarse, other rows would change a row's sums and with them its score: its budget is 1 token.
    """

    token_budget: int = TOKEN_BUDGET
    n_at_once: int = 1

    def batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """Return the indices of rows of these lengths in batches, longest first."""
        return batches_by_length(lengths, self.token_budget)


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
