"""What the tests of a scorer share: articles, and a backend of known arithmetic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distillery.students.backends.contract import Ids
from distillery.students.batching import Batching

GOOD = {"title": "A village clinic", "content": "People found a new clinic open after a year."}
BLOCKED = {"title": "Report", "content": "The share price of a bank after half a year."}
UNREADABLE = {"title": "No content"}


class CountingBackend:
    """A backend of known arithmetic: each dimension is the number of tokens plus its index."""

    name = "counting"
    batching = Batching()
    n_runs = 0

    def run(self, input_ids: Ids, attention_mask: Ids) -> NDArray[np.float32]:
        """Return the outputs [n, 3]."""
        assert input_ids.shape == attention_mask.shape
        self.n_runs += 1
        return (attention_mask.sum(axis=1, keepdims=True) / 4 + np.arange(3)).astype(np.float32)
