"""Embeddings of texts by a student's base model as it was before training, made once and kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distillery import FilterBaseScorer
from distillery.base_models import TOKENIZER_FILE
from distillery.batching import batches_by_length, padded
from distillery.cache import cache_folder
from distillery.config import PreprocessingConfig
from distillery.tokens import HeadTailTokenizer

POOLING = "mean"

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class FrozenBase:
    """A base model that no label has touched, and how much of a text it reads."""

    folder: Path
    sha256: dict[str, str]
    preprocessing: PreprocessingConfig

    @classmethod
    def of(cls, scorer: FilterBaseScorer) -> FrozenBase:
        """Return the base of a scorer's student."""
        reading = scorer.student.reading
        return cls(reading.base_folder(), reading.base.sha256, reading.preprocessing)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a text [n_texts, hidden_size], from the user's cache if it has them.

        Filters share their articles, so the same set of texts, in whatever order, is embedded once.
        """
        unique = sorted(set(texts))
        path = cache_folder() / "embeddings" / f"{self._key(unique)}.safetensors"
        vectors = _read(path)
        if vectors is None:
            vectors = compute(self, unique)
            _write(path, vectors)
        rows = {text: row for row, text in enumerate(unique)}
        return vectors[[rows[text] for text in texts]]

    def _key(self, texts: list[str]) -> str:
        facts = [self.sha256, self.preprocessing.model_dump(), POOLING, texts]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def compute(base: FrozenBase, texts: Sequence[str]) -> Vectors:
    """Return the mean-pooled hidden states [n_texts, hidden_size] of the base."""
    import torch

    from distillery.network import EncoderNetwork, hidden_size_of, load_backbone

    network = EncoderNetwork(load_backbone(base.folder), POOLING).eval()
    rows = HeadTailTokenizer(base.folder / TOKENIZER_FILE, base.preprocessing).encode(texts)
    vectors = np.empty((len(rows), hidden_size_of(network.backbone)), dtype=np.float32)
    with torch.inference_mode():
        for batch in batches_by_length([len(row) for row in rows]):
            ids, mask = (torch.from_numpy(array) for array in padded([rows[index] for index in batch]))
            vectors[batch] = network(ids, mask).numpy()
    return vectors


def _read(path: Path) -> Vectors | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        vectors: Vectors = load_file(path)["embeddings"]
    except (FileNotFoundError, SafetensorError, KeyError):
        return None  # absent or damaged: either way it can be made again
    return vectors


def _write(path: Path, vectors: Vectors) -> None:
    """Write beside the final name first, so that a reader never meets half a file."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    save_file({"embeddings": vectors}, partial)
    partial.replace(path)
