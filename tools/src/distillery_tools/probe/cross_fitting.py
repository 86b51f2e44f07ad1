"""Cross-fitting: a probe from all labelled articles, and estimates of each by parts that have not seen it.

The parts are ridge regressions on four of five folds, repeated; the probe is their mean, again a linear map. An
article's held-out estimate is the mean of the parts that left it out. So a threshold is chosen on estimates of the
probe's own parts, none of which has seen the article; the whole probe averages more parts and is less noisy. This is
cross-conformal prediction (Vovk 2015; Barber et al. 2021, "Predictive inference with the jackknife+"): its estimates
are not independent as those of a held-out split would be, so the guarantee of the threshold is exact for a split and
approximate here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from distillery import ProbeError

from ..vectors import Vectors

N_FOLDS = 5
N_REPEATS = 4
# Candidate strengths of the ridge penalty; leave-one-out error on a part's own articles decides.
ALPHAS = np.logspace(1, 5, 17)

Scores = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class CrossFitted:
    """Weight [n_dimensions, width] and bias [n_dimensions], held-out estimates [n, n_dimensions], and strengths."""

    weight: Scores
    bias: Scores
    held_out: Scores
    alphas: list[float]


@dataclass(frozen=True)
class _Part:
    weight: Scores
    bias: Scores
    alpha: float


def cross_fit(vectors: Vectors, scores: Scores, positive: NDArray[np.bool_], groups: Sequence[int]) -> CrossFitted:
    """Fit a probe to the scores [n, n_dimensions] of vectors [n, width], keeping groups together.

    Positives are spread evenly over the folds; ProbeError is raised if there are fewer than folds.
    """
    if (n_positive := int(positive.sum())) < N_FOLDS:
        raise ProbeError(f"{n_positive} positives are too few for a probe; label more, at least {N_FOLDS}.")
    held_out, parts = np.zeros_like(scores), []
    for seen, unseen in _folds(vectors, positive, groups):
        part = _fit(vectors[seen], scores[seen])
        held_out[unseen] += (vectors[unseen] @ part.weight.T + part.bias) / N_REPEATS
        parts.append(part)
    return CrossFitted(
        weight=np.mean([part.weight for part in parts], axis=0),
        bias=np.mean([part.bias for part in parts], axis=0),
        held_out=held_out,
        alphas=[part.alpha for part in parts],
    )


def _folds(vectors: Vectors, positive: NDArray[np.bool_], groups: Sequence[int]) -> Iterator[tuple[Places, Places]]:
    for seed in range(N_REPEATS):
        folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
        yield from folds.split(vectors, positive, groups)


def _fit(vectors: Vectors, scores: Scores) -> _Part:
    """Fit standardised vectors, and return the map for unscaled vectors."""
    scaler = StandardScaler().fit(vectors.astype(np.float64))
    ridge = RidgeCV(ALPHAS).fit(scaler.transform(vectors.astype(np.float64)), scores)
    weight = np.atleast_2d(ridge.coef_) / scaler.scale_
    return _Part(weight, np.atleast_1d(ridge.intercept_) - weight @ scaler.mean_, float(ridge.alpha_))
