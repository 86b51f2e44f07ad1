"""Baselines: plain sklearn on plain embeddings, and the median."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel

from distillery import FilterConfig
from distillery.base_models import TOKENIZER_FILE
from distillery.config import PreprocessingConfig
from distillery.tokens import HeadTailTokenizer
from distillery_tools.data.labelled import LabelledData, Split
from distillery_tools.evaluation.baselines import ALPHAS, embed, predict_median, predict_ridge


@pytest.fixture
def preprocessing(config: FilterConfig) -> PreprocessingConfig:
    """What the filter reads of an article."""
    return config.student().preprocessing


@pytest.fixture
def tokenizer(bert_base: Path, preprocessing: PreprocessingConfig) -> HeadTailTokenizer:
    """The base model's tokenizer."""
    return HeadTailTokenizer(bert_base / TOKENIZER_FILE, preprocessing)


def one_dimension(split: Split) -> Split:
    """Return the first column alone."""
    return Split(split.articles, split.scores[:, :1])


@pytest.mark.parametrize("single", [False, True])
def test_the_median_is_that_of_the_training_articles(labelled: LabelledData, single: bool) -> None:
    """The same for every article, each dimension its own."""
    train, test = labelled.splits["train"], labelled.splits["test"]
    if single:
        train, test = one_dimension(train), one_dimension(test)

    predicted = predict_median(train, test)

    assert predicted.shape == test.scores.shape
    assert predicted.tolist() == [[float(np.median(column)) for column in train.scores.T]] * len(test.articles)


def test_embeddings_are_the_base_models_mean_over_tokens(
    bert_base: Path, tokenizer: HeadTailTokenizer, labelled: LabelledData
) -> None:
    """As transformers alone gives them, article by article, in order."""
    texts = labelled.splits["test"].texts
    model = AutoModel.from_pretrained(bert_base).eval()
    with torch.inference_mode():
        rows = tokenizer.encode(texts)
        wanted = [model(torch.tensor([row])).last_hidden_state[0].mean(dim=0).numpy() for row in rows]

    found = embed(bert_base, tokenizer, texts)

    assert found.shape == (len(texts), 32)
    assert np.abs(found - np.array(wanted)).max() < 1e-5


@pytest.mark.parametrize("single", [False, True])
def test_ridge_is_sklearns(
    bert_base: Path,
    tokenizer: HeadTailTokenizer,
    preprocessing: PreprocessingConfig,
    labelled: LabelledData,
    single: bool,
) -> None:
    """Each dimension alone, on scaled embeddings, its penalty chosen on the training articles."""
    train, test = labelled.splits["train"], labelled.splits["test"]
    if single:
        train, test = one_dimension(train), one_dimension(test)
    fitted, unseen = (embed(bert_base, tokenizer, split.texts) for split in (train, test))
    columns = [
        make_pipeline(StandardScaler(), RidgeCV(ALPHAS)).fit(fitted, column).predict(unseen)
        for column in train.scores.T
    ]

    found = predict_ridge(train, test, bert_base, preprocessing)

    assert found.shape == test.scores.shape
    assert np.abs(found - np.column_stack(columns)).max() < 1e-3


def test_ridge_learns_what_can_be_learned(
    bert_base: Path, preprocessing: PreprocessingConfig, labelled: LabelledData
) -> None:
    """The scores are counts of words, which embeddings of words hold."""
    train, test = labelled.splits["train"], labelled.splits["test"]
    ridge, median = predict_ridge(train, test, bert_base, preprocessing), predict_median(train, test)
    assert np.abs(ridge - test.scores).mean() < 0.8 * np.abs(median - test.scores).mean()
