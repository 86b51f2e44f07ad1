"""Which training articles an epoch uses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .recipe import BALANCED, TrainingRecipe
from .tasks import Task, Values

# A rare positive is not drawn more often than this in one epoch.
MAX_REPEATS = 3


def chances(tasks: Sequence[Task], scores: Values, recipe: TrainingRecipe) -> Values | None:
    """Return each article's probability to be drawn [n_articles], or None if each is used once."""
    if recipe.sampling != BALANCED:
        return None
    positive = np.any([task.positive(scores) for task in tasks], axis=0)
    weights = 1 + recipe.balance * positive
    return np.asarray(weights / weights.sum())


def drawn(n_articles: int, chances: Values | None, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return as many indices as there are articles: each once, or by chance up to ``MAX_REPEATS`` times."""
    if chances is None:
        return np.arange(n_articles)
    copies = np.tile(np.arange(n_articles), MAX_REPEATS)
    return generator.choice(copies, n_articles, replace=False, p=np.tile(chances / MAX_REPEATS, MAX_REPEATS))
