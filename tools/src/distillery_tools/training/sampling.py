"""Which training articles an epoch has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .recipe import BALANCED, TrainingRecipe
from .tasks import Task, Values

# From this weighted average on an article is a positive, and positives are rare.
MEDIUM = 4.0
# However few the positives, none is seen more often in one epoch.
MAX_REPEATS = 3


def chances(tasks: Sequence[Task], scores: Values, recipe: TrainingRecipe) -> Values | None:
    """Return each article's chance to be drawn [n_articles], or None if all are taken once."""
    if recipe.sampling != BALANCED:
        return None
    positive = np.any([scores[:, task.columns] @ task.weights >= MEDIUM for task in tasks], axis=0)
    weights = 1 + recipe.balance * positive
    return np.asarray(weights / weights.sum())


def drawn(n_articles: int, chances: Values | None, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return as many indices as there are articles: each once, or by chance up to ``MAX_REPEATS`` times."""
    if chances is None:
        return np.arange(n_articles)
    copies = np.tile(np.arange(n_articles), MAX_REPEATS)
    return generator.choice(copies, n_articles, replace=False, p=np.tile(chances / MAX_REPEATS, MAX_REPEATS))
