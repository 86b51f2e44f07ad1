"""Vectors of texts, computed once and kept in the user's cache: filters share articles, and often their encoder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
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
# In a file of the cache: the vectors [n_texts, width], and in its metadata the sha256 of each text.
_VECTORS, _KEYS = "vectors", "texts"

Vectors = NDArray[np.float32]


def cached_vectors(facts: Any, texts: Sequence[str], compute: Callable[[Sequence[str]], Vectors]) -> Vectors:
    """Return one vector per text [n_texts, width], from the user's cache if it has them.

    ``facts`` is everything that the vectors depend on, for JSON. ``compute`` gets the texts that are not in the cache,
    each once: filters share most of their articles, but not the same sets of them.
    """
    folder = cache_folder() / VECTORS / _sha256(json.dumps(facts, sort_keys=True))
    keys = {text: _sha256(text) for text in texts}
    known = _known(folder)
    if missing := sorted(text for text, key in keys.items() if key not in known):
        vectors = compute(missing)
        _write(folder, [keys[text] for text in missing], vectors)
        known |= {keys[text]: vector for text, vector in zip(missing, vectors, strict=True)}
    return np.array([known[keys[text]] for text in texts])


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


def _known(folder: Path) -> dict[str, Vectors]:
    """Return all vectors [width] of a folder by the sha256 of their text; damaged files are left out."""
    from safetensors import SafetensorError, safe_open

    known: dict[str, Vectors] = {}
    for path in sorted(folder.glob("*.safetensors")):
        # What is damaged, or removed meanwhile, can be computed again.
        with suppress(OSError, SafetensorError, KeyError, ValueError), safe_open(path, framework="numpy") as file:
            keys = json.loads(file.metadata()[_KEYS])
            known |= dict(zip(keys, file.get_tensor(_VECTORS), strict=True))
            mark_used(path)
    return known


def _write(folder: Path, keys: Sequence[str], vectors: Vectors) -> None:
    """Add a file of vectors, under a name that says of which texts."""
    from safetensors.numpy import save_file

    path = folder / f"{_sha256(json.dumps(keys))}.safetensors"
    with writing(folder), replacing(path) as partial:
        save_file({_VECTORS: np.ascontiguousarray(vectors)}, partial, metadata={_KEYS: json.dumps(keys)})


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
