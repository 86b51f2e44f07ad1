"""Embeddings of texts by a student's base model as it was before training, made once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distillery import FilterBaseScorer
from distillery.config import PreprocessingConfig
from distillery.students.base_models import TOKENIZER_FILE
from distillery.students.batching import batches_by_length, padded
from distillery.students.tokens import HeadTailTokenizer

from ..vectors import Vectors, cached_vectors

POOLING = "mean"


@dataclass(frozen=True)
class FrozenBase:
    """A base model that no label has touched, and how much of a text it reads."""

    folder: Path
    sha256: dict[str, str]
    preprocessing: PreprocessingConfig

    @classmethod
    def of(cls, scorer: FilterBaseScorer) -> FrozenBase:
        """Return the base of a scorer's student."""
        spec = scorer.student.encoder_spec
        return cls(spec.base_folder(), spec.base.sha256, spec.preprocessing)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a text [n_texts, hidden_size], from the user's cache if it has them."""
        facts = [self.sha256, self.preprocessing.model_dump(), POOLING]
        return cached_vectors(facts, texts, lambda missing: compute(self, missing))


def compute(base: FrozenBase, texts: Sequence[str]) -> Vectors:
    """Return the mean-pooled hidden states [n_texts, hidden_size] of the base."""
    import torch

    from distillery.students.network import EncoderNetwork, hidden_size_of, load_backbone

    network = EncoderNetwork(load_backbone(base.folder), POOLING).eval()
    rows = HeadTailTokenizer(base.folder / TOKENIZER_FILE, base.preprocessing).encode(texts)
    vectors = np.empty((len(rows), hidden_size_of(network.backbone)), dtype=np.float32)
    with torch.inference_mode():
        for batch in batches_by_length([len(row) for row in rows]):
            ids, mask = (torch.from_numpy(array) for array in padded([rows[index] for index in batch]))
            vectors[batch] = network(ids, mask).numpy()
    return vectors
