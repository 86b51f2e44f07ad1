"""Choosing a map for one dimension by repeated cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import KFold

from ..evaluation.metrics import mean_absolute_error, spearman
from .maps import CANDIDATES, NONE, Fit, Values

N_FOLDS = 5
N_REPEATS = 5

# With fewer articles a fold is too small to show that a map helps.
SMALLEST_SAMPLE = 50

# A map must lower the held-out error by this share: less is noise in 500 articles.
SMALLEST_GAIN = 0.01

# It must not lower the held-out rank correlation by more than this.
LARGEST_RANK_LOSS = 0.002


@dataclass(frozen=True)
class Effect:
    """Mean absolute error and rank correlation (None where it is not defined)."""

    mae: float
    spearman: float | None

    @classmethod
    def of(cls, predicted: Values, scores: Values) -> Effect:
        """Measure predictions [n] against the oracle's scores [n]."""
        rank = float(spearman(predicted, scores))
        return cls(float(mean_absolute_error(predicted, scores)), rank if np.isfinite(rank) else None)

    def keeps_ranks_of(self, other: Effect) -> bool:
        """Say whether the rank correlation is not lower by more than noise."""
        if self.spearman is None or other.spearman is None:
            return other.spearman is None
        return self.spearman >= other.spearman - LARGEST_RANK_LOSS


@dataclass(frozen=True)
class Choice:
    """One dimension's candidates, each with its scores [n] from maps fitted on other articles, and the best."""

    chosen: str
    held_out: Mapping[str, Values]
    effects: Mapping[str, Effect]

    @property
    def gain(self) -> float:
        """The share of the error that the chosen candidate takes away."""
        return 1 - self.effects[self.chosen].mae / self.effects[NONE].mae


def choose_map(raw: Values, scores: Values, seed: int = 0) -> Choice:
    """Choose the simplest candidate within one standard error of the best, for outputs [n] and scores [n]."""
    candidates = CANDIDATES if len(raw) >= SMALLEST_SAMPLE else {NONE: CANDIDATES[NONE]}
    held_out = {name: held_out_scores(fit, raw, scores, seed) for name, fit in candidates.items()}
    effects = {name: Effect.of(predicted, scores) for name, predicted in held_out.items()}
    return Choice(_simplest(held_out, effects, scores), held_out, effects)


def held_out_scores(fit: Fit, raw: Values, scores: Values, seed: int = 0) -> Values:
    """Return each article's score [n] by maps fitted without it, averaged over the repeats.

    With fewer articles than folds the map is fitted on all of them.
    """
    if len(raw) < N_FOLDS:
        return fit(raw, scores).apply(raw)
    total = np.zeros(len(raw))
    for repeat in range(N_REPEATS):
        for fitted, left in KFold(N_FOLDS, shuffle=True, random_state=seed + repeat).split(raw):
            total[left] += fit(raw[fitted], scores[fitted]).apply(raw[left])
    return total / N_REPEATS


def _simplest(held_out: Mapping[str, Values], effects: Mapping[str, Effect], scores: Values) -> str:
    """Return the first candidate that helps and whose error exceeds the best one's by at most its standard error."""
    plain = effects[NONE]
    helping = [
        name
        for name, effect in effects.items()
        if effect.mae < plain.mae * (1 - SMALLEST_GAIN) and effect.keeps_ranks_of(plain)
    ]
    if not helping:
        return NONE
    best = min(helping, key=lambda name: effects[name].mae)
    return next(name for name in (NONE, *helping) if _is_as_good(held_out[name], held_out[best], scores))


def _is_as_good(predicted: Values, best: Values, scores: Values) -> bool:
    """Compare article by article: the two errors go together, so their difference is known better than either."""
    excess = np.abs(predicted - scores) - np.abs(best - scores)
    return bool(excess.mean() <= excess.std(ddof=1) / np.sqrt(len(excess)))
