"""Vectors of texts, computed once and kept in the user's cache: filters share articles, and often their encoder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillery.toolkit import (
    TOKENIZER_FILE,
    VECTORS,
    EncoderSpec,
    HeadTailTokenizer,
    PreprocessingConfig,
    Student,
    batches_by_length,
    cache_folder,
    mark_used,
    padded,
    replacing,
    writing,
)

POOLING = "mean"

Vectors = NDArray[np.float32]


def cached_vectors(facts: Any, texts: Sequence[str], compute: Callable[[Sequence[str]], Vectors]) -> Vectors:
    """Return one vector per text [n_texts, width], from the user's cache if it has them.

    ``facts`` is everything that the vectors depend on, for JSON. The same set of texts, in any order, is computed
    once.
    """
    unique = sorted(set(texts))
    key = hashlib.sha256(json.dumps([facts, unique], sort_keys=True).encode()).hexdigest()
    path = cache_folder() / VECTORS / f"{key}.safetensors"
    vectors = _read(path)
    if vectors is None:
        vectors = compute(unique)
        _write(path, vectors)
    rows = {text: row for row, text in enumerate(unique)}
    return vectors[[rows[text] for text in texts]]


def encoder_vectors(student: Student, texts: Sequence[str]) -> Vectors:
    """Return the vectors [n_texts, width] of a student's shared encoder, from the user's cache if it has them."""
    return cached_vectors([student.encoder_spec.fingerprint, student.backend.name], texts, student.encode)


def raw_scores(student: Student, texts: Sequence[str]) -> Vectors:
    """Return what `Student.predict` returns [n_texts, n_dimensions]; a shared encoder encodes each text once."""
    return student.predict(texts) if student.head is None else student.apply_head(encoder_vectors(student, texts))


@dataclass(frozen=True)
class FrozenBase:
    """A base model before any training on labels, and how much of a text it reads."""

    folder: Path
    sha256: dict[str, str]
    preprocessing: PreprocessingConfig

    @classmethod
    def of(cls, spec: EncoderSpec) -> FrozenBase:
        """Return the base of an encoder."""
        return cls(spec.base_folder(), spec.base.sha256, spec.preprocessing)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one mean-pooled vector per text [n_texts, hidden_size], from the user's cache if it has them."""
        facts = [self.sha256, self.preprocessing.model_dump(), POOLING]
        return cached_vectors(facts, texts, self.compute)

    def compute(self, texts: Sequence[str]) -> Vectors:
        """Compute the mean-pooled vectors [n_texts, hidden_size]."""
        import torch

        from distillery.toolkit import EncoderNetwork, hidden_size_of, load_backbone

        network = EncoderNetwork(load_backbone(self.folder), POOLING).eval()
        rows = HeadTailTokenizer(self.folder / TOKENIZER_FILE, self.preprocessing).encode(texts)
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
    except (OSError, SafetensorError, KeyError):
        return None  # missing or damaged: both can be computed again
    mark_used(path)
    return vectors


def _write(path: Path, vectors: Vectors) -> None:
    from safetensors.numpy import save_file

    with writing(path.parent), replacing(path) as partial:
        save_file({"embeddings": vectors}, partial)
