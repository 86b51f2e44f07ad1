"""Embeddings of the frozen base: what transformers gives, made once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel

from distillery import FilterConfig
from distillery.toolkit import TOKENIZER_FILE, HeadTailTokenizer, PreprocessingConfig
from distillery_tools.vectors import FrozenBase

TEXTS = [
    "trees and flowers near the school",
    "measured",
    "neighbours together, counted and measured " * 9,
    "people of the street",
]


@pytest.fixture
def base(bert_base: Path, config: FilterConfig) -> FrozenBase:
    """The tiny base model, as the filter reads it."""
    settings = config.student()
    assert settings.base is not None
    return FrozenBase(bert_base, settings.base.sha256, settings.preprocessing or PreprocessingConfig())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the folder of the embeddings in it."""
    monkeypatch.setenv("DISTILLERY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "embeddings"


def test_they_are_the_mean_over_tokens(base: FrozenBase, cache: Path) -> None:
    """As transformers alone gives them, text by text, in order."""
    model = AutoModel.from_pretrained(base.folder).eval()
    rows = HeadTailTokenizer(base.folder / TOKENIZER_FILE, base.preprocessing).encode(TEXTS)
    with torch.inference_mode():
        expected = [model(torch.tensor([row])).last_hidden_state[0].mean(dim=0).numpy() for row in rows]

    found = base.embed(TEXTS)

    assert found.shape == (len(TEXTS), 32)
    assert np.abs(found - np.array(expected)).max() < 1e-5


def test_the_same_texts_are_embedded_once(base: FrozenBase, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any order, repeated or not; each text keeps its vector."""
    first = base.embed(TEXTS)
    monkeypatch.setattr(FrozenBase, "compute", None)

    again = base.embed([*reversed(TEXTS), TEXTS[0]])

    assert (again == np.array([*reversed(first), first[0]])).all()


def test_only_new_texts_are_embedded(base: FrozenBase, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters share most of their articles, but not the same sets of them."""
    base.embed(TEXTS)
    computed: list[str] = []
    compute = base.compute
    monkeypatch.setattr(FrozenBase, "compute", lambda _, texts: computed.extend(texts) or compute(texts))

    found = base.embed([*TEXTS[1:], "the river"])

    assert computed == ["the river"]
    assert np.abs(found - compute([*TEXTS[1:], "the river"])).max() < 1e-5


@pytest.mark.parametrize("what", ["base", "preprocessing"])
def test_whatever_changes_the_vectors_makes_new_ones(base: FrozenBase, cache: Path, what: str) -> None:
    """Other weights, another length."""
    base.embed(TEXTS)
    changed = {
        "base": replace(base, sha256={**base.sha256, "model.safetensors": "0" * 64}),
        "preprocessing": replace(base, preprocessing=PreprocessingConfig(head_tokens=4, tail_tokens=2)),
    }[what]

    changed.embed(TEXTS)

    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"not tensors at all"])
def test_a_damaged_file_is_made_again(base: FrozenBase, cache: Path, content: bytes) -> None:
    """It is only a cache."""
    expected = base.embed(TEXTS)
    (file,) = cache.rglob("*.safetensors")
    file.write_bytes(content)

    assert (base.embed(TEXTS) == expected).all()
    assert file.read_bytes() != content
    assert list(cache.rglob("*.safetensors")) == [file]


def test_computing_asks_no_cache(base: FrozenBase, cache: Path) -> None:
    """The vectors alone."""
    assert np.abs(base.compute(TEXTS) - base.embed(TEXTS)).max() < 1e-5
