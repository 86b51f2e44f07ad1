"""TrainingRecipe: every choice of a training run in one place, with its default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from distillery.toolkit import TrainingConfig

MSE, SMOOTH_L1 = "mse", "smooth_l1"
NATURAL, BALANCED = "natural", "balanced"
FIRST, MEAN = "first", "mean"


def _choice(
    default: Any,
    meaning: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    among: Sequence[str] = (),
    kind: type | None = None,
) -> Any:
    """Return a field with its help text and bounds on the command line; ``kind`` is the type if the default is None."""
    bounds = {"above": above, "at_least": at_least, "below": below}
    return field(default=default, metadata={"meaning": meaning, "among": among, "kind": kind, **bounds})


@dataclass(frozen=True)
class TrainingRecipe:
    """How a network is trained; the released networks use the defaults.

    Standard deviations (sd) are those of a dimension, or of a weighted average, over the training articles.
    """

    loss: str = _choice(MSE, "Loss between prediction and label.", among=(MSE, SMOOTH_L1))
    huber_beta: float = _choice(0.3, "Difference in sd from which smooth_l1 is linear.", above=0)
    average_weight: float = _choice(0.5, "Weight of the same loss on each filter's weighted average.", at_least=0)
    least_scale: float = _choice(
        1.0,
        "Least sd to divide scores by: keeps the few positives of rare subjects from drowning the rest.",
        at_least=0,
    )
    ranking_weight: float = _choice(0.0, "Weight of the pairwise ranking loss on weighted averages.", at_least=0)
    readings: str = _choice(
        FIRST, "Label of a training article read more than once: its first reading, or the mean.", among=(FIRST, MEAN)
    )
    sampling: str = _choice(
        BALANCED,
        "Training articles of an epoch: each once, or positives more often.",
        among=(NATURAL, BALANCED),
    )
    balance: float = _choice(1.0, "Balanced sampling: a positive is 1 + this times as likely.", at_least=0)
    moving_average: float = _choice(
        0.0, "Decay per step of the moving average of the weights, such as 0.995; 0: off.", at_least=0, below=1
    )
    epochs: int = _choice(5, "Passes over the training articles; validation picks the best.", at_least=1)
    patience: int = _choice(0, "Stop after this many epochs without improvement; 0: never.", at_least=0)
    learning_rate: float = _choice(5e-4, "Peak learning rate; falls linearly to 0.", above=0)
    warmup_share: float = _choice(0.06, "Share of the steps in which the learning rate rises.", at_least=0, below=1)
    weight_decay: float = _choice(0.01, "Weight decay per step, times the learning rate.", at_least=0)
    grad_clip: float = _choice(1.0, "Maximum norm of the gradient.", above=0)
    batch_size: int = _choice(16, "Articles per step.", at_least=1)
    rank: int = _choice(32, "Rank of the LoRA updates; their alpha is twice that.", at_least=1)
    lowest_layer: int = _choice(0, "Adapt the base's layers from this one on, counted from 0.", at_least=0)
    head_tokens: int | None = _choice(
        None, "First tokens read of a long text; default: as configured.", at_least=1, kind=int
    )
    tail_tokens: int | None = _choice(
        None, "Last tokens read of a long text; default: as configured.", at_least=0, kind=int
    )
    snippet_characters: int | None = _choice(
        None,
        "Also train on each article cut to its first characters; 0: off; default: as configured.",
        at_least=0,
        kind=int,
    )
    seed: int = _choice(0, "Seed of the initial weights and the order of the articles.", at_least=0)

    def completed(self, configured: TrainingConfig) -> TrainingRecipe:
        """Return the recipe with open choices taken from a filter's config."""
        if self.snippet_characters is not None:
            return self
        return replace(self, snippet_characters=configured.snippet_characters)

    @property
    def changes_context(self) -> bool:
        """Whether the network reads another part of a text than configured."""
        return self.head_tokens is not None or self.tail_tokens is not None
