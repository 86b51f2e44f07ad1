"""Training of a student with a shared encoder: only its head, with a record."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from distillery.toolkit import (
    FLOAT32,
    SCOPE_FILE,
    TOKENIZER_FILE,
    TORCH,
    EncoderSpec,
    HeadTailTokenizer,
    TorchBackend,
    batches_by_length,
    load_encoder,
    padded,
)

from ..vectors import Vectors, cached_vectors
from .examples import TrainingData
from .head import Embedded, FittedHead, fit_head
from .history import Validation
from .recipe import TrainingRecipe
from .record import circumstances
from .saving import ADAPTER_FOLDER, save_head
from .scope import fit_scope, save_scope

# The choices of a recipe that apply to a head.
_OF_A_HEAD = ("readings", "loss", "huber_beta", "average_weight", "least_scale", "ranking_weight", "snippet_characters")


def train_head(
    spec: EncoderSpec,
    data: TrainingData,
    recipe: TrainingRecipe,
    run: Path,
    subject: Mapping[str, Any],
    device: str = "cpu",
) -> dict[str, Any]:
    """Fit the head of the only task on a shared encoder, write it into a run's folder; return the record.

    The encoder reads the articles on the device; the head itself is fitted on the CPU.
    """
    started = time.perf_counter()
    train, val = (Embedded(encode(spec, part.texts, device), part.scores) for part in (data.train, data.val))
    head = fit_head(train, val, data.tasks[0], recipe)
    save_head(head.weight, head.bias, run / ADAPTER_FOLDER)
    languages = [article.language for article in data.train.articles]
    save_scope(fit_scope(train.vectors, val.vectors, languages), run / ADAPTER_FOLDER / SCOPE_FILE)
    return {**subject, **_record(spec, data, recipe, head), "seconds": time.perf_counter() - started}


def encode(spec: EncoderSpec, texts: Sequence[str], device: str = "cpu") -> Vectors:
    """Return an encoder's vectors [n_texts, width] in float32, from the user's cache if it has them."""
    facts = [spec.fingerprint, f"{TORCH}-{FLOAT32}"]
    return cached_vectors(facts, texts, lambda missing: _read(spec, missing, device))


def _read(spec: EncoderSpec, texts: Sequence[str], device: str) -> Vectors:
    base = spec.base_folder()
    backend = TorchBackend(load_encoder(base, spec.adapter_folder, spec.pooling), device)
    rows = HeadTailTokenizer(base / TOKENIZER_FILE, spec.preprocessing).encode(texts)
    vectors: list[Vectors | None] = [None] * len(rows)
    for batch in batches_by_length([len(row) for row in rows]):
        for index, vector in zip(batch, backend.run(*padded([rows[index] for index in batch])), strict=True):
            vectors[index] = vector
    return np.array(vectors)


def _record(spec: EncoderSpec, data: TrainingData, recipe: TrainingRecipe, head: FittedHead) -> dict[str, Any]:
    return {
        "encoder": spec.title,
        "encoder_fingerprint": spec.fingerprint,
        "data_sha256": data.sha256,
        "recipe": {name: asdict(recipe)[name] for name in _OF_A_HEAD},
        "ridge": head.strength,
        "selected_by": f"{Validation(data.tasks, data.train.scores, data.val.scores).criterion}; over the strengths of "
        "the ridge penalty",
        "validation": asdict(head.figures),
        **circumstances(),
    }
