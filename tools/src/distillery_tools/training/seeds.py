"""Several seeds of one recipe: the best one, and whether their mean would be better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .history import Validation
from .tasks import Values

SEEDS_FILE = "seeds.json"


@dataclass(frozen=True)
class SeedReport:
    """Selection errors on the validation articles: of each seed's best epoch, and of the mean of their scores.

    ``spread`` is the standard deviation over the seeds. An ensemble costs as many networks as it has seeds, so
    it pays only if it beats the best one by more than that.
    """

    errors: dict[int, float]
    ensemble_error: float
    spread: float
    best_seed: int

    @property
    def pays(self) -> bool:
        """Whether the ensemble is better than the best seed by more than the seeds differ."""
        return self.errors[self.best_seed] - self.ensemble_error > self.spread

    def __str__(self) -> str:
        each = ", ".join(f"seed {seed}: {error:.4f}" for seed, error in self.errors.items())
        verdict = "pays" if self.pays else "does not pay"
        return (
            f"selection error by {each}; of all together: {self.ensemble_error:.4f}.  "
            f"An ensemble {verdict} (spread of the seeds: {self.spread:.4f}); seed {self.best_seed} is kept"
        )


def compare_seeds(predictions: dict[int, Values], validation: Validation) -> SeedReport:
    """Compare raw scores [n_articles, n_outputs] by seed."""
    errors = {seed: validation.selection_error(raw) for seed, raw in predictions.items()}
    return SeedReport(
        errors=errors,
        ensemble_error=validation.selection_error(np.mean(list(predictions.values()), axis=0)),
        spread=float(np.std(list(errors.values()), ddof=1)) if len(errors) > 1 else 0.0,
        best_seed=min(errors, key=lambda seed: errors[seed]),
    )
