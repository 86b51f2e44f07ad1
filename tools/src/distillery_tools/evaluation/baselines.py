"""The two baselines a student must beat: the training median, and ridge on frozen embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from distillery.base_models import TOKENIZER_FILE
from distillery.batching import batches_by_length, padded
from distillery.config import PreprocessingConfig
from distillery.network import hidden_size_of, load_backbone, pool
from distillery.tokens import HeadTailTokenizer

from ..data.labelled import Split

# Strengths of the ridge penalty to choose from, by leave-one-out error on the training articles.
ALPHAS = np.logspace(0, 5, 21)

Values = NDArray[np.float64]


def predict_median(train: Split, test: Split) -> Values:
    """Predict each dimension's training median for every article [n_test, n_dimensions]."""
    return np.tile(np.median(train.scores, axis=0), (len(test.articles), 1))


def predict_ridge(train: Split, test: Split, base: Path, preprocessing: PreprocessingConfig) -> Values:
    """Predict with ridge regression on the base model's frozen, mean-pooled embeddings."""
    tokenizer = HeadTailTokenizer(base / TOKENIZER_FILE, preprocessing)
    model = make_pipeline(StandardScaler(), RidgeCV(ALPHAS, alpha_per_target=True))
    model.fit(embed(base, tokenizer, train.texts), train.scores)
    predicted: Values = model.predict(embed(base, tokenizer, test.texts))
    return predicted.reshape(test.scores.shape)  # sklearn drops the axis of a single dimension


def embed(base: Path, tokenizer: HeadTailTokenizer, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the mean-pooled hidden states [n_texts, hidden_size] of the untrained base."""
    backbone = load_backbone(base).eval()
    rows = tokenizer.encode(texts)
    vectors = np.empty((len(rows), hidden_size_of(backbone)), dtype=np.float32)
    with torch.inference_mode():
        for batch in batches_by_length([len(row) for row in rows]):
            ids, mask = (torch.from_numpy(array) for array in padded([rows[index] for index in batch]))
            vectors[batch] = pool(backbone(input_ids=ids, attention_mask=mask), mask, "mean").numpy()
    return vectors
