"""Optimisation: the steps of AdamW, their learning rate and the averaged weights, with all of their state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from distillery import ModelError

from .averaging import MovingAverage
from .recipe import TrainingRecipe

_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


class Optimisation:
    """Changes named parameters step by step; ``n_done`` counts the steps."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], recipe: TrainingRecipe, n_steps: int) -> None:
        """Begin before the first of ``n_steps`` steps."""
        self._parameters = dict(parameters)
        self._recipe = recipe
        self.n_steps = n_steps
        self.n_done = 0
        self._optimizer = torch.optim.AdamW(
            self._parameters.values(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self._average = MovingAverage(list(self._parameters.values()), recipe.moving_average)

    def step(self, loss: Tensor) -> float:
        """Take one optimisation step; return the loss, or raise ModelError if it is not finite."""
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters.values(), self._recipe.grad_clip)
        self._optimizer.param_groups[0]["lr"] = self._recipe.learning_rate * self._rate()
        self._optimizer.step()
        self.n_done += 1
        self._average.update(self.n_done)
        value = loss.item()
        if not abs(value) < float("inf"):
            raise ModelError(
                f"The loss is {value} after step {self.n_done}: training diverged.\n"
                f"  Train with a smaller learning rate than {self._recipe.learning_rate:g}."
            )
        return value

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the parameters their averaged values for a while."""
        with self._average.applied():
            yield

    def tensors(self) -> dict[str, Tensor]:
        """Return all state but ``n_done``: parameters, averages and the optimizer's moments, by name."""
        state = {f"parameter.{name}": parameter.detach() for name, parameter in self._parameters.items()}
        state |= {f"average.{name}": value for name, value in zip(self._parameters, self._average.values, strict=True)}
        for name, parameter in self._parameters.items():
            moments = self._optimizer.state.get(parameter, {})
            state |= {f"{moment}.{name}": moments[moment] for moment in moments}
        return state

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor], n_done: int) -> None:
        """Go back to a state that `tensors` returned after so many steps."""
        self.n_done = n_done
        for (name, parameter), average in zip(self._parameters.items(), self._average.values, strict=True):
            parameter.copy_(tensors[f"parameter.{name}"])
            average.copy_(tensors[f"average.{name}"])
            if n_done:
                self._optimizer.state[parameter] = {kind: tensors[f"{kind}.{name}"].clone() for kind in _MOMENTS}

    def _rate(self) -> float:
        """Return the share of the peak learning rate: up over the warm-up, then down to 0."""
        warmup = max(1, round(self._recipe.warmup_share * self.n_steps))
        return min(1.0, (self.n_done + 1) / warmup) * max(0.0, 1 - self.n_done / self.n_steps)
