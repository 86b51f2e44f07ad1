"""TrainingRecipe: every choice of a training run in one place, with its default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingRecipe:
    """How a student is trained; the defaults are those of the released students.

    ``rank``: rank of the LoRA updates; their scaling is alpha / rank with alpha = 2 * rank.
    ``learning_rate``: the peak, reached after ``warmup_share`` of all steps, then linear to 0.
    ``epochs``: passes over the training articles; the best one by validation is kept.
    ``batch_size``: articles a step. ``grad_clip``: largest norm of the gradient.
    ``seed``: of the head's initial weights, the LoRA matrices and the order of the articles.
    """

    rank: int = 16
    learning_rate: float = 5e-4
    epochs: int = 6
    batch_size: int = 16
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    grad_clip: float = 1.0
    seed: int = 0
