"""Tiny random base models, and the invented filter on one of them, untrained and trained."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from invented import FILLERS, NAME, OTHERS, SIGNALS, Data, Trained, make_data, train, write_filter

from distillery import FilterConfig
from distillery_tools.data.labelled import LabelledData

# Read when the libraries are imported: no test asks the Hub, and tiny matrices need no threads.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep converted networks of all tests away from the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["DISTILLERY_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def bert_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT whose tokens are whole words, as a folder of the Hub holds it."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("bert")
    size = _write_tokenizer(folder, before=("[CLS]",), after=("[SEP]",))
    torch.manual_seed(1)
    shape = BertConfig(
        vocab_size=size,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    return _save_model(BertModel(shape), folder)


@pytest.fixture(scope="session")
def gemma_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Gemma-3 text model with the same words."""
    import torch
    from transformers import Gemma3TextConfig, Gemma3TextModel

    folder = tmp_path_factory.mktemp("gemma")
    size = _write_tokenizer(folder, before=("[CLS]",), after=())
    torch.manual_seed(2)
    shape = Gemma3TextConfig(
        vocab_size=size,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=64,
        sliding_window=8,
        layer_types=["sliding_attention", "full_attention"],
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        attention_dropout=0.1,
        initializer_range=0.2,
    )
    return _save_model(Gemma3TextModel(shape), folder)


@pytest.fixture
def garden(bert_base: Path, tmp_path: Path) -> Path:
    """The folder of an untrained filter, free to be changed."""
    return write_filter(tmp_path / NAME, bert_base)


@pytest.fixture
def config(garden: Path) -> FilterConfig:
    """The config of the untrained filter."""
    return FilterConfig.load(garden)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty labelled articles, not to be changed."""
    return make_data(tmp_path_factory.mktemp("data"), 60).folder


@pytest.fixture
def labelled(data_folder: Path, config: FilterConfig) -> LabelledData:
    """The sixty labelled articles, read."""
    return LabelledData.load(data_folder / "articles.jsonl", data_folder / "labels" / f"{NAME}.jsonl", config)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Twenty labelled articles, free to be changed: change the lists, then ``write``."""
    return make_data(tmp_path / "data", 20)


@pytest.fixture(scope="session")
def trained(bert_base: Path, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The filter trained by ``distillery train``, not to be changed; `trained_copy` is."""
    home = tmp_path_factory.mktemp("trained")
    folder = write_filter(home / NAME, bert_base)
    before = (folder / "config.yaml").read_text(encoding="utf-8")
    done = train(folder, data_folder, home / "runs")
    assert done.exit_code == 0, done.output
    return Trained(folder, before, home / "runs", done.output)


@pytest.fixture
def trained_copy(trained: Trained, tmp_path: Path) -> Path:
    """A trained filter's folder, free to be changed."""
    return Path(shutil.copytree(trained.folder, tmp_path / "trained" / NAME))


def _write_tokenizer(folder: Path, before: Sequence[str], after: Sequence[str]) -> int:
    """Write a ``tokenizer.json``; return the size of its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    signals = [word for words in SIGNALS.values() for word in words]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", ",", ":", *signals, *FILLERS.split(), *OTHERS]
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=" ".join((*before, "$A", *after)),
        special_tokens=[(token, vocabulary[token]) for token in (*before, *after)],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return len(vocabulary)


def _save_model(model: Any, folder: Path) -> Path:
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    model.save_pretrained(folder)
    return folder
