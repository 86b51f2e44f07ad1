"""MovingAverage: weights averaged over the last steps generalise better than the last weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


class MovingAverage:
    """An exponential moving average of parameters, over few steps at first.

    The decay at step t is min(decay, (1 + t) / (10 + t)), as in TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, parameters: Sequence[Tensor], decay: float) -> None:
        """Start at the present parameters; a decay of 0 turns averaging off."""
        self._parameters = list(parameters)
        self._decay = decay
        self.values = [parameter.detach().clone() for parameter in parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Add the parameters after a step, counted from 1, to the average."""
        if self._decay:
            decay = min(self._decay, (1 + step) / (10 + step))
            torch._foreach_lerp_(self.values, self._parameters, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Replace the parameters by the average inside the context."""
        if not self._decay:
            yield
            return
        current = [parameter.detach().clone() for parameter in self._parameters]
        self._write(self.values)
        try:
            yield
        finally:
            self._write(current)

    @torch.no_grad()
    def _write(self, values: list[Tensor]) -> None:
        torch._foreach_copy_(self._parameters, values)
