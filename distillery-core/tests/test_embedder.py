"""StaticEmbedder: the mean of token vectors, as sentence-transformers gives it, from a mapped file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from distillery.config import BaseModelConfig, PreprocessingConfig
from distillery.errors import ProbeError, WeightsError
from distillery.stage1.embedder import EmbedderConfig, StaticEmbedder
from distillery.stage1.token_table import open_token_table
from distillery.students.base_models import sha256_of
from distillery.testing.tiny_models import WORDS

TEXTS = ["river school", "the old court and the new bank. " * 9, " ".join(WORDS), "zebra"]


def config_of(base: Path, head: int = 16, tail: int = 8) -> EmbedderConfig:
    sha256 = {path.name: sha256_of(path) for path in base.iterdir()}
    stated = BaseModelConfig(model="acme/tiny", path=base, sha256=sha256)
    return EmbedderConfig(base=stated, preprocessing=PreprocessingConfig(head_tokens=head, tail_tokens=tail))


@pytest.fixture
def embedder(bert_base: Path) -> StaticEmbedder:
    return StaticEmbedder.load(config_of(bert_base), bert_base)


def test_equals_sentence_transformers(embedder: StaticEmbedder, bert_base: Path) -> None:
    import torch
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    table = load_file(bert_base / "model.safetensors")["embeddings.word_embeddings.weight"]
    module = StaticEmbedding(embedder.tokenizer._tokenizer, embedding_weights=table)
    rows = embedder.tokenizer.encode(TEXTS)
    offsets = np.cumsum([0, *map(len, rows)])[:-1]

    expected = module({"input_ids": torch.tensor(np.concatenate(rows)), "offsets": torch.tensor(offsets)})

    np.testing.assert_allclose(embedder.embed(TEXTS), expected["sentence_embedding"].detach().numpy(), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("name", ["embeddings.word_embeddings.weight", "model.embed_tokens.weight"])
def test_table_is_mapped_as_the_file_holds_it(tmp_path: Path, dtype: type[np.floating[Any]], name: str) -> None:
    table = np.random.default_rng(0).standard_normal((9, 4)).astype(dtype)
    save_file(
        {"other.weight": np.ones((3, 3), dtype), name: table, "z": np.zeros(1, dtype)}, tmp_path / "a.safetensors"
    )

    mapped = open_token_table(tmp_path, ["config.json", "a.safetensors"])

    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, table)


@pytest.mark.parametrize(("name", "dtype"), [("encoder.weight", np.float32), ("embed_tokens.weight", np.int8)])
def test_base_without_a_usable_table_is_refused(tmp_path: Path, name: str, dtype: type) -> None:
    save_file({name: np.ones((3, 3), dtype)}, tmp_path / "model.safetensors")

    with pytest.raises(ProbeError, match=r"no table of token vectors|type I8 are not supported"):
        open_token_table(tmp_path, ["model.safetensors"])


def test_gemma_has_a_table_too(gemma_base: Path) -> None:
    vectors = StaticEmbedder.load(config_of(gemma_base), gemma_base).embed(TEXTS)

    assert vectors.shape == (len(TEXTS), 32)
    assert np.isfinite(vectors).all()


def test_company_and_order_change_no_bit(embedder: StaticEmbedder) -> None:
    together = embedder.embed(TEXTS)

    np.testing.assert_array_equal(embedder.embed(TEXTS[::-1])[::-1], together)
    np.testing.assert_array_equal(np.vstack([embedder.embed([text]) for text in TEXTS]), together)


def test_no_texts_give_no_vectors(embedder: StaticEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 32)


def test_one_copy_in_memory(embedder: StaticEmbedder, bert_base: Path) -> None:
    assert StaticEmbedder.load(config_of(bert_base), Path("elsewhere")) is embedder


def test_fingerprint_follows_base_and_window_not_place(bert_base: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(bert_base, tmp_path / "base")
    facts = config_of(bert_base)

    assert config_of(moved).fingerprint == facts.fingerprint
    assert config_of(bert_base, head=17).fingerprint != facts.fingerprint
    (moved / "config.json").write_text("{}")
    assert config_of(moved).fingerprint != facts.fingerprint


def test_changed_base_is_refused(bert_base: Path, tmp_path: Path) -> None:
    base = shutil.copytree(bert_base, tmp_path / "base")
    config = config_of(base, head=15)
    tensors = load_file(base / "model.safetensors")
    save_file(tensors | {"embeddings.word_embeddings.weight": np.zeros((2, 2), np.float32)}, base / "model.safetensors")

    with pytest.raises(WeightsError, match=r"model\.safetensors"):
        StaticEmbedder.load(config, tmp_path)


def test_tokens_beyond_the_table_are_named(embedder: StaticEmbedder) -> None:
    with pytest.raises(ProbeError, match="ids beyond its vocabulary"):
        embedder.embed_tokens([[10**6]])


def test_importing_it_is_cheap(run_python: Callable[..., str]) -> None:
    heavy = "('torch', 'transformers', 'openvino')"
    code = f"import sys, distillery.stage1.stage1; print([m for m in {heavy} if m in sys.modules])"

    assert json.loads(run_python(code).replace("'", '"')) == []
