"""The baselines a student must beat: the training median, and two regressions on frozen embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

# Candidate strengths of the ridge penalty; leave-one-out error on the training articles decides.
ALPHAS = np.logspace(0, 5, 21)
# Regularisation of the kernel regression: weight of errors against smoothness.
KERNEL_C = 3.0

Scores = NDArray[np.float64]
Vectors = NDArray[np.float32]


def predict_median(scores: Scores, n_articles: int) -> Scores:
    """Predict each dimension's training median for every article [n_articles, n_dimensions]."""
    return np.tile(np.median(scores, axis=0), (n_articles, 1))


def predict_ridge(vectors: Vectors, scores: Scores, unseen: Vectors) -> Scores:
    """Predict [n_unseen, n_dimensions] with ridge regression on standardised embeddings."""
    return _predict(RidgeCV(ALPHAS, alpha_per_target=True), vectors, scores, unseen)


def predict_kernel(vectors: Vectors, scores: Scores, unseen: Vectors) -> Scores:
    """Predict [n_unseen, n_dimensions] with a support vector regression per dimension, radial kernel."""
    return _predict(MultiOutputRegressor(SVR(C=KERNEL_C)), vectors, scores, unseen)


def _predict(regression: Any, vectors: Vectors, scores: Scores, unseen: Vectors) -> Scores:
    model = make_pipeline(StandardScaler(), regression).fit(vectors, scores)
    predicted: Scores = model.predict(unseen)
    return predicted.reshape(len(unseen), -1)  # sklearn drops the axis of a single dimension
