"""Choosing a map for one dimension by repeated cross-validation.

Why: docs/decisions/calibration.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from ..measuring.metrics import mean_absolute_error, spearman
from .maps import CANDIDATES, FLOOR, NONE, Fit, Values

N_FOLDS = 5
N_REPEATS = 5
# So many articles are divided once: another division changes little, and the fits take minutes.
DIVIDED_ONCE = 4000

# With fewer articles a fold is too small to show that a map helps.
MIN_SAMPLE = 50

# A map must lower the held-out error by this share: less is noise in 500 articles.
MIN_GAIN = 0.01

# It must not lower the held-out rank correlation by more than this.
MAX_RANK_LOSS = 0.002


class Fold(NamedTuple):
    """One fold of one repeat: the articles that a map is fitted on, and those left out."""

    repeat: int
    fitted: NDArray[np.intp]
    left: NDArray[np.intp]


def folds(size: int, seed: int = 0) -> list[Fold]:
    """Return the folds of all repeats; with fewer articles than folds, a map is fitted on all of them."""
    if size < N_FOLDS:
        return [Fold(repeat, np.arange(size), np.arange(size)) for repeat in range(n_repeats(size))]
    return [
        Fold(repeat, fitted, left)
        for repeat in range(n_repeats(size))
        for fitted, left in KFold(N_FOLDS, shuffle=True, random_state=seed + repeat).split(np.empty(size))
    ]


def n_repeats(size: int) -> int:
    """Return how often articles are divided into folds."""
    return N_REPEATS if size < DIVIDED_ONCE else 1


@dataclass(frozen=True)
class Effect:
    """Mean absolute error and rank correlation (None where it is undefined)."""

    mae: float
    spearman: float | None

    @classmethod
    def of(cls, predicted: Values, scores: Values) -> Effect:
        """Measure predictions [n] against the oracle's scores [n]."""
        return cls(float(mean_absolute_error(predicted, scores)), _mean([spearman(predicted, scores)]))

    @classmethod
    def of_held_out(cls, predicted: Values, scores: Values) -> Effect:
        """Measure held-out predictions [n_repeats, n] against the oracle's scores [n].

        Articles are ranked within their fold, by one map: maps of different folds are never used together.
        """
        ranks = [spearman(predicted[fold.repeat, fold.left], scores[fold.left]) for fold in folds(predicted.shape[-1])]
        return cls(float(mean_absolute_error(predicted, scores).mean()), _mean(ranks))

    def keeps_ranks_of(self, other: Effect) -> bool:
        """Return whether the rank correlation is not lower by more than noise."""
        if self.spearman is None or other.spearman is None:
            return other.spearman is None
        return self.spearman >= other.spearman - MAX_RANK_LOSS


@dataclass(frozen=True)
class Choice:
    """One dimension's candidates, each with its scores [n_repeats, n] on held-out articles, and the best."""

    chosen: str
    held_out: Mapping[str, Values]
    effects: Mapping[str, Effect]

    def gain(self, candidate: str) -> float:
        """Return the share of the error that a candidate removes."""
        return 1 - self.effects[candidate].mae / self.effects[NONE].mae

    def helps(self, candidate: str) -> bool:
        """Return whether a candidate lowers the error by more than noise and keeps the ranks."""
        return _helps(self.effects, candidate)


def choose_map(raw: Values, scores: Values) -> Choice:
    """Choose the simplest candidate within one standard error of the best, for outputs [n] and scores [n].

    The floor is tried as well, but never chosen here: `choose_together` falls back on it.
    """
    candidates = CANDIDATES if len(raw) >= MIN_SAMPLE else {NONE: CANDIDATES[NONE]}
    held_out = {name: held_out_scores(fit, raw, scores) for name, fit in candidates.items()}
    effects = {name: Effect.of_held_out(predicted, scores) for name, predicted in held_out.items()}
    eligible = {name: effect for name, effect in effects.items() if name != FLOOR}
    return Choice(_simplest(held_out, eligible, scores), held_out, effects)


def held_out_scores(fit: Fit, raw: Values, scores: Values) -> Values:
    """Return each article's score by a map fitted without it, once for each repeat [n_repeats, n]."""
    predicted = np.empty((n_repeats(len(raw)), len(raw)))
    for repeat, fitted, left in folds(len(raw)):
        predicted[repeat, left] = fit(raw[fitted], scores[fitted]).apply(raw[left])
    return predicted


def _simplest(held_out: Mapping[str, Values], effects: Mapping[str, Effect], scores: Values) -> str:
    """Return the first helpful candidate whose error exceeds the best one's by at most one standard error."""
    helping = [name for name in effects if _helps(effects, name)]
    if not helping:
        return NONE
    best = min(helping, key=lambda name: effects[name].mae)
    return next(name for name in (NONE, *helping) if _is_as_good(held_out[name], held_out[best], scores))


def _helps(effects: Mapping[str, Effect], name: str) -> bool:
    effect, plain = effects[name], effects[NONE]
    return effect.mae < plain.mae * (1 - MIN_GAIN) and effect.keeps_ranks_of(plain)


def _is_as_good(predicted: Values, best: Values, scores: Values) -> bool:
    """Compare article by article: the errors correlate, so their difference is more precise than either."""
    excess = (np.abs(predicted - scores) - np.abs(best - scores)).mean(axis=0)
    return bool(excess.mean() <= excess.std(ddof=1) / np.sqrt(len(excess)))


def _mean(figures: Sequence[Values]) -> float | None:
    """Return the mean of the defined figures, None without any."""
    defined = [float(figure) for figure in figures if np.isfinite(figure)]
    return sum(defined) / len(defined) if defined else None
